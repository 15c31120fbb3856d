/**
 * `deno task setup`: brings in whatever is missing and says what it is doing. Safe to run again; quick when nothing is
 * missing. Imports nothing from npm, since it is what installs npm packages.
 *
 * Options: `--test` adds what the tests compare with, `--bench` the peers of the benchmarks, `--spark` Apache Spark,
 * which the tests use as well where there is a Java for it.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { javaProblem } from "../distributed/java.ts";
import { ROOT, venvProgram } from "./project.ts";

const TENSORFLOW_WHEEL = { name: "tensorflow-cpu", version: "2.15.1", python: "3.11" };
const TFJS_NODE = "4.22.0";
const PYSPARK = "4.1.4";

/** A step that failed in a way the user can mend. */
class SetupError extends Error {}

function main(options: Set<string>): void {
  const start = performance.now();
  const venv = join(ROOT, ".venv");
  ensureVenv(venv);
  ensurePackages(venv, join(ROOT, "lib/jupyter/requirements.txt"), "JupyterLab, nbclient, nbconvert and Deno");
  if (options.has("--test")) {
    ensurePackages(venv, join(ROOT, "test/requirements.txt"), "NumPy, SciPy, pandas and scikit-learn for the tests");
  }
  if (options.has("--bench")) {
    const bench = join(ROOT, ".venv-bench");
    ensureVenv(bench);
    ensurePackages(bench, join(ROOT, "test/bench/requirements.txt"), "the peers of the benchmarks");
  }
  if (options.has("--spark")) ensureSpark();
  else if (options.has("--test") && !javaProblem()) trySpark();
  ensureKernelspec(venv);
  ensureNpmPackages();
  ensureWebApp();
  const tensorflow = ensureTensorFlow(venv);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`ready in ${seconds} s (${tensorflow})`);
}

/** PySpark, with Spark in it, in an environment of its own; unpacked once a user. */
function ensureSpark(): void {
  const problem = javaProblem();
  if (problem) throw new SetupError(problem);
  const venv = join(ROOT, ".venv-spark");
  ensureVenv(venv);
  ensurePackages(venv, join(ROOT, "lib/distributed/requirements.txt"), "what PySpark needs");
  const unpacked = join(cacheFolder(), `pyspark-${PYSPARK}`);
  if (!existsSync(join(unpacked, "pyspark"))) unpackSpark(venv, unpacked);
  const link = join(sitePackages(venv), "segue-pyspark.pth");
  if (!existsSync(link) || readFileSync(link, "utf8") !== unpacked + "\n") writeFileSync(link, unpacked + "\n");
}

/** For the tests, which say that they are skipped where Spark is not to be had. */
function trySpark(): void {
  try {
    ensureSpark();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`the tests on Spark will be skipped: ${error.message}`);
  }
}

/** PyPI has PySpark as a source archive that holds everything: unpacking it is enough, and quicker than building a wheel. */
function unpackSpark(venv: string, folder: string): void {
  const partial = `${folder}.${process.pid}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    say(`downloading PySpark ${PYSPARK} (456 MB, once; kept in ${cacheFolder()})`);
    const python = venvProgram("python", venv);
    const downloaded = run(python, [
      ...["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"],
      ...["--dest", partial, `pyspark==${PYSPARK}`],
    ]);
    if (!downloaded.ok) throw new SetupError(`pip could not download PySpark: ${lastLine(downloaded.output)}`);
    const archive = join(partial, readdirSync(partial).find((file) => file.endsWith(".tar.gz"))!);
    const taken = run(python, ["-c", UNPACK_SPARK, archive, partial]);
    if (!taken.ok) throw new SetupError(`PySpark could not be unpacked: ${lastLine(taken.output)}`);
    rmSync(archive);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

const UNPACK_SPARK = `
import sys, tarfile
archive, target = sys.argv[1:]
places = {"pyspark/": "pyspark/", "deps/jars/": "pyspark/jars/", "deps/bin/": "pyspark/bin/",
          "deps/licenses/": "pyspark/licenses/", "LICENSE": "pyspark/LICENSE", "NOTICE": "pyspark/NOTICE"}
with tarfile.open(archive) as tar:
    for member in tar:
        name = member.name.partition("/")[2]
        place = next((p for p in places if name.startswith(p)), None)
        if place and member.isfile():
            member.name = places[place] + name.removeprefix(place)
            tar.extract(member, target, filter="data")
`;

function sitePackages(venv: string): string {
  const lib = join(venv, "lib");
  return join(lib, readdirSync(lib).find((name) => name.startsWith("python"))!, "site-packages");
}

function ensureVenv(venv: string): void {
  if (existsSync(venvProgram("python", venv))) return;
  const python = findPython();
  say(`making a Python environment in ${relative(venv)}`);
  const made = run(python, ["-m", "venv", venv]);
  if (!made.ok) {
    rmSync(venv, { recursive: true, force: true });
    const hint = "on Debian and Ubuntu: apt install python3-venv";
    throw new SetupError(`${python} -m venv failed (${hint}): ${lastLine(made.output)}`);
  }
}

function findPython(): string {
  const candidates = process.env.PYTHON ? [process.env.PYTHON] : ["python3", "python"];
  for (const name of candidates) {
    const found = run(name, ["-c", "import sys; print(*sys.version_info[:2])"]);
    const [major, minor] = found.output.trim().split(" ").map(Number);
    if (found.ok && major === 3 && minor >= 10) return name;
  }
  throw new SetupError(
    `Expected Python 3.10 or later but found none as ${candidates.join(" or ")}; install it or set PYTHON to its path`,
  );
}

/** Installs a requirements file once: the stamp holds the hash of the file that was installed. */
function ensurePackages(venv: string, requirements: string, what: string): void {
  const stamp = join(venv, `.installed-${createHash("sha256").update(readFileSync(requirements)).digest("hex")}`);
  if (existsSync(stamp)) return;
  say(`installing ${what} (${relative(requirements)})`);
  const python = venvProgram("python", venv);
  const installed = run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  if (!installed.ok) {
    throw new SetupError(`pip could not install ${relative(requirements)}: ${lastLine(installed.output)}`);
  }
  writeFileSync(stamp, "");
}

/** Our own kernelspec: the stock one sets no interrupt mode and may name a Deno that goes away. */
function ensureKernelspec(venv: string): void {
  const path = join(venv, "share/jupyter/kernels/deno/kernel.json");
  const kernelspec = JSON.stringify(
    {
      argv: [venvProgram("deno", venv), "jupyter", "--quiet", "--kernel", "--conn", "{connection_file}"],
      display_name: "Deno",
      language: "typescript",
      interrupt_mode: "message",
      env: { NO_COLOR: "1", TF_CPP_MIN_LOG_LEVEL: "2" },
    },
    null,
    2,
  ) + "\n";
  if (existsSync(path) && readFileSync(path, "utf8") === kernelspec) return;
  say("writing the Deno kernelspec");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, kernelspec);
}

function ensureNpmPackages(): void {
  const lock = createHash("sha256").update(readFileSync(join(ROOT, "deno.lock"))).update(
    readFileSync(join(ROOT, "deno.json")),
  ).digest("hex");
  const stamp = join(ROOT, "node_modules/.segue-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing the npm packages of deno.lock");
  const installed = run(process.execPath, ["install", "--quiet", "--frozen"]);
  if (!installed.ok) throw new SetupError(`deno install failed: ${lastLine(installed.output)}`);
  writeFileSync(stamp, lock);
}

/** Bundles the web app, when its sources have changed. */
function ensureWebApp(): void {
  const sources = join(ROOT, "lib/service/web");
  const hash = createHash("sha256");
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)));
  const digest = hash.digest("hex");
  const target = join(ROOT, "node_modules/.segue-web");
  const stamp = join(target, "sources");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  say("bundling the web app");
  mkdirSync(target, { recursive: true });
  const entry = join(sources, "main.tsx");
  const bundled = run(process.execPath, [
    ...["bundle", "--quiet", "--platform", "browser", "--minify", "-o", join(target, "app.js"), entry],
  ]);
  if (!bundled.ok) throw new SetupError(`deno bundle failed: ${lastLine(bundled.output)}`);
  writeFileSync(stamp, digest);
}

/**
 * tfjs-node's native library: by the package's own download where its host answers, else built from TensorFlow's
 * Python wheel, else not at all. Returns a phrase for the last line of the set-up.
 */
function ensureTensorFlow(venv: string): string {
  const folder = findTfjsNode();
  const binding = join(folder, "lib/napi-v8/tfjs_binding.node");
  const marker = join(folder, ".segue-tensorflow");
  const known = existsSync(marker) ? readFileSync(marker, "utf8") : "";
  if (known && existsSync(binding)) return known;
  const problems: string[] = [];
  const ways: [string, () => string | undefined][] = [
    ["the package's own download", () => downloadTensorFlow()],
    ["the TensorFlow wheel", () => buildFromWheel(venv, folder)],
  ];
  for (const [way, attempt] of ways) {
    const problem = attempt() ?? probeTensorFlow();
    if (problem === undefined) {
      const phrase = `native TensorFlow by ${way}`;
      writeFileSync(marker, phrase);
      return phrase;
    }
    problems.push(`${way}: ${problem}`);
  }
  warnLoudly(problems);
  return "JavaScript CPU backend, slow";
}

function findTfjsNode(): string {
  const store = join(ROOT, "node_modules/.deno");
  const entry = readdirSync(store).find((name) => name.startsWith(`@tensorflow+tfjs-node@${TFJS_NODE}`));
  if (!entry) {
    throw new SetupError(`${relative(store)} has no tfjs-node ${TFJS_NODE}; delete node_modules and try again`);
  }
  return join(store, entry, "node_modules/@tensorflow/tfjs-node");
}

/** Runs the package's install script. Returns why it did not work, or undefined. */
function downloadTensorFlow(): string | undefined {
  const host = "https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz";
  const probe = `const r = await fetch(${JSON.stringify(host)}, { method: "HEAD", signal: AbortSignal.timeout(5000) });
    Deno.exit(r.ok ? 0 : 1);`;
  if (!run(process.execPath, ["eval", "--no-config", probe]).ok) return "its host does not answer";
  say("downloading tfjs-node's native library");
  const installed = run(process.execPath, ["install", "--quiet", "--allow-scripts=npm:@tensorflow/tfjs-node"]);
  return installed.ok ? undefined : lastLine(installed.output);
}

/** Takes the library out of TensorFlow's Python wheel and compiles the binding against it, once per user. */
function buildFromWheel(venv: string, folder: string): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "only tried on Linux x86-64";
  const cached = join(cacheFolder(), `tfjs-node-${TFJS_NODE}-tensorflow-${TENSORFLOW_WHEEL.version}`);
  if (!existsSync(join(cached, "lib/napi-v8/tfjs_binding.node"))) {
    const building = `${cached}.${process.pid}.part`;
    rmSync(building, { recursive: true, force: true });
    const problem = buildInto(venv, folder, building);
    if (problem !== undefined) {
      rmSync(building, { recursive: true, force: true });
      return problem;
    }
    rmSync(cached, { recursive: true, force: true });
    renameSync(building, cached);
  }
  for (const part of ["lib", "deps"]) {
    rmSync(join(folder, part), { recursive: true, force: true });
    symlinkSync(join(cached, part), join(folder, part));
  }
  return undefined;
}

function buildInto(venv: string, folder: string, building: string): string | undefined {
  if (!run("g++", ["--version"]).ok) return "g++ is missing (on Debian and Ubuntu: apt install g++)";
  const { name, version, python } = TENSORFLOW_WHEEL;
  mkdirSync(building, { recursive: true });
  say(`downloading ${name} ${version} (207 MB, once; kept built in ${cacheFolder()})`);
  const pip = venvProgram("python", venv);
  const downloaded = run(pip, [
    ...["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--python-version", python],
    ...["--platform", "manylinux2014_x86_64", "--only-binary=:all:", "--dest", building, `${name}==${version}`],
  ]);
  if (!downloaded.ok) return `pip download failed: ${lastLine(downloaded.output)}`;
  const wheel = join(building, readdirSync(building).find((file) => file.endsWith(".whl"))!);
  say("taking TensorFlow's library out of the wheel and compiling tfjs-node's binding");
  const unpacked = run(pip, ["-c", UNPACK, wheel, join(building, "deps")]);
  if (!unpacked.ok) return `unpacking failed: ${lastLine(unpacked.output)}`;
  rmSync(wheel);
  const output = join(building, "lib/napi-v8/tfjs_binding.node");
  mkdirSync(dirname(output), { recursive: true });
  const compiled = run("g++", [
    ...["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
    ...[
      `-I${join(ROOT, "node_modules/node-api-headers/include")}`,
      `-I${join(building, "deps/include")}`,
      `-I${folder}`,
    ],
    ...[join(folder, "binding/tfjs_backend.cc"), join(folder, "binding/tfjs_binding.cc"), "-o", output],
    ...[`-L${join(building, "deps/lib")}`, "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"],
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
  ]);
  return compiled.ok ? undefined : `g++ failed: ${lastLine(compiled.output)}`;
}

const UNPACK = `
import shutil, sys, zipfile, os
wheel, deps = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    for name in z.namelist():
        if name in ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"):
            target = os.path.join(deps, "lib", os.path.basename(name))
        elif name.startswith("tensorflow/include/tensorflow/") and name.endswith(".h") or name.startswith("tensorflow/include/tsl/") and name.endswith(".h"):
            target = os.path.join(deps, "include", name.removeprefix("tensorflow/include/"))
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with z.open(name) as source, open(target, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 24)
`;

/** Loads the library in a process of its own and multiplies. Returns what went wrong, or undefined. */
function probeTensorFlow(): string | undefined {
  const code = `import { loadTensorFlow } from "./lib/tensor.ts";
    const { tf, backend } = await loadTensorFlow();
    const four = tf.matMul(tf.tensor2d([[2]]), tf.tensor2d([[2]])).dataSync()[0];
    if (backend.name !== "tensorflow" || four !== 4) { console.error(backend.reason); Deno.exit(1); }
    Deno.exit(0);`;
  const probe = run(process.execPath, ["eval", code]);
  return probe.ok ? undefined : `the library does not load: ${lastLine(probe.output)}`;
}

function warnLoudly(problems: string[]): void {
  const line = "#".repeat(78);
  console.error(
    `\n${line}\n#  WARNING: no native TensorFlow. Training will run in JavaScript, 10 to 100 times slower.`,
  );
  for (const problem of problems) console.error(`#  - ${problem}`);
  console.error(`${line}\n`);
}

function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ??
    (process.platform === "darwin" ? join(homedir(), "Library/Caches") : join(homedir(), ".cache"));
  return join(base, "segue");
}

function run(program: string, args: string[]): { ok: boolean; output: string } {
  const result = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  return { ok: result.status === 0, output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}` };
}

function lastLine(text: string): string {
  return text.trim().split("\n").filter((line) => line.trim()).at(-1) ?? "no message";
}

function relative(path: string): string {
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

function say(message: string): void {
  console.error(`setup: ${message}`);
}

try {
  main(new Set(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 2;
}
