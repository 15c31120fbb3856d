/**
 * All metrics of a run by name, with what they mean.
 *
 * @module
 */
import { concatenate } from "../concatenate.ts";
import { mean } from "../mean.ts";
import type { ShuffleWorld } from "../shuffle/world.ts";
import { quantile } from "./bootstrap.ts";
import { miscalibration } from "./calibration.ts";
import { clusterShares, consecutiveSimilarities, intraListDiversity, shannonEntropy } from "./diversity.ts";
import { artistExposure, coverageOf, exposureCounts, giniOfExposure, noveltyOf } from "./exposure.ts";
import type { Run } from "./play.ts";
import { heardShare, type Labels, playsUntilHeard, repeatGaps, repeatRates } from "./repetition.ts";
import type { Scenario } from "./scenarios.ts";
import { keyTransitions, tempoTransitions } from "./transitions.ts";

/** What a metric means. */
export interface MetricDescription {
  /** What people read. */
  label: string;
  /** Smallest and largest value that it can have. */
  range: readonly [number, number];
  /** Unit; empty for shares and the like. */
  unit: string;
  /** Which direction listeners are taken to like: more, less, or neither. */
  better: "higher" | "lower";
  /** What is measured, in a sentence. */
  meaning: string;
}

const REPEAT_WINDOWS = 50;
const PLAYS = 200;

/** The metrics of the tournament, in the order of its tables. Formulas and sources stand with the functions. */
export const METRICS: Readonly<Record<MetricName, MetricDescription>> = {
  trackRepeat: about(
    "Same track within 50",
    [0, 1],
    "lower",
    "Share of plays whose track is among the 50 plays before",
  ),
  workRepeat: about("Same work within 50", [0, 1], "lower", "The same for any take of the song (remaster, live)"),
  artistInRow: about(
    "Artist twice in a row",
    [0, 1],
    "lower",
    "Share of plays that share an artist with the play before",
  ),
  artistRepeat: about("Same artist within 5", [0, 1], "lower", "Share of plays with an artist of the 5 plays before"),
  albumRepeat: about(
    "Same album within 10",
    [0, 1],
    "lower",
    "Share of plays whose album is among the 10 plays before",
  ),
  similarity: about("Coherence", [-1, 1], "higher", "Mean cosine similarity of consecutive plays"),
  roughest: about("Roughest transitions", [-1, 1], "higher", "5 % quantile of the similarity of consecutive plays"),
  diversity: about("Variety", [0, 2], "higher", "Intra-list diversity within a session: mean pairwise 1 − cosine"),
  clusterEntropy: about("Cluster entropy", [0, Infinity], "higher", "Entropy over clusters within a session", "nats"),
  miscalibration: about(
    "Miscalibration",
    [0, 4.61],
    "lower",
    "KL of the library's cluster shares to the played",
    "nats",
  ),
  keyMatch: about("Key match", [0, 1], "higher", "Mean 1 − d/6 on the circle of fifths from play to play"),
  keyCompatible: about("Compatible keys", [0, 1], "higher", "Share of transitions to the same or a neighbouring key"),
  tempoSmooth: about("Smooth tempo", [0, 1], "higher", "Share of transitions within 8 % of the tempo (or its double)"),
  coverage: about("Coverage", [0, 1], "higher", "Share of the library that was played"),
  giniTracks: about("Gini, tracks", [0, 1], "lower", "Inequality of plays over the tracks of the library"),
  giniArtists: about("Gini, artists", [0, 1], "lower", "Inequality of plays over the artists of the library"),
  novelty: about("Novelty", [0, Infinity], "higher", "Mean −log₂ of how well known a played track is", "bits"),
  halfHeard: about("Half heard after", [1, PLAYS], "lower", "Plays until half of the library was heard", "plays"),
  allHeard: about("Heard through after", [1, PLAYS], "lower", "Plays until all of the library was heard", "plays"),
  utility: about("Own utility", [-Infinity, Infinity], "higher", "Mean utility of the picks to the listener"),
  regret: about("Regret", [0, Infinity], "lower", "Mean utility lost against the best track of the library"),
  attained: about(
    "Attained",
    [-Infinity, 1],
    "higher",
    "Utility gained over a blind draw, as a share of what could be",
  ),
  relaxed: about("Rules relaxed", [0, 1], "lower", "Share of picks for which a hard rule had to be relaxed"),
  dropped: about("Rules dropped", [0, 1], "lower", "Share of picks for which a hard rule had to be dropped altogether"),
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

/**
 * The metrics that a single session has, whose mean over the sessions of a run, weighed by their plays, is the run's
 * own value. The others belong to a run as a whole: exposure, time until heard through, quantiles and ratios.
 */
export const SESSION_METRICS: readonly MetricName[] = [
  "trackRepeat",
  "workRepeat",
  "artistInRow",
  "artistRepeat",
  "albumRepeat",
  "similarity",
  "diversity",
  "clusterEntropy",
  "keyMatch",
  "keyCompatible",
  "tempoSmooth",
  "novelty",
  "utility",
  "regret",
  "relaxed",
  "dropped",
];

/** What {@linkcode measureRepeats} distinguishes, in order. */
export const REPEAT_KINDS = ["track", "work", "artist", "album"] as const;

/** Bins of the distribution of similarities over [−1, 1]. */
export const SIMILARITY_BINS = 40;

/** Metrics of one run with the curves behind them. */
export interface RunMeasures {
  /** One value a metric, in the order of {@linkcode METRIC_NAMES}; NaN where the catalogue lacks what it needs. */
  values: Float64Array;
  /** The same of each session [sessions, metrics]; NaN but for {@linkcode SESSION_METRICS}. */
  sessions: Float64Array;
  /** Repeat rates [4, 50]: a row for each of {@linkcode REPEAT_KINDS}, a column for each window 1 … 50. */
  repeats: Float32Array;
  /** Shares of transitions in each of {@linkcode SIMILARITY_BINS} equal bins of similarity over [−1, 1]. */
  similarities: Float32Array;
  /** Share of the library heard after each play. */
  heard: Float32Array;
}

/**
 * Measures one run. Metrics of a session (variety, cluster entropy) are averaged over the sessions of the run; repeats,
 * exposure and hearing run over all its plays, for a listener remembers yesterday; transitions are those within
 * sessions. A library that was not heard through within the run counts with the length of the run: the mean over runs
 * is then a restricted mean, a lower bound.
 *
 * @param world The scenario's world.
 * @param scenario The listener.
 * @param run What was played.
 * @returns All metrics.
 */
export function measureRun(world: ShuffleWorld, scenario: Scenario, run: Run): RunMeasures {
  const { plays, sessionOffsets } = run;
  const library = world.library;
  const gaps = labelsOf(world).map((labels) => repeatGaps(plays, labels));
  const heard = heardShare(plays, library);
  const counts = exposureCounts(plays, library);
  const sessions = Array.from(
    { length: sessionOffsets.length - 1 },
    (_, s) => measurePart(world, scenario, run, gaps, sessionOffsets[s], sessionOffsets[s + 1]),
  );
  const similarities = concatenate(Float64Array, sessions.map((session) => session.similarities));
  const part = (name: MetricName) => weightedMean(sessions.map(({ values, plays }) => [plays, values[name] ?? NaN]));
  const weighted = (name: "keyMatch" | "keyCompatible" | "tempoSmooth") =>
    weightedMean(sessions.map(({ values, known }) => [known[name], values[name]!]));
  const [utility, best, blind] = [run.utilities, run.best, run.blind].map(meanOfKnown);
  const clustered = world.clusterCount > 0;
  const shares = (tracks: ArrayLike<number>) => clusterShares(tracks, world.clusters, world.clusterCount);
  const measured: Record<MetricName, number> = {
    trackRepeat: part("trackRepeat"),
    workRepeat: part("workRepeat"),
    artistInRow: part("artistInRow"),
    artistRepeat: part("artistRepeat"),
    albumRepeat: part("albumRepeat"),
    similarity: mean(similarities),
    roughest: quantile(similarities.slice().sort(), 0.05),
    diversity: part("diversity"),
    clusterEntropy: part("clusterEntropy"),
    miscalibration: clustered ? miscalibration(shares(library), shares(plays)) : NaN,
    keyMatch: weighted("keyMatch"),
    keyCompatible: weighted("keyCompatible"),
    tempoSmooth: weighted("tempoSmooth"),
    coverage: coverageOf(counts),
    giniTracks: giniOfExposure(counts),
    giniArtists: giniOfExposure(artistExposure(plays, library, world.artists)),
    novelty: part("novelty"),
    halfHeard: playsUntilHeard(plays, library, 0.5) ?? plays.length,
    allHeard: playsUntilHeard(plays, library) ?? plays.length,
    utility,
    regret: best - utility,
    attained: (utility - blind) / (best - blind),
    relaxed: part("relaxed"),
    dropped: part("dropped"),
  };
  return {
    values: Float64Array.from(METRIC_NAMES, (name) => measured[name]),
    sessions: Float64Array.from(sessions.flatMap(({ values }) => METRIC_NAMES.map((name) => values[name] ?? NaN))),
    repeats: measureRepeats(world, plays),
    similarities: histogram(similarities),
    heard: Float32Array.from(heard),
  };
}

/** Metrics of one session: the plays `from … to-1` of a run. */
function measurePart(
  world: ShuffleWorld,
  scenario: Scenario,
  run: Run,
  gaps: Int32Array[],
  from: number,
  to: number,
) {
  const plays = run.plays.subarray(from, to);
  const similarities = consecutiveSimilarities(plays, world.embedding);
  const { tempo } = world.catalog.numbers;
  const keys = keyTransitions(plays, world.keys);
  const tempi = tempo ? tempoTransitions(plays, tempo) : { known: 0, distance: NaN, smooth: NaN };
  const share = (holds: (p: number) => boolean) => {
    let count = 0;
    for (let p = from; p < to; p++) if (holds(p)) count++;
    return count / plays.length;
  };
  const repeats = (kind: typeof REPEAT_KINDS[number], window: number) => {
    const own = gaps[REPEAT_KINDS.indexOf(kind)];
    return share((p) => own[p] > 0 && own[p] <= window);
  };
  const utility = meanOfKnown(run.utilities.subarray(from, to));
  const values: Partial<Record<MetricName, number>> = {
    trackRepeat: repeats("track", 50),
    workRepeat: repeats("work", 50),
    artistInRow: repeats("artist", 1),
    artistRepeat: repeats("artist", 5),
    albumRepeat: world.catalog.texts.album_id || world.catalog.texts.album ? repeats("album", 10) : NaN,
    similarity: mean(similarities),
    diversity: intraListDiversity(plays, world.embedding),
    clusterEntropy: world.clusterCount > 0
      ? shannonEntropy(clusterShares(plays, world.clusters, world.clusterCount))
      : NaN,
    keyMatch: keys.match,
    keyCompatible: keys.compatible,
    tempoSmooth: tempi.smooth,
    novelty: noveltyOf(plays, scenario.knownness),
    utility,
    regret: meanOfKnown(run.best.subarray(from, to)) - utility,
    relaxed: share((p) => run.relaxed[p] > 0),
    dropped: share((p) => run.relaxed[p] === 2),
  };
  const known = { keyMatch: keys.known, keyCompatible: keys.known, tempoSmooth: tempi.known };
  return { values, known, similarities, plays: plays.length };
}

/**
 * Repeat rates of track, work, artist and album over windows 1 … 50.
 *
 * @param world The world.
 * @param plays Track indices in the order in which they were played.
 * @returns Rates [4, 50], a row for each of {@linkcode REPEAT_KINDS}.
 */
export function measureRepeats(world: ShuffleWorld, plays: ArrayLike<number>): Float32Array {
  const rates = new Float32Array(REPEAT_KINDS.length * REPEAT_WINDOWS);
  labelsOf(world).forEach((labels, kind) => {
    rates.set(repeatRates(plays, labels, REPEAT_WINDOWS), kind * REPEAT_WINDOWS);
  });
  return rates;
}

/** Labels of the tracks, one entry for each of {@linkcode REPEAT_KINDS}. */
function labelsOf(world: ShuffleWorld): Labels[] {
  const tracks = Int32Array.from({ length: world.trackCount }, (_, track) => track);
  return [tracks, world.works, world.artists, world.albums];
}

/** Mean of the values that are there: a listener does not judge the first track of a session. */
function meanOfKnown(values: Float64Array): number {
  return mean(values.filter((value) => !Number.isNaN(value)));
}

function histogram(similarities: Float64Array): Float32Array {
  const shares = new Float32Array(SIMILARITY_BINS);
  for (const similarity of similarities) {
    const bin = Math.min(SIMILARITY_BINS - 1, Math.max(0, Math.floor((similarity + 1) / 2 * SIMILARITY_BINS)));
    shares[bin] += 1 / similarities.length;
  }
  return shares;
}

function weightedMean(pairs: [weight: number, value: number][]): number {
  let total = 0;
  let sum = 0;
  for (const [weight, value] of pairs) {
    if (weight === 0) continue;
    total += weight;
    sum += weight * value;
  }
  return total > 0 ? sum / total : NaN;
}

function about(
  label: string,
  range: readonly [number, number],
  better: "higher" | "lower",
  meaning: string,
  unit: string = "",
): MetricDescription {
  return { label, range, better, meaning, unit };
}
