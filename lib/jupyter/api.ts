/** The API reference: `deno doc --html` over the `mod.ts` of every room of the library. */
import { execFile } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const LIB = fileURLToPath(new URL("..", import.meta.url));

/** What each room is for, in the order in which they build on each other. */
const ROOMS: Readonly<Record<string, string>> = {
  data:
    "Files that other tools open: NPY, NPZ, Parquet; atomic writes; which stage is up to date; errors and progress.",
  math: "Random numbers, matrices, statistics, neighbours, TensorFlow, the circle of fifths.",
  catalog: "One schema for tracks, the forms of public catalogues, cleaning, search by title, the synthetic world.",
  metrics: "Repetition, diversity, transitions, exposure, ranking: one entry a metric.",
  features: "From tracks to numbers and back: z-scores, indicators, the feature specification.",
  embedding: "PCA, the autoencoder, taste clusters, UMAP, and what each of them keeps.",
  graph: "The graph of nearest neighbours: building it, its recall, hubs, components, smooth paths.",
  sequence: "Playlists as sequences: the Million Playlist Dataset, SASRec, simpler models.",
  score: "The score: the terms of the utility, rules, the listener's state, sessions, reasons, playlists.",
  listening: "Listening histories, libraries, and simulated listeners.",
  choice: "Learning weights from choices: conditional and mixed logit, choice sets, recovery.",
  hybrid: "The sequence model as a term of the score.",
  evaluation: "Policies compared on simulated listeners, with intervals; ablations and experiments.",
  plots: "One function a figure, each a Vega-Lite specification in one theme; showing and saving.",
  spark: "The same steps on Apache Spark.",
  service: "Search, sessions and the web app over HTTP.",
};

/**
 * Writes the API reference to a folder and replaces what is there; throws when `deno doc` fails. It has some two thousand
 * pages, which take seconds to make, so git ignores them.
 */
export async function writeApi(output: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-api-"));
  try {
    const write = (name: string, description: string, code: string) =>
      writeFileSync(join(folder, `${name}.ts`), `/**\n * ${description}\n *\n * @module\n */\n${code}\n`);
    const rooms = Object.keys(ROOMS).filter((room) => existsSync(join(LIB, room, "mod.ts")));
    for (const room of rooms) {
      const file = pathToFileURL(join(LIB, room, "mod.ts"));
      write(room, `${ROOMS[room]} (\`lib/${room}/mod.ts\`)`, `export * from "${file}";`);
    }
    const list = rooms.map((room) => ` * - [${room}](./${room}/index.html): ${ROOMS[room]}`).join("\n");
    write("mod", `What the notebooks import, room by room.\n *\n${list}`, "export {};");
    const { imports, compilerOptions } = JSON.parse(readFileSync(join(LIB, "../deno.json"), "utf8"));
    const exports = { ".": "./mod.ts", ...Object.fromEntries(rooms.map((room) => [`./${room}`, `./${room}.ts`])) };
    const config = { name: "@segue/segue", version: "0.0.0", exports, imports, compilerOptions };
    writeFileSync(join(folder, "deno.json"), JSON.stringify(config));
    const pages = join(folder, "pages");
    const args = [
      "doc",
      "--html",
      "--name=Segue",
      `--output=${pages}`,
      ...["mod", ...rooms].map((name) => `${name}.ts`),
    ];
    await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
    // The usage lines would import from modules that exist only here.
    appendFileSync(join(pages, "styles.css"), "\n:has(> .usageContent) { display: none; }\n");
    rmSync(output, { recursive: true, force: true });
    cpSync(pages, output, { recursive: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
