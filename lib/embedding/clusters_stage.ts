/** Stage `clusters`: k-means clusters of the embedding, described in words. */
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { writeAtomic } from "../data/atomic.ts";
import { aboutFile, expectInteger } from "../data/errors.ts";
import { embeddingFile } from "../data/folder.ts";
import { readNpyMatrix, writeNpy } from "../data/npy.ts";
import { type Rerun, runStage, type StageReport } from "../data/stages.ts";
import { kMeans, type KMeansResult, oneOfEachStretch } from "../math/kmeans.ts";
import { checkFinite, type Matrix } from "../math/matrix.ts";
import { seededRandom } from "../math/random.ts";
import {
  adjustedRandIndex,
  chooseClusterCount,
  CHOOSING_ROWS,
  CLUSTER_COUNT_CRITERION,
  type ClusterCount,
  meanAgreement,
} from "./cluster_count.ts";
import { type ClusterDescription, describeClusters } from "./describe.ts";

/** What `clusters.json` holds; when k was given, that k is the one candidate. */
export interface ClustersReport extends ClusterCount {
  /** How k was chosen. */
  criterion: string;
  /** Mean adjusted Rand index with clusterings that were made without a tenth of the tracks: 1 = the same. */
  stability: number;
  /** What the seed decides. */
  seeds: {
    /** Adjusted Rand index between two clusterings that differ by their seed alone. */
    agreement: number;
    /** The same with the best of six starts of k-means++, on at most 30,000 tracks. */
    plusPlusAgreement: number;
    /** Inertia of the clustering over the smallest that k-means++ found, on these tracks. */
    inertiaRatio: number;
  };
  /** The clusters, the largest first. */
  clusters: ClusterDescription[];
}

/**
 * Numbers of clusters that are tried, each about a quarter more than the last. A term of the utility asks what share of
 * the last 20 plays lie in a candidate's cluster. With fewer than 8 clusters nearly all have been played; with more than
 * 20 most have not. Either way the term hardly varies.
 */
const CLUSTER_COUNTS = [8, 10, 13, 16, 20];
/** Clusterings by k-means++ that the result is compared with. */
const COMPARED = 3;

/**
 * k-means clusters of the embedding, described in words: writes `clusters.npy` and `clusters.json`.
 *
 * @throws {InputError} When k is larger than the number of tracks.
 */
export async function clustersStage(
  directory: string,
  options: Rerun & {
    /** Number of clusters; chosen between 8 and 20 when left out. */
    k?: number;
    /** Seed of the k-means++ that the clusters are compared with. Default 42. */
    seed?: number;
  } = {},
): Promise<StageReport> {
  const { k, seed = 42, force } = options;
  const file = embeddingFile(directory);
  return await runStage(directory, {
    name: "clusters",
    inputs: [file, "tracks.parquet"],
    parameters: { k: k ?? null, seed },
    outputs: ["clusters.npy", "clusters.json"],
    force,
    run: async () => {
      const x = readNpyMatrix(join(directory, file));
      await aboutFile(join(directory, file), () => checkFinite(x));
      const { criterion, ...choice } = await countClusters(x, k);
      const { labels, centroids, inertia } = await kMeans(x, choice.k, seededRandom(seed, "clusters"));
      const report: ClustersReport = {
        k: centroids.rows,
        criterion,
        candidates: choice.candidates,
        stability: choice.candidates.find((candidate) => candidate.k === choice.k)?.stability ?? 1,
        seeds: await compareSeeds(x, labels, choice.k, seed),
        clusters: describeClusters(await readCatalog(join(directory, "tracks.parquet")), labels, centroids.rows),
      };
      writeNpy(join(directory, "clusters.npy"), { data: labels, shape: [x.rows] });
      writeAtomic(join(directory, "clusters.json"), JSON.stringify(report, null, 2) + "\n");
      return { k: report.k, criterion: report.criterion, stability: report.stability, inertia };
    },
  });
}

/** How much of a clustering the seed decides, and how much it would with k-means++. */
async function compareSeeds(x: Matrix, labels: Int32Array, k: number, seed: number): Promise<ClustersReport["seeds"]> {
  const some = oneOfEachStretch(x, CHOOSING_ROWS);
  const plusPlus: KMeansResult[] = [];
  for (let r = 0; r < COMPARED; r++) {
    const random = seededRandom(seed, `clusters, k-means++ ${r}`);
    plusPlus.push(await kMeans(some, k, random, { start: "k-means++" }));
  }
  const again = seededRandom(seed, "clusters, other seed");
  const { inertia } = await kMeans(some, k, again);
  const least = Math.min(...plusPlus.map((found) => found.inertia));
  return {
    agreement: adjustedRandIndex(labels, (await kMeans(x, k, again)).labels),
    plusPlusAgreement: meanAgreement(plusPlus.map((found) => found.labels)),
    inertiaRatio: least > 0 ? inertia / least : 1,
  };
}

/**
 * The number of clusters: the given one, else the criterion's among those of at most √(n / 2), a rule of thumb; where no
 * number is that small, √(n / 2) itself. It does not depend on the seed.
 */
async function countClusters(x: Matrix, k?: number): Promise<ClusterCount & { criterion: string }> {
  const most = Math.max(1, Math.floor(Math.sqrt(x.rows / 2)));
  const [wanted, criterion] = k !== undefined
    ? [[expectInteger("k", k, 1, x.rows)], "it was asked for"]
    : most < CLUSTER_COUNTS[0]
    ? [[most], `√(n / 2): ${x.rows} tracks are too few to choose`]
    : [CLUSTER_COUNTS.filter((count) => count <= most), CLUSTER_COUNT_CRITERION];
  if (Math.max(...wanted) < 2 || Math.min(...wanted) > x.rows / 2) return { k: wanted[0], candidates: [], criterion };
  return { ...await chooseClusterCount(x, wanted, seededRandom(0, "tenths")), criterion };
}
