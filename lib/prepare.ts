/**
 * The pipeline over one data folder: which stages there are, in which order, and where their files lie. Notebooks and
 * report call it; each stage itself lives with its subject.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Catalog, type CatalogColumn, readCatalog } from "./catalog/catalog.ts";
import type { Engine } from "./spark/engine.ts";
import { embeddingFile } from "./data/folder.ts";
import { InputError } from "./data/errors.ts";
import { type NeighborGraph, readGraph } from "./graph/graph.ts";
import type { Matrix } from "./math/matrix.ts";
import type { SasrecStageOptions } from "./sequence/sasrec_stage.ts";
import { readNpy, readNpyMatrix } from "./data/npy.ts";
import { type ManifestEntry, readManifest, type StageReport } from "./data/stages.ts";

/** What a notebook is run with. */
export interface Settings {
  /** A catalogue file in any known form; empty for the synthetic world. */
  catalog?: string;
  /** Tracks of the synthetic world, or size of the sample of a catalogue; 0 for the default: 20,000, or all of them. */
  tracks?: number;
  /** Seed of everything random. */
  seed?: number;
  /**
   * What the stages features, pca and graph run on: empty (default) for this process, `"spark"` for Apache Spark on this
   * machine, `"spark://HOST:PORT"` for a running cluster.
   */
  engine?: string;
}

/** The stages, in the order in which they run. */
export const STAGES = ["catalog", "features", "pca", "embedding", "clusters", "graph", "umap", "sasrec"] as const;

/** Name of a stage. */
export type StageName = typeof STAGES[number];

/**
 * Training of the stage `sasrec`: a small SASRec that is trained within a notebook's minute. Where another one was
 * trained before, as with `segue train-sasrec`, the stage keeps to that one's settings.
 */
export const SMALL_SASREC: Readonly<SasrecStageOptions> = Object.freeze(
  {
    dimensions: 32,
    window: 20,
    batchSize: 64,
    learningRate: 0.005,
    loss: "sampled",
    samples: 1000,
    minimumSteps: 300,
    maximumSteps: 300,
    evaluateEvery: 100,
    validationPlaylists: 500,
  } as const,
);

/** A data folder and what can be read from it. */
export interface Workspace {
  /** Absolute path of the data folder. */
  readonly directory: string;
  /** Name of the world, the folder's name. */
  readonly name: string;
  /** The settings, defaults filled in. */
  readonly settings: Required<Settings>;
  /**
   * Runs every stage up to and including one, unless it is up to date, and prints a line for each that ran. `sasrec`
   * needs the catalogue alone, and playlists: without any it is left out, and a line says so.
   *
   * @param stage The last stage wanted.
   * @param options Options of stages, by stage name.
   * @returns What came of each stage.
   */
  prepare(stage: StageName, options?: StageOptions): Promise<StageReport[]>;
  /**
   * Path of a file of the folder.
   *
   * @param name Its name, e.g. `"graph.npz"`.
   */
  file(name: string): string;
  /**
   * The catalogue.
   *
   * @param columns Columns wanted; all when left out.
   */
  catalog(columns?: readonly CatalogColumn[]): Promise<Catalog>;
  /**
   * A matrix of the folder.
   *
   * @param name Its file; the embedding that the graph is built on when left out.
   */
  matrix(name?: string): Matrix;
  /** Cluster of each track. */
  clusters(): Int32Array;
  /** The neighbour graph. */
  graph(): NeighborGraph;
  /** What the stages left in `manifest.json`. */
  manifest(): Record<string, ManifestEntry>;
}

/** Options of the stages, by stage name, where they differ from the defaults. */
export type StageOptions = Partial<Record<StageName, Record<string, unknown>>>;

/**
 * Opens the data folder that belongs to settings: `data/work/<world>/`, or below the folder that `SEGUE_DATA` names.
 *
 * @param settings Catalogue, size and seed.
 * @returns The workspace; nothing is read or run yet.
 * @throws {InputError} When the catalogue file does not exist.
 *
 * @example
 * ```ts ignore
 * const workspace = openWorkspace({ tracks: 2000 });
 * await workspace.prepare("graph");
 * const graph = workspace.graph();
 * ```
 */
export function openWorkspace(settings: Settings = {}): Workspace {
  const catalog = settings.catalog ? resolve(settings.catalog) : "";
  if (catalog && !existsSync(catalog)) {
    throw new InputError(
      `${settings.catalog}: no such file; give the path of a catalogue, or none for the synthetic world`,
    );
  }
  const complete = {
    catalog,
    tracks: settings.tracks || (catalog ? 0 : 20000),
    seed: settings.seed ?? 42,
    engine: settings.engine ?? "",
  };
  const name = worldName(complete);
  const root = process.env.SEGUE_DATA ?? fileURLToPath(new URL("../data/work", import.meta.url));
  const directory = join(root, name);
  const file = (path: string) => join(directory, path);
  return {
    directory,
    name,
    settings: complete,
    prepare: (stage, options = {}) => prepare(directory, complete, stage, options),
    file,
    catalog: (columns) => readCatalog(file("tracks.parquet"), columns),
    matrix: (path = embeddingFile(directory)) => readNpyMatrix(file(path)),
    clusters: () => readNpy(file("clusters.npy")).data as Int32Array,
    graph: () => readGraph(directory),
    manifest: () => readManifest(directory),
  };
}

function worldName({ catalog, tracks, seed }: Required<Settings>): string {
  if (!catalog) return `synthetic-${tracks}-${seed}`;
  const stem = basename(catalog).replace(/\.(csv|parquet)?(\.gz)?$/i, "").replace(/[^A-Za-z0-9_-]+/g, "_");
  return tracks ? `${stem}-${tracks}-${seed}` : stem;
}

async function prepare(
  directory: string,
  settings: Required<Settings>,
  last: StageName,
  options: StageOptions,
): Promise<StageReport[]> {
  const reports: StageReport[] = [];
  const stages = last === "sasrec" ? ["catalog", last] as const : STAGES.slice(0, STAGES.indexOf(last) + 1);
  // Spark starts with the first stage that has something to do on it.
  const engine = settings.engine
    ? (await import("./spark/engine.ts")).openEngine({ engine: settings.engine })
    : undefined;
  try {
    for (const stage of stages) {
      if (stage === "sasrec" && !existsSync(join(directory, "playlists"))) {
        console.log("sasrec: left out, since there are no playlists to learn from");
        continue;
      }
      const report = await runNamedStage(engine, directory, settings, stage, options[stage] ?? {});
      if (!report.upToDate) console.log(`${stage}: ${report.seconds.toFixed(1)} s`);
      reports.push(report);
    }
  } finally {
    await engine?.close();
  }
  return reports;
}

/**
 * A stage, on the engine where there is one and the stage can run there. Stages are imported when they are run, so that
 * a notebook loads no TensorFlow that it does not use.
 */
async function runNamedStage(
  engine: Engine | undefined,
  directory: string,
  { catalog, tracks, seed }: Required<Settings>,
  stage: StageName,
  options: Record<string, unknown>,
): Promise<StageReport> {
  switch (stage) {
    case "catalog":
      if (catalog) {
        const { ingestStage } = await import("./catalog/ingest.ts");
        return await ingestStage(directory, { files: [catalog], tracks: tracks || undefined, seed, ...options });
      } else {
        const { worldStage } = await import("./catalog/synthetic/world_stage.ts");
        return await worldStage(directory, { tracks, seed, ...options });
      }
    case "features": {
      const encode = engine && (await import("./spark/features.ts")).featuresOn(engine);
      return await (await import("./features/features_stage.ts")).featuresStage(directory, options, encode);
    }
    case "pca": {
      const fit = engine && (await import("./spark/pca.ts")).pcaOn(engine);
      return await (await import("./embedding/pca_stage.ts")).pcaStage(directory, options, fit);
    }
    case "embedding":
      return await (await import("./embedding/embedding_stage.ts")).embeddingStage(directory, { seed, ...options });
    case "clusters":
      return await (await import("./embedding/clusters_stage.ts")).clustersStage(directory, { seed, ...options });
    case "graph": {
      const build = engine && (await import("./spark/graph.ts")).graphOn(engine);
      return await (await import("./graph/graph_stage.ts")).graphStage(directory, { seed, ...options }, build);
    }
    case "umap":
      return await (await import("./embedding/umap_stage.ts")).umapStage(directory, { seed, ...options });
    case "sasrec":
      await (await import("./sequence/read_mpd.ts")).mpdStage(directory);
      return await (await import("./sequence/sasrec_stage.ts")).sasrecStage(directory, {
        ...(readManifest(directory).sasrec?.parameters ?? { ...SMALL_SASREC, seed }),
        ...options,
      });
  }
}
