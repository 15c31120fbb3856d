/**
 * `deno task setup`: installs what is missing and says what it does. When nothing is missing it takes a moment. It imports
 * nothing from npm, because it installs the npm packages.
 *
 * Options: `--test` adds what the tests compare with, and Spark where there is a Java for it; `--bench` adds the peers of
 * the benchmarks, `--spark` Apache Spark.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { javaProblem } from "../spark/java.ts";
import { ROOT, venvProgram } from "./project.ts";

const TENSORFLOW_WHEEL = { name: "tensorflow-cpu", version: "2.15.1", python: "3.11" };
const TFJS_NODE = "4.22.0";
const PYSPARK = "4.1.4";

/** A step failed, and the message tells the user what to do. */
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
  else if (options.has("--test") && !javaProblem()) {
    orTell(ensureSpark, (message) => say(`the tests on Spark will be skipped: ${message}`));
  }
  ensureKernelspec(venv);
  ensureNpmPackages();
  ensureWebApp();
  const tensorflow = ensureTensorFlow(venv);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`ready in ${seconds} s (${tensorflow})`);
}

/** Installs PySpark, which contains Spark, in an environment of its own. Each user unpacks it once. */
function ensureSpark(): void {
  const problem = javaProblem();
  if (problem) throw new SetupError(problem);
  const venv = join(ROOT, ".venv-spark");
  ensureVenv(venv);
  ensurePackages(venv, join(ROOT, "lib/spark/requirements.txt"), "what PySpark needs");
  const unpacked = join(cacheFolder(), `pyspark-${PYSPARK}`);
  // The archive on PyPI has all files: to unpack it is enough, and faster than to let pip build a package from it.
  if (!existsSync(join(unpacked, "pyspark"))) {
    makeFolder(unpacked, (folder) => {
      const archive = download(venv, folder, `PySpark ${PYSPARK} (456 MB, once; kept in ${cacheFolder()})`, [
        `pyspark==${PYSPARK}`,
      ]);
      mustRun(venvProgram("python", venv), ["-c", UNPACK_SPARK, archive, folder], "PySpark could not be unpacked");
      rmSync(archive);
    });
  }
  const lib = join(venv, "lib");
  const python = readdirSync(lib).find((name) => name.startsWith("python"))!;
  once(join(lib, python, "site-packages/segue-pyspark.pth"), unpacked + "\n", () => {});
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

function ensureVenv(venv: string): void {
  if (existsSync(venvProgram("python", venv))) return;
  const python = findPython();
  say(`making a Python environment in ${relative(venv)}`);
  try {
    mustRun(python, ["-m", "venv", venv], `${python} -m venv failed (on Debian and Ubuntu: apt install python3-venv)`);
  } catch (error) {
    rmSync(venv, { recursive: true, force: true });
    throw error;
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

/** Installs a requirements file. The name of an empty file in the environment tells by its hash that it is installed. */
function ensurePackages(venv: string, requirements: string, what: string): void {
  once(join(venv, `.installed-${hashOf([requirements])}`), "", () => {
    say(`installing ${what} (${relative(requirements)})`);
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
    mustRun(venvProgram("python", venv), args, `pip could not install ${relative(requirements)}`);
  });
}

/** Writes our own kernelspec: Deno's own has no interrupt mode, and may name a Deno that is removed later. */
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
  once(path, kernelspec, () => say("writing the Deno kernelspec"));
}

function ensureNpmPackages(): void {
  once(
    join(ROOT, "node_modules/.segue-installed"),
    hashOf(["deno.lock", "deno.json"].map((name) => join(ROOT, name))),
    () => {
      say("installing the npm packages of deno.lock");
      mustRun(process.execPath, ["install", "--quiet", "--frozen"], "deno install failed");
    },
  );
}

/** Bundles the web app, when its sources have changed. */
function ensureWebApp(): void {
  const sources = join(ROOT, "lib/service/web");
  const target = join(ROOT, "node_modules/.segue-web");
  once(join(target, "sources"), hashOf(readdirSync(sources).sort().map((name) => join(sources, name))), () => {
    say("bundling the web app");
    const entry = join(sources, "main.tsx");
    const args = ["bundle", "--quiet", "--platform", "browser", "--minify", "-o", join(target, "app.js"), entry];
    mustRun(process.execPath, args, "deno bundle failed");
  });
}

/**
 * Installs the native library of tfjs-node: downloaded as the package does it, or else built from TensorFlow's Python
 * package. When both fail, TensorFlow runs in JavaScript. Gives a phrase for the last line of the set-up.
 */
function ensureTensorFlow(venv: string): string {
  const folder = realpathSync(join(ROOT, "node_modules/@tensorflow/tfjs-node"));
  const binding = join(folder, "lib/napi-v8/tfjs_binding.node");
  const marker = join(folder, ".segue-tensorflow");
  const known = existsSync(marker) ? readFileSync(marker, "utf8") : "";
  if (known && existsSync(binding)) return known;
  const problems: string[] = [];
  const ways: [string, () => void][] = [
    ["the package's own download", downloadTensorFlow],
    ["the TensorFlow wheel", () => buildFromWheel(venv, folder)],
  ];
  for (const [way, attempt] of ways) {
    const phrase = `native TensorFlow by ${way}`;
    const works = orTell(() => {
      attempt();
      probeTensorFlow();
      writeFileSync(marker, phrase);
    }, (message) => problems.push(`${way}: ${message}`));
    if (works) return phrase;
  }
  const line = "#".repeat(78);
  const warning = "WARNING: no native TensorFlow. Training will run in JavaScript, 10 to 100 times slower.";
  console.error(`\n${line}\n${[warning, ...problems.map((problem) => `- ${problem}`)].join("\n")}\n${line}\n`);
  return "JavaScript CPU backend, slow";
}

/** Does something and tells whether it went well; a {@linkcode SetupError} is passed on as its message. */
function orTell(work: () => void, tell: (message: string) => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    tell(error.message);
    return false;
  }
}

/** Runs the package's install script. */
function downloadTensorFlow(): void {
  const host = "https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz";
  const probe = `const r = await fetch(${JSON.stringify(host)}, { method: "HEAD", signal: AbortSignal.timeout(5000) });
    Deno.exit(r.ok ? 0 : 1);`;
  if (!run(process.execPath, ["eval", "--no-config", probe]).ok) throw new SetupError("its host does not answer");
  say("downloading tfjs-node's native library");
  const args = ["install", "--quiet", "--allow-scripts=npm:@tensorflow/tfjs-node"];
  mustRun(process.execPath, args, "deno install failed");
}

/** Takes the library out of TensorFlow's Python package and compiles tfjs-node for it. Each user does it once. */
function buildFromWheel(venv: string, folder: string): void {
  if (process.platform !== "linux" || process.arch !== "x64") throw new SetupError("only tried on Linux x86-64");
  const cached = join(cacheFolder(), `tfjs-node-${TFJS_NODE}-tensorflow-${TENSORFLOW_WHEEL.version}`);
  if (!existsSync(join(cached, "lib/napi-v8/tfjs_binding.node"))) {
    makeFolder(cached, (building) => buildInto(venv, folder, building));
  }
  for (const part of ["lib", "deps"]) {
    rmSync(join(folder, part), { recursive: true, force: true });
    symlinkSync(join(cached, part), join(folder, part));
  }
}

function buildInto(venv: string, folder: string, building: string): void {
  if (!run("g++", ["--version"]).ok) throw new SetupError("g++ is missing (on Debian and Ubuntu: apt install g++)");
  const { name, version, python } = TENSORFLOW_WHEEL;
  const wheel = download(venv, building, `${name} ${version} (207 MB, once; kept built in ${cacheFolder()})`, [
    ...["--python-version", python, "--platform", "manylinux2014_x86_64", "--only-binary=:all:"],
    `${name}==${version}`,
  ]);
  say("taking TensorFlow's library out of the wheel and compiling tfjs-node's binding");
  mustRun(venvProgram("python", venv), ["-c", UNPACK, wheel, join(building, "deps")], "unpacking failed");
  rmSync(wheel);
  const output = join(building, "lib/napi-v8/tfjs_binding.node");
  mkdirSync(dirname(output), { recursive: true });
  const headers = [join(ROOT, "node_modules/node-api-headers/include"), join(building, "deps/include"), folder];
  mustRun("g++", [
    ...["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
    ...headers.map((path) => `-I${path}`),
    ...[join(folder, "binding/tfjs_backend.cc"), join(folder, "binding/tfjs_binding.cc"), "-o", output],
    ...[`-L${join(building, "deps/lib")}`, "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"],
    "-Wl,-rpath,$ORIGIN/../../deps/lib",
  ], "g++ failed");
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

/** Tries the library in another process: it multiplies two numbers. */
function probeTensorFlow(): void {
  const code = `import { loadTensorFlow } from "./lib/math/tensor.ts";
    const { tf, backend } = await loadTensorFlow();
    const four = tf.matMul(tf.tensor2d([[2]]), tf.tensor2d([[2]])).dataSync()[0];
    if (backend.name !== "tensorflow" || four !== 4) { console.error(backend.reason); Deno.exit(1); }
    Deno.exit(0);`;
  mustRun(process.execPath, ["eval", code], "the library does not load");
}

function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ??
    (process.platform === "darwin" ? join(homedir(), "Library/Caches") : join(homedir(), ".cache"));
  return join(base, "segue");
}

function hashOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function run(program: string, args: string[]): { ok: boolean; output: string } {
  const result = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  return { ok: result.status === 0, output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}` };
}

/** Runs a program; when it fails, SetupError tells its last line. */
function mustRun(program: string, args: string[], failed: string): void {
  const { ok, output } = run(program, args);
  if (ok) return;
  const last = output.trim().split("\n").filter((line) => line.trim()).at(-1) ?? "no message";
  throw new SetupError(`${failed}: ${last}`);
}

/** Downloads a package from PyPI without installing it; gives the file. */
function download(venv: string, folder: string, what: string, args: string[]): string {
  say(`downloading ${what}`);
  const pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", folder];
  mustRun(venvProgram("python", venv), [...pip, ...args], "pip download failed");
  return join(folder, readdirSync(folder).find((file) => /\.(whl|tar\.gz)$/.test(file))!);
}

/** Does something unless the stamp, a file, already has the content that stands for it. */
function once(stamp: string, content: string, make: () => void): void {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === content) return;
  mkdirSync(dirname(stamp), { recursive: true });
  make();
  writeFileSync(stamp, content);
}

/** Makes a folder completely or not at all. */
function makeFolder(folder: string, make: (partial: string) => void): void {
  const partial = `${folder}.${process.pid}.part`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    make(partial);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function relative(path: string): string {
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

function say(message: string): void {
  console.error(`setup: ${message}`);
}

if (!orTell(() => main(new Set(process.argv.slice(2))), say)) process.exitCode = 2;
