import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { worldStage } from "../../lib/catalog/synthetic/world_stage.ts";
import { type ConditionalLogit, fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { readChoices } from "../../lib/choice/read_choices.ts";
import { simulateStage } from "../../lib/choice/simulate_stage.ts";
import { distributedChoiceModel } from "../../lib/spark/choice.ts";
import type { Engine } from "../../lib/spark/engine.ts";
import { featuresOn } from "../../lib/spark/features.ts";
import { type DistributedGraphReport, graphOn } from "../../lib/spark/graph.ts";
import { distributedMpd } from "../../lib/spark/mpd.ts";
import { pcaOn } from "../../lib/spark/pca.ts";
import { engineRunner } from "../../lib/spark/comparison.ts";
import { clustersStage } from "../../lib/embedding/clusters_stage.ts";
import { embeddingStage } from "../../lib/embedding/embedding_stage.ts";
import { pcaStage } from "../../lib/embedding/pca_stage.ts";
import { readPca } from "../../lib/embedding/pca_stage.ts";
import type { PcaModel } from "../../lib/math/pca.ts";
import { comparePolicies, type Comparison } from "../../lib/evaluation/comparison.ts";
import { featuresStage } from "../../lib/features/features_stage.ts";
import { type NeighborGraph, readGraph } from "../../lib/graph/graph.ts";
import { buildKnnGraph } from "../../lib/graph/knn.ts";
import { graphStage } from "../../lib/graph/graph_stage.ts";
import { type Matrix, matrix } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { loadCollection } from "../../lib/score/collection.ts";
import { readNpyMatrix, writeNpy } from "../../lib/data/npy.ts";

/** A folder that is gone when the test is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "segue-distributed-"));
  globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A collection of 2,000 tracks with playlists and choices, all stages run in this process. */
export async function smallCollection(): Promise<string> {
  const directory = join(temporaryFolder(), "world");
  await worldStage(directory, { tracks: 2000, seed: 5 });
  fewPlaylists(join(directory, "playlists"));
  await featuresStage(directory);
  await pcaStage(directory);
  await embeddingStage(directory, { embedding: "pca" });
  await clustersStage(directory, { k: 8 });
  await graphStage(directory, { k: 20 });
  await simulateStage(directory, { users: 40, steps: 15, seed: 3 });
  return directory;
}

/** Three slices of forty playlists: all pairs of all playlists would take long to count. */
function fewPlaylists(folder: string): void {
  const files = readdirSync(folder).sort();
  const [first] = files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
  for (const name of files) rmSync(join(folder, name));
  for (const from of [0, 40, 80]) {
    const slice = { ...first, playlists: first.playlists.slice(from, from + 40) };
    writeFileSync(join(folder, `mpd.slice.${from}-${from + 39}.json`), JSON.stringify(slice));
  }
}

const COMPARISON = {
  listeners: 6,
  variantListeners: 0,
  librarySize: 60,
  seed: 9,
  trainingListeners: 12,
  validationListeners: 2,
};

/** What the steps give on an engine. */
export interface Outcome {
  features: Matrix;
  pca: PcaModel;
  scores: Matrix;
  fit: ConditionalLogit;
  graph: NeighborGraph;
  report: DistributedGraphReport;
  playlists: Record<string, string>;
  comparison: Comparison;
}

/** The graph of a matrix file in parts, into a folder. */
export function distributedGraph(
  path: string,
  folder: string,
  engine: Engine,
  { k, recall = 0.99, cellRows }: { k: number; recall?: number; cellRows?: number },
): Promise<DistributedGraphReport> {
  return graphOn(engine, cellRows)(path, folder, { k, recall, seed: 42 });
}

/** Runs every step on an engine, in a copy of the collection. */
export async function runAll(engine: Engine, collection: string): Promise<Outcome> {
  const directory = join(temporaryFolder(), "world");
  cpSync(collection, directory, { recursive: true });
  await featuresStage(directory, { force: true }, featuresOn(engine));
  const features = readNpyMatrix(join(directory, "X_raw.npy"));
  await pcaStage(directory, { force: true }, pcaOn(engine));
  const scores = readNpyMatrix(join(directory, "X_pca.npy"));
  const pca = readPca(join(directory, "pca.npz"));
  const fit = await distributedChoiceModel(join(directory, "choices.parquet"), engine, { cluster: "user_id" });
  const report = await distributedGraph(join(collection, "X_pca.npy"), directory, engine, { k: 20, cellRows: 400 });
  const graph = readGraph(directory);
  await distributedMpd([join(directory, "playlists")], join(directory, "mpd"), engine, { companions: 5 });
  const shuffles = await loadCollection(collection);
  const comparison = await comparePolicies(shuffles, { ...COMPARISON, runner: engineRunner(engine) });
  assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith(".segue")), [], "left-over staging folders");
  return { features, pca, scores, fit, graph, report, playlists: filesOf(join(directory, "mpd")), comparison };
}

/** The same comparison on this thread. */
export async function comparisonHere(collection: string): Promise<Comparison> {
  return await comparePolicies(await loadCollection(collection), { ...COMPARISON, workers: 1 });
}

/** The same fit in this process. */
export async function fitHere(collection: string): Promise<ConditionalLogit> {
  return fitConditionalLogit((await readChoices(join(collection, "choices.parquet"), { cluster: "user_id" })).sets);
}

/** Bytes of the files of a folder, as text. */
export function filesOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).sort().map((name) => [name, readFileSync(join(directory, name), "latin1")]),
  );
}

/** Fails when two lists of numbers differ by more than a share of their largest size. */
export function assertClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative: number,
  what: string,
): void {
  assert.equal(found.length, expected.length, what);
  let size = 0;
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    size = Math.max(size, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(found[i] - expected[i]));
  }
  assert.ok(worst <= relative * size, `${what}: off by ${worst} of ${size}`);
}

/** Fails when two fits differ by more than 1e-9 of each number. */
export function assertSameFit(found: ConditionalLogit, expected: ConditionalLogit): void {
  assert.deepEqual(found.features, expected.features);
  found.coefficients.forEach((coefficient, k) => {
    const { estimate, standardError, robustStandardError } = expected.coefficients[k];
    assertClose([coefficient.estimate], [estimate], 1e-9, coefficient.feature);
    assertClose([coefficient.standardError], [standardError], 1e-9, coefficient.feature);
    assertClose([coefficient.robustStandardError!], [robustStandardError!], 1e-9, coefficient.feature);
  });
  assertClose([found.statistics.logLikelihood], [expected.statistics.logLikelihood], 1e-9, "log-likelihood");
}

/** Mean recall of a graph against all pairs. */
export async function recallOf(collection: string, graph: NeighborGraph): Promise<number> {
  const exact = await buildKnnGraph(readNpyMatrix(join(collection, "X_pca.npy")), { k: 20, recall: 1 });
  let hits = 0;
  for (let i = 0; i < graph.nodeCount; i++) {
    const known = new Set(exact.graph.indices.subarray(i * 20, i * 20 + 20));
    for (let e = i * 20; e < i * 20 + 20; e++) if (known.has(graph.indices[e])) hits++;
  }
  return hits / graph.indices.length;
}

/** A matrix file whose row 1,234 has a number that is none. */
export function poisonedMatrix(): string {
  const random = seededRandom(4);
  const x = matrix(2000, 6);
  for (let i = 0; i < x.data.length; i++) x.data[i] = random();
  x.data[1234 * 6 + 3] = NaN;
  const path = join(temporaryFolder(), "poisoned.npy");
  writeNpy(path, x);
  return path;
}

/** Fails unless the folder holds the file alone. */
export function assertAlone(path: string): void {
  assert.ok(existsSync(path));
  assert.deepEqual(readdirSync(join(path, "..")), [path.split("/").at(-1)]);
}
