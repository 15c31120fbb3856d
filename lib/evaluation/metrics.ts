/**
 * All metrics of a run by name, with what they mean.
 *
 * @module
 */
import { mean, quantile, range, sum } from "d3-array";
import { concatenate } from "../data/concatenate.ts";
import { giniOfExposure, miscalibration, shannonEntropy } from "../math/shares.ts";
import type { Collection } from "../score/collection.ts";
import { clusterShares, consecutiveSimilarities, intraListDiversity } from "../metrics/diversity.ts";
import { artistExposure, coverageOf, exposureCounts, noveltyOf } from "../metrics/exposure.ts";
import type { Run } from "./play.ts";
import { heardShare, playsUntilHeard, repeatGaps, repeatRates } from "../metrics/repetition.ts";
import type { Scenario } from "./scenarios.ts";
import { keyTransitions, tempoTransitions } from "../metrics/transitions.ts";

/** What a metric means. */
export interface MetricDescription {
  /** What people read. */
  label: string;
  /** Smallest and largest value that it can have. */
  range: readonly [number, number];
  /** Unit; empty for shares and the like. */
  unit: string;
  /** Which direction listeners are taken to like. */
  better: "higher" | "lower";
  /** What is measured, in a sentence. */
  meaning: string;
  /**
   * Whether a single session has it: then the mean over the sessions of a run, weighed by their plays, is the run's own
   * value. The others belong to a run as a whole: exposure, time until heard through, quantiles and ratios.
   */
  ofSession: boolean;
}

const PLAYS = 200;
const SHARE = [0, 1] as const;
const COSINE = [-1, 1] as const;
const AMOUNT = [0, Infinity] as const;

/** The metrics of the tournament, in the order of its tables. Formulas and sources stand with the functions. */
export const METRICS: Readonly<Record<MetricName, MetricDescription>> = {
  trackRepeat: inSession("Same track within 50", SHARE, "lower", "Share of plays whose track is among the 50 before"),
  workRepeat: inSession("Same work within 50", SHARE, "lower", "The same for any take of the song (remaster, live)"),
  artistInRow: inSession("Artist twice in a row", SHARE, "lower", "Share of plays with an artist of the play before"),
  artistRepeat: inSession("Same artist within 5", SHARE, "lower", "Share of plays with an artist of the 5 before"),
  albumRepeat: inSession("Same album within 10", SHARE, "lower", "Share of plays whose album is among the 10 before"),
  similarity: inSession("Coherence", COSINE, "higher", "Mean cosine similarity of consecutive plays"),
  roughest: inRun("Roughest transitions", COSINE, "higher", "5 % quantile of the similarity of consecutive plays"),
  diversity: inSession("Variety", [0, 2], "higher", "Intra-list diversity: mean pairwise 1 − cosine"),
  clusterEntropy: inSession("Cluster entropy", AMOUNT, "higher", "Entropy of the plays over clusters", "nats"),
  miscalibration: inRun(
    "Miscalibration",
    [0, 4.61],
    "lower",
    "KL of the library's cluster shares to the played",
    "nats",
  ),
  keyMatch: inSession("Key match", SHARE, "higher", "Mean 1 − d/6 on the circle of fifths from play to play"),
  keyCompatible: inSession(
    "Compatible keys",
    SHARE,
    "higher",
    "Share of transitions to the same or a neighbouring key",
  ),
  tempoSmooth: inSession("Smooth tempo", SHARE, "higher", "Share of transitions within 8 % of the tempo or its double"),
  coverage: inRun("Coverage", SHARE, "higher", "Share of the library that was played"),
  giniTracks: inRun("Gini, tracks", SHARE, "lower", "Inequality of plays over the tracks of the library"),
  giniArtists: inRun("Gini, artists", SHARE, "lower", "Inequality of plays over the artists of the library"),
  novelty: inSession("Novelty", AMOUNT, "higher", "Mean −log₂ of how well known a played track is", "bits"),
  halfHeard: inRun("Half heard after", [1, PLAYS], "lower", "Plays until half of the library was heard", "plays"),
  allHeard: inRun("Heard through after", [1, PLAYS], "lower", "Plays until all of the library was heard", "plays"),
  utility: inSession("Own utility", [-Infinity, Infinity], "higher", "Mean utility of the picks to the listener"),
  regret: inSession("Regret", AMOUNT, "lower", "Mean utility lost against the best track of the library"),
  attained: inRun(
    "Attained",
    [-Infinity, 1],
    "higher",
    "Utility gained over a blind draw, as a share of what could be",
  ),
  relaxed: inSession("Rules relaxed", SHARE, "lower", "Share of picks for which a hard rule had to be relaxed"),
  dropped: inSession("Rules dropped", SHARE, "lower", "Share of picks for which a hard rule had to be dropped"),
};

/** Name of a metric. */
export type MetricName =
  | "trackRepeat"
  | "workRepeat"
  | "artistInRow"
  | "artistRepeat"
  | "albumRepeat"
  | "similarity"
  | "roughest"
  | "diversity"
  | "clusterEntropy"
  | "miscalibration"
  | "keyMatch"
  | "keyCompatible"
  | "tempoSmooth"
  | "coverage"
  | "giniTracks"
  | "giniArtists"
  | "novelty"
  | "halfHeard"
  | "allHeard"
  | "utility"
  | "regret"
  | "attained"
  | "relaxed"
  | "dropped";

/** Names of all metrics, in the order of {@linkcode METRICS}. */
export const METRIC_NAMES: readonly MetricName[] = Object.keys(METRICS) as MetricName[];

/** The metrics that a single session has. */
export const SESSION_METRICS: readonly MetricName[] = METRIC_NAMES.filter((name) => METRICS[name].ofSession);

/** What repeats are counted of. */
export const REPEAT_KINDS = ["track", "work", "artist", "album"] as const;

/** Bins of the distribution of similarities over [−1, 1]. */
export const SIMILARITY_BINS = 40;

/** Metrics of one run with the curves behind them. It can be sent from a worker. */
export interface RunMeasures {
  /** NaN where the catalogue lacks what a metric needs. */
  values: Record<MetricName, number>;
  /** The {@linkcode SESSION_METRICS} of each session. */
  sessions: Partial<Record<MetricName, number>>[];
  /** Repeat rates over windows 1 … 50. */
  repeats: Record<typeof REPEAT_KINDS[number], Float64Array>;
  /** Shares of transitions in each of {@linkcode SIMILARITY_BINS} equal bins of similarity over [−1, 1]. */
  similarities: Float64Array;
  /** Share of the library heard after each play. */
  heard: Float64Array;
}

/**
 * Measures one run. Metrics of a session (variety, cluster entropy) are averaged over the sessions of the run; repeats,
 * exposure and hearing run over all its plays, for a listener remembers yesterday; transitions are those within
 * sessions. A library that was not heard through within the run counts with the length of the run: the mean over runs
 * is then a restricted mean, a lower bound.
 *
 * @param collection The scenario's collection.
 * @param scenario The listener.
 * @param run What was played.
 * @returns All metrics.
 */
export function measureRun(collection: Collection, scenario: Scenario, run: Run): RunMeasures {
  const { plays } = run;
  const { library, artists, workOf, albumOf } = collection;
  const [works, albums] = [workOf, albumOf].map((of) =>
    Int32Array.from({ length: collection.trackCount }, (_, track) => of(track))
  );
  const tracks = Int32Array.from({ length: collection.trackCount }, (_, track) => track);
  const gaps = {
    track: repeatGaps(plays, tracks),
    work: repeatGaps(plays, works),
    artist: repeatGaps(plays, artists),
    album: repeatGaps(plays, albums),
  };
  const sessions = range(0, plays.length, scenario.plays).map((from) =>
    measureSession(collection, scenario, run, gaps, from)
  );
  const similarities = concatenate(Float64Array, sessions.map((session) => session.similarities));
  const counts = exposureCounts(plays, library);
  const [utility, best, blind] = [run.utilities, run.best, run.blind].map(meanOfKnown);
  const clustered = collection.clusterCount > 0;
  const shares = (tracks: ArrayLike<number>) => clusterShares(tracks, collection.clusters, collection.clusterCount);
  const averaged = Object.fromEntries(SESSION_METRICS.map((name) => [name, overSessions(sessions, name)]));
  return {
    values: {
      ...averaged as Record<MetricName, number>,
      similarity: meanOfKnown(similarities),
      roughest: quantile(similarities, 0.05)!,
      miscalibration: clustered ? miscalibration(shares(library), shares(plays)) : NaN,
      coverage: coverageOf(counts),
      giniTracks: giniOfExposure(counts),
      giniArtists: giniOfExposure(artistExposure(plays, library, artists)),
      halfHeard: playsUntilHeard(plays, library, 0.5) ?? plays.length,
      allHeard: playsUntilHeard(plays, library) ?? plays.length,
      utility,
      regret: best - utility,
      attained: (utility - blind) / (best - blind),
    },
    sessions: sessions.map(({ values }) => values),
    repeats: {
      track: repeatRates(plays, tracks),
      work: repeatRates(plays, works),
      artist: repeatRates(plays, artists),
      album: repeatRates(plays, albums),
    },
    similarities: histogram(similarities),
    heard: heardShare(plays, library),
  };
}

/** Metrics of one session of a run, which begins with the play `from`, and how many transitions a metric rests on. */
function measureSession(
  collection: Collection,
  scenario: Scenario,
  run: Run,
  gaps: Record<typeof REPEAT_KINDS[number], Int32Array>,
  from: number,
) {
  const to = from + scenario.plays;
  const plays = run.plays.subarray(from, to);
  const similarities = consecutiveSimilarities(plays, collection.embedding);
  const { tempo } = collection.catalog.numbers;
  const keys = keyTransitions(plays, collection.keys);
  const tempi = tempo ? tempoTransitions(plays, tempo) : { known: 0, smooth: NaN };
  const share = (of: Int32Array | Uint8Array, holds: (value: number) => boolean) =>
    of.subarray(from, to).filter(holds).length / plays.length;
  const within = (window: number) => (gap: number) => gap > 0 && gap <= window;
  const utility = meanOfKnown(run.utilities.subarray(from, to));
  const values: RunMeasures["sessions"][number] = {
    trackRepeat: share(gaps.track, within(50)),
    workRepeat: share(gaps.work, within(50)),
    artistInRow: share(gaps.artist, within(1)),
    artistRepeat: share(gaps.artist, within(5)),
    albumRepeat: collection.catalog.texts.album_id || collection.catalog.texts.album
      ? share(gaps.album, within(10))
      : NaN,
    similarity: meanOfKnown(similarities),
    diversity: intraListDiversity(plays, collection.embedding),
    clusterEntropy: collection.clusterCount > 0
      ? shannonEntropy(clusterShares(plays, collection.clusters, collection.clusterCount))
      : NaN,
    keyMatch: keys.match,
    keyCompatible: keys.compatible,
    tempoSmooth: tempi.smooth,
    novelty: noveltyOf(plays, scenario.knownness),
    utility,
    regret: meanOfKnown(run.best.subarray(from, to)) - utility,
    relaxed: share(run.relaxed, (relaxed) => relaxed > 0),
    dropped: share(run.relaxed, (relaxed) => relaxed === 2),
  };
  const known: typeof values = { keyMatch: keys.known, keyCompatible: keys.known, tempoSmooth: tempi.known };
  return { values, known, similarities, plays: plays.length };
}

/** Mean of a metric over sessions, weighed by the plays or by the transitions that are known. */
function overSessions(sessions: ReturnType<typeof measureSession>[], name: MetricName): number {
  const counted = sessions.map(({ values, known, plays }) => ({ weight: known[name] ?? plays, value: values[name]! }))
    .filter(({ weight, value }) => weight > 0 && !Number.isNaN(value));
  return sum(counted, ({ weight, value }) => weight * value) / sum(counted, ({ weight }) => weight);
}

/** Mean of the values that are there: a listener does not judge the first track of a session. */
function meanOfKnown(values: Float64Array): number {
  return mean(values) ?? NaN;
}

function histogram(similarities: Float64Array): Float64Array {
  const shares = new Float64Array(SIMILARITY_BINS);
  for (const similarity of similarities) {
    const bin = Math.min(SIMILARITY_BINS - 1, Math.max(0, Math.floor((similarity + 1) / 2 * SIMILARITY_BINS)));
    shares[bin] += 1 / similarities.length;
  }
  return shares;
}

type Description = Omit<MetricDescription, "ofSession" | "unit">;

function inSession(
  label: string,
  range: Description["range"],
  better: Description["better"],
  meaning: string,
  unit: string = "",
): MetricDescription {
  return { label, range, better, meaning, unit, ofSession: true };
}

function inRun(...description: Parameters<typeof inSession>): MetricDescription {
  return { ...inSession(...description), ofSession: false };
}
