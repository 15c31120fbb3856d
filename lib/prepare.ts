/**
 * The pipeline over one data folder: which stages there are, in which order they run, and where their files are. The
 * notebooks and the report use it. How a stage works is written in the room of its subject.
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

/**
 * Options of the stage `sasrec`: a small model that is trained in less than a minute, for the notebooks. When the folder
 * already has a model, from `segue train-sasrec` for example, the stage keeps the options of that one.
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

/** Name of a stage. */
export type StageName = "catalog" | "features" | "pca" | "embedding" | "clusters" | "graph" | "umap" | "sasrec";

/** What a stage is run with. */
interface StageInput extends Required<Omit<Settings, "engine">> {
  directory: string;
  options: Record<string, unknown>;
  /** Spark, when the settings name an engine. */
  spark: Engine | undefined;
}

/**
 * The stages, in the order in which they run. The code of a stage is imported when the stage runs: a notebook that needs
 * no TensorFlow does not load it.
 */
const STAGES: Record<StageName, (input: StageInput) => Promise<StageReport>> = {
  async catalog({ directory, catalog, tracks, seed, options }) {
    if (catalog) {
      const { ingestStage } = await import("./catalog/ingest.ts");
      return await ingestStage(directory, { files: [catalog], tracks: tracks || undefined, seed, ...options });
    }
    const { worldStage } = await import("./catalog/synthetic/world_stage.ts");
    return await worldStage(directory, { tracks, seed, ...options });
  },
  async features({ directory, options, spark }) {
    const encode = spark && (await import("./spark/features.ts")).featuresOn(spark);
    return await (await import("./features/features_stage.ts")).featuresStage(directory, options, encode);
  },
  async pca({ directory, options, spark }) {
    const fit = spark && (await import("./spark/pca.ts")).pcaOn(spark);
    return await (await import("./embedding/pca_stage.ts")).pcaStage(directory, options, fit);
  },
  async embedding({ directory, seed, options }) {
    return await (await import("./embedding/embedding_stage.ts")).embeddingStage(directory, { seed, ...options });
  },
  async clusters({ directory, seed, options }) {
    return await (await import("./embedding/clusters_stage.ts")).clustersStage(directory, { seed, ...options });
  },
  async graph({ directory, seed, options, spark }) {
    const build = spark && (await import("./spark/graph.ts")).graphOn(spark);
    return await (await import("./graph/graph_stage.ts")).graphStage(directory, { seed, ...options }, build);
  },
  async umap({ directory, seed, options }) {
    return await (await import("./embedding/umap_stage.ts")).umapStage(directory, { seed, ...options });
  },
  async sasrec({ directory, seed, options }) {
    await (await import("./sequence/read_mpd.ts")).mpdStage(directory);
    return await (await import("./sequence/sasrec_stage.ts")).sasrecStage(directory, {
      ...(readManifest(directory).sasrec?.parameters ?? { ...SMALL_SASREC, seed }),
      ...options,
    });
  },
};

/** A data folder: it runs the stages and reads their files. */
export class Workspace {
  /** Absolute path of the data folder. */
  readonly directory: string;
  /** Name of the data folder. */
  readonly name: string;
  /** The settings, defaults filled in. */
  readonly settings: Required<Settings>;

  /** As {@linkcode openWorkspace}. */
  constructor(settings: Settings) {
    const catalog = settings.catalog ? resolve(settings.catalog) : "";
    if (catalog && !existsSync(catalog)) {
      throw new InputError(
        `${settings.catalog}: no such file; give the path of a catalogue, or none for the synthetic world`,
      );
    }
    const { tracks = 0, seed = 42, engine = "" } = settings;
    this.settings = { catalog, tracks: tracks || (catalog ? 0 : 20000), seed, engine };
    this.name = folderName(this.settings);
    const root = process.env.SEGUE_DATA ?? fileURLToPath(new URL("../data/work", import.meta.url));
    this.directory = join(root, this.name);
  }

  /**
   * Runs every stage up to and including one, except those that are up to date, and prints a line for each that ran.
   * `sasrec` needs only the catalogue, and playlists: without any it is left out, and a line says so.
   *
   * @param options Options of stages that differ from the defaults, by stage name.
   */
  async prepare(
    last: StageName,
    options: Partial<Record<StageName, Record<string, unknown>>> = {},
  ): Promise<StageReport[]> {
    const { directory, settings: { engine, ...settings } } = this;
    const names = Object.keys(STAGES) as StageName[];
    const wanted: StageName[] = last === "sasrec" ? ["catalog", last] : names.slice(0, names.indexOf(last) + 1);
    // Spark itself starts with the first stage that has something to do on it.
    const spark = engine ? (await import("./spark/open.ts")).openEngine({ engine }) : undefined;
    const reports: StageReport[] = [];
    try {
      for (const stage of wanted) {
        if (stage === "sasrec" && !existsSync(this.file("playlists"))) {
          console.log("sasrec: left out, since there are no playlists to learn from");
          continue;
        }
        const report = await STAGES[stage]({ ...settings, directory, options: options[stage] ?? {}, spark });
        if (!report.upToDate) console.log(`${stage}: ${report.seconds.toFixed(1)} s`);
        reports.push(report);
      }
    } finally {
      await spark?.close();
    }
    return reports;
  }

  /** Path of a file of the folder, e.g. of `"graph.npz"`. */
  file(name: string): string {
    return join(this.directory, name);
  }

  /** The catalogue: some columns, or all when left out. */
  catalog(columns?: readonly CatalogColumn[]): Promise<Catalog> {
    return readCatalog(this.file("tracks.parquet"), columns);
  }

  /** A matrix of the folder: the embedding that the graph is built on when no file is named. */
  matrix(name: string = embeddingFile(this.directory)): Matrix {
    return readNpyMatrix(this.file(name));
  }

  /** Cluster of each track. */
  clusters(): Int32Array {
    return readNpy(this.file("clusters.npy")).data as Int32Array;
  }

  /** The neighbour graph. */
  graph(): NeighborGraph {
    return readGraph(this.directory);
  }

  /** What the stages wrote in `manifest.json`. */
  manifest(): Record<string, ManifestEntry> {
    return readManifest(this.directory);
  }
}

/**
 * Opens the data folder that belongs to settings: a folder in `data/work/`, or in the folder that `SEGUE_DATA` names.
 *
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
  return new Workspace(settings);
}

function folderName({ catalog, tracks, seed }: Required<Settings>): string {
  if (!catalog) return `synthetic-${tracks}-${seed}`;
  const stem = basename(catalog).replace(/\.(csv|parquet)?(\.gz)?$/i, "").replace(/[^A-Za-z0-9_-]+/g, "_");
  return tracks ? `${stem}-${tracks}-${seed}` : stem;
}
