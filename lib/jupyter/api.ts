/**
 * The API reference: `deno doc --html` over what `lib/mod.ts` exports, one module a folder of the library.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const LIB = fileURLToPath(new URL("..", import.meta.url));

/** What the folders of the library hold, in the order in which they build on each other. */
const FOLDERS: Readonly<Record<string, string>> = {
  core: "Errors, random numbers, matrices, progress, TensorFlow, and the pipeline over one data folder.",
  storage: "Files that other tools open: NPY, NPZ, Parquet; atomic writes; which stage is up to date.",
  catalog: "One schema for tracks, readers of the public catalogues, cleaning, the synthetic world, search by title.",
  features: "From tracks to numbers: z-scores, the circle of fifths, indicators, and the way back.",
  embedding: "PCA, the autoencoder, k-means, UMAP, and what each of them keeps.",
  graph: "The k-nearest-neighbour graph: building it, its recall, hubs, components, smooth paths.",
  shuffle: "The shuffle itself: the listener's state, the terms of the score, rules, sessions, reasons, playlists.",
  choice: "Learning weights from choices: conditional and mixed logit, simulated listeners, recovery.",
  sequence: "Playlists as sequences: the Million Playlist Dataset, SASRec, simpler models, the hybrid.",
  evaluation: "Is it better: metrics with intervals, the comparison, ablations, experiments.",
  plots: "One function a figure, each a Vega-Lite specification in one theme; showing and saving.",
  distributed: "The same steps on Apache Spark.",
  service: "Search, sessions and the web app over HTTP.",
};

/**
 * Writes the API reference. It is some two thousand pages that `deno doc` makes in seconds, so git ignores them.
 *
 * @param output The folder; what stands in it is replaced.
 * @throws {Error} When `deno doc` fails.
 */
export async function writeApi(output: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-api-"));
  try {
    const modules = modulesOf(readFileSync(join(LIB, "mod.ts"), "utf8"));
    const names = Object.keys(FOLDERS).filter((name) => modules.has(name));
    for (const name of names) {
      const from = name === "core" ? "" : ` (\`lib/${name}\`)`;
      const header = `/**\n * ${FOLDERS[name]}${from}\n *\n * @module ${name}\n */\n`;
      writeFileSync(join(folder, `${name}.ts`), header + modules.get(name)!.join("\n") + "\n");
    }
    const list = names.map((name) => ` * - [${name}](./${name}/index.html): ${FOLDERS[name]}`).join("\n");
    writeFileSync(
      join(folder, "mod.ts"),
      `/**\n * Everything that the notebooks import, by folder. All of it comes from one place:\n * \`import { … } from ` +
        `"../lib/mod.ts"\`.\n *\n${list}\n *\n * @module\n */\nexport {};\n`,
    );
    const { imports, compilerOptions } = JSON.parse(readFileSync(join(LIB, "../deno.json"), "utf8"));
    const exports = { ".": "./mod.ts", ...Object.fromEntries(names.map((name) => [`./${name}`, `./${name}.ts`])) };
    writeFileSync(
      join(folder, "deno.json"),
      JSON.stringify({ name: "@segue/segue", version: "0.0.0", exports, imports, compilerOptions }),
    );
    const pages = join(folder, "pages");
    await promisify(execFile)(process.execPath, [
      ...["doc", "--html", "--name=Segue", `--output=${pages}`],
      ...["mod", ...names].map((name) => `${name}.ts`),
    ], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
    // The usage lines would import from modules that exist only here.
    appendFileSync(join(pages, "styles.css"), "\n:has(> .usageContent) { display: none; }\n");
    rmSync(output, { recursive: true, force: true });
    cpSync(pages, output, { recursive: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The export statements of the public module by folder, pointing to their files absolutely. */
function modulesOf(text: string): Map<string, string[]> {
  const modules = new Map<string, string[]>();
  for (const [statement, path] of text.matchAll(/export (?:\*|\{[^}]*\}) from "\.\/([^"]+)";/g)) {
    const name = path.includes("/") ? path.split("/")[0] : "core";
    const absolute = statement.replace(`"./${path}"`, `"${pathToFileURL(join(LIB, path))}"`);
    modules.set(name, [...(modules.get(name) ?? []), absolute]);
  }
  for (const name of modules.keys()) {
    if (!(name in FOLDERS)) throw new Error(`lib/jupyter/api.ts: say in FOLDERS what lib/${name} holds`);
  }
  return modules;
}
