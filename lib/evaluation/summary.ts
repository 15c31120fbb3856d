/**
 * Tables of a tournament: means with intervals, paired comparisons, ablations, the Pareto picture.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import { seededRandom } from "../random.ts";
import { bootstrapMean, type Interval, type PairedDifference, pairedDifference, sharedDraws } from "./bootstrap.ts";
import { METRIC_NAMES, type MetricName, METRICS, REPEAT_KINDS, SESSION_METRICS, SIMILARITY_BINS } from "./metrics.ts";
import type { VariedParameter } from "./policies.ts";
import type { LibraryKind, ListeningPattern } from "./scenarios.ts";
import { sessionValuesOf, type Tournament, type TournamentListener, valuesOf } from "./tournament.ts";

/** A mean of a metric under a policy, over listeners. */
export interface SummaryRow extends Interval {
  /** Name of the policy. */
  policy: string;
  /** What people read. */
  label: string;
  /** Name of the metric. */
  metric: MetricName;
  /** Kind of the library, or `"all"`. */
  library: LibraryKind | "all";
  /** Listening pattern, or `"all"`. */
  pattern: ListeningPattern | "all";
}

/** A comparison of two policies on the same listeners. */
export interface ComparisonRow extends PairedDifference {
  /** Name of the policy. */
  policy: string;
  /** What people read. */
  label: string;
  /** The policy it is compared with; the estimate is the mean of policy − baseline. */
  baseline: string;
  /** Name of the metric. */
  metric: MetricName;
  /** Kind of the library, or `"all"`. */
  library: LibraryKind | "all";
  /** Listening pattern, or `"all"`. */
  pattern: ListeningPattern | "all";
  /** Better, worse, or no difference that the interval would show, by the metric's better direction. */
  verdict: "better" | "worse" | "even";
}

/**
 * What the bootstrap draws. `"listener"`, the default: whole listeners, all sessions of each together, for the sessions
 * of one listener share a library, a taste and a memory; the interval is then for other listeners like these.
 * `"session"`: single sessions, as if each were of a listener of its own. It is too narrow where sessions of a listener
 * are alike, and too wide where what one session has played keeps out of the next.
 */
export type ResamplingUnit = "listener" | "session";

/** Over which listeners a table goes. */
export interface SummaryOptions {
  /** A row for each kind of library, instead of one over all. */
  byLibrary?: boolean;
  /** A row for each listening pattern, instead of one over all. */
  byPattern?: boolean;
  /** Metrics wanted; all by default. */
  metrics?: readonly MetricName[];
  /** Resamples of the bootstrap; 1,000 by default. */
  resamples?: number;
  /**
   * What the bootstrap draws; whole listeners by default. Metrics that a single session does not have (all but
   * {@linkcode SESSION_METRICS}) are always drawn by listener.
   */
  unit?: ResamplingUnit;
}

/**
 * Mean of every metric under every contestant, with 95 % bootstrap intervals over listeners or sessions. The mean is
 * the same either way: a session counts by its plays, and every listener has as many.
 *
 * @param tournament The tournament.
 * @param options Grouping, metrics.
 * @returns One row a policy, metric and group.
 */
export function summarize(tournament: Tournament, options: SummaryOptions = {}): SummaryRow[] {
  const { metrics = METRIC_NAMES, resamples, unit } = options;
  const rows: SummaryRow[] = [];
  for (const group of groupsOf(tournament, options)) {
    for (const { name: policy, label } of tournament.policies.filter(({ group }) => group === "contest")) {
      for (const metric of metrics) {
        const { values, weights } = unitValues(tournament, policy, metric, group.members, unit);
        const random = seededRandom(tournament.seed, `summary ${policy} ${metric}`);
        const { library, pattern } = group;
        rows.push({
          policy,
          label,
          metric,
          library,
          pattern,
          ...bootstrapMean(values, { random, resamples, weights, draws: drawsOf(tournament) }),
        });
      }
    }
  }
  return rows;
}

/**
 * Paired comparisons of contestants with a baseline: the same listeners, starts and seeds.
 *
 * @param tournament The tournament.
 * @param baseline Name of the policy to compare with; `"vanilla"` by default.
 * @param options Grouping, metrics.
 * @returns One row a policy, metric and group; the baseline itself is left out.
 * @throws {InputError} When there is no such policy.
 */
export function compareWith(
  tournament: Tournament,
  baseline: string = "vanilla",
  options: SummaryOptions = {},
): ComparisonRow[] {
  if (!tournament.policies.some(({ name }) => name === baseline)) {
    const names = tournament.policies.map(({ name }) => name).join(", ");
    throw new InputError(`Expected baseline to be one of ${names} but found '${baseline}'`);
  }
  return groupsOf(tournament, options).flatMap((group) =>
    tournament.policies
      .filter(({ group, name }) => group === "contest" && name !== baseline)
      .flatMap((policy) =>
        (options.metrics ?? METRIC_NAMES).map((metric) =>
          comparison(tournament, policy, baseline, metric, group, options)
        )
      )
  );
}

/** What a term buys: the policy with it against the policy without it. */
export interface AblationRow extends ComparisonRow {
  /** The term that was left out. */
  parameter: VariedParameter;
}

/**
 * Ablation: what each term of Segue buys, and what the hard rules buy. The estimate is the metric without the term
 * minus the metric with it, on the same listeners; `verdict` says what leaving it out does.
 *
 * @param tournament The tournament; it must have been held with variants.
 * @param options Metrics.
 * @returns One row a term and metric: first under the hard rules (baseline `segue`), then without them (baseline
 * `free`).
 * @throws {InputError} When the tournament was held without variants.
 */
export function ablationsOf(tournament: Tournament, options: SummaryOptions = {}): AblationRow[] {
  const [everyone] = groupsOf(tournament, {});
  const variants = variantsOf(tournament)
    .filter(({ value, parameter }) => value === 0 && !parameter!.toLowerCase().endsWith("temperature"));
  return variants.flatMap((policy) =>
    (options.metrics ?? METRIC_NAMES).map((metric): AblationRow => ({
      ...comparison(tournament, policy, policy.against!, metric, everyone, options),
      parameter: policy.parameter!,
    }))
  );
}

/** A point of the Pareto picture. */
export interface ParetoPoint {
  /** Name of the policy. */
  policy: string;
  /** What people read. */
  label: string;
  /** The curve that the point lies on; `"contest"` for a contestant. */
  curve: VariedParameter | "contest";
  /** Temperature or factor on the weight; NaN for a contestant. */
  value: number;
  /** Mean similarity of consecutive plays. */
  coherence: Interval;
  /** Mean intra-list diversity. */
  variety: Interval;
  /** Mean regret of the listeners. */
  regret: Interval;
  /** True when no other point is at least as coherent and as varied, and more so in one of them. */
  efficient: boolean;
}

/**
 * The Pareto picture: coherence (similarity of consecutive plays) against variety (intra-list diversity) of every
 * contestant and of the curves over temperature and over each weight, all on the same listeners.
 *
 * @param tournament The tournament; without variants only the contestants appear.
 * @param resamples Resamples of the bootstrap.
 * @returns The points; those of a curve in the order of its values, Segue itself (value 1) among them.
 */
export function paretoPoints(tournament: Tournament, resamples?: number): ParetoPoint[] {
  const count = tournament.variantListeners || tournament.listeners.length;
  const interval = (policy: string, metric: MetricName) =>
    bootstrapMean(valuesOf(tournament, policy, metric).subarray(0, count), {
      random: seededRandom(tournament.seed, `pareto ${policy} ${metric}`),
      resamples,
      draws: drawsOf(tournament),
    });
  const point = (policy: string, label: string, curve: ParetoPoint["curve"], value: number): ParetoPoint => ({
    policy,
    label,
    curve,
    value,
    coherence: interval(policy, "similarity"),
    variety: interval(policy, "diversity"),
    regret: interval(policy, "regret"),
    efficient: false,
  });
  const points = tournament.policies.filter(({ group }) => group === "contest")
    .map(({ name, label }) => point(name, label, "contest", NaN));
  const curves = tournament.policies.filter(({ group, against, parameter }) =>
    group === "variant" && against !== "free" && parameter !== "rules"
  );
  for (const curve of new Set(curves.map(({ parameter }) => parameter!))) {
    const own = curves.filter(({ parameter }) => parameter === curve);
    const base = point(own[0].against!, `${curve} 1`, curve, 1);
    const all = [...own.map(({ name, label, value }) => point(name, label, curve, value!)), base];
    points.push(...all.sort((a, b) => a.value - b.value));
  }
  for (const a of points) {
    a.efficient = !points.some((b) =>
      b.coherence.estimate >= a.coherence.estimate && b.variety.estimate >= a.variety.estimate &&
      (b.coherence.estimate > a.coherence.estimate || b.variety.estimate > a.variety.estimate)
    );
  }
  return points;
}

/** A point of a curve with its interval. */
export interface CurvePoint extends Interval {
  /** Name of the policy. */
  policy: string;
  /** What people read. */
  label: string;
  /** Place on the horizontal axis. */
  x: number;
}

/**
 * Repeat rate against window for every contestant.
 *
 * @param tournament The tournament.
 * @param kind Of tracks, works, artists or albums.
 * @param windows Windows wanted; 1, 2, 3, 5, 10, 20, 30, 40 and 50 by default.
 * @param library Kind of the library; all by default.
 * @returns Rates with intervals.
 */
export function repeatCurves(
  tournament: Tournament,
  kind: typeof REPEAT_KINDS[number],
  windows: readonly number[] = [1, 2, 3, 5, 10, 20, 30, 40, 50],
  library: LibraryKind | "all" = "all",
): CurvePoint[] {
  const at = (window: number) => REPEAT_KINDS.indexOf(kind) * 50 + window - 1;
  return curvesOf(tournament, tournament.repeats, REPEAT_KINDS.length * 50, windows, at, library);
}

/**
 * Share of the library heard after some plays, for every contestant.
 *
 * @param tournament The tournament.
 * @param library Kind of the library.
 * @param step Plays between the points; 10 by default.
 * @returns Shares with intervals.
 */
export function heardCurves(tournament: Tournament, library: LibraryKind | "all", step: number = 10): CurvePoint[] {
  const places = Array.from({ length: Math.floor(tournament.plays / step) }, (_, i) => (i + 1) * step);
  return curvesOf(tournament, tournament.heard, tournament.plays, places, (plays) => plays - 1, library);
}

/**
 * Distribution of the similarity of consecutive plays, for every contestant.
 *
 * @param tournament The tournament.
 * @returns For each bin (x its middle) the share of transitions, with intervals.
 */
export function similarityDistributions(tournament: Tournament): CurvePoint[] {
  const middles = Array.from({ length: SIMILARITY_BINS }, (_, bin) => (2 * bin + 1) / SIMILARITY_BINS - 1);
  const at = (middle: number) => middles.indexOf(middle);
  return curvesOf(tournament, tournament.similarities, SIMILARITY_BINS, middles, at, "all");
}

/**
 * What one policy has over another for each listener, beside that listener's own weights: for whom it is better.
 *
 * @param tournament The tournament.
 * @param policy Name of the policy; `"segue"` by default.
 * @param baseline Name of the other; `"vanilla"` by default.
 * @returns One row a listener: the difference of their mean utilities, with the listener's description.
 */
export function gainsByListener(
  tournament: Tournament,
  policy: string = "segue",
  baseline: string = "vanilla",
): (TournamentListener & { gain: number })[] {
  const a = valuesOf(tournament, policy, "utility");
  const b = valuesOf(tournament, baseline, "utility");
  return tournament.listeners.map((listener, l) => ({ ...listener, gain: a[l] - b[l] }));
}

const drawsOfTournament = new WeakMap<Tournament, ReturnType<typeof sharedDraws>>();

/** All intervals of a tournament share their resamples. */
function drawsOf(tournament: Tournament): ReturnType<typeof sharedDraws> {
  let draws = drawsOfTournament.get(tournament);
  if (!draws) drawsOfTournament.set(tournament, draws = sharedDraws(tournament.seed));
  return draws;
}

interface Group {
  library: LibraryKind | "all";
  pattern: ListeningPattern | "all";
  members: number[];
}

function groupsOf(tournament: Tournament, { byLibrary, byPattern }: SummaryOptions): Group[] {
  const groups = new Map<string, Group>();
  tournament.listeners.forEach((listener, l) => {
    const library = byLibrary ? listener.library : "all";
    const pattern = byPattern ? listener.pattern : "all";
    const known = groups.get(`${library}/${pattern}`);
    if (known) known.members.push(l);
    else groups.set(`${library}/${pattern}`, { library, pattern, members: [l] });
  });
  return [...groups.values()];
}

function comparison(
  tournament: Tournament,
  { name: policy, label }: { name: string; label: string },
  baseline: string,
  metric: MetricName,
  { library, pattern, members }: Group,
  { resamples, unit }: SummaryOptions,
): ComparisonRow {
  const own = unitValues(tournament, policy, metric, members, unit);
  const others = unitValues(tournament, baseline, metric, members, unit);
  const difference = pairedDifference(own.values, others.values, {
    random: seededRandom(tournament.seed, `pair ${policy} ${baseline} ${metric}`),
    resamples,
    weights: own.weights,
    draws: drawsOf(tournament),
  });
  const sign = METRICS[metric].better === "higher" ? 1 : -1;
  const verdict = !difference.differs ? "even" : difference.estimate * sign > 0 ? "better" : "worse";
  return { policy, label, baseline, metric, library, pattern, ...difference, verdict };
}

/** Values of a metric by what the bootstrap draws: one a listener, or one a session with its share of the listener's plays. */
function unitValues(
  tournament: Tournament,
  policy: string,
  metric: MetricName,
  members: readonly number[],
  unit: ResamplingUnit = "listener",
): { values: number[]; weights?: number[] } {
  if (unit === "listener" || !SESSION_METRICS.includes(metric)) {
    const all = valuesOf(tournament, policy, metric);
    return { values: members.map((l) => all[l]) };
  }
  const sessions = members.map((l) => sessionValuesOf(tournament, policy, metric, l));
  return {
    values: sessions.flatMap((values) => Array.from(values)),
    weights: sessions.flatMap((values) => Array.from(values, () => 1 / values.length)),
  };
}

function variantsOf(tournament: Tournament): Tournament["policies"] {
  const variants = tournament.policies.filter(({ group }) => group === "variant");
  if (variants.length === 0) throw new InputError("The tournament was held without variants; set variantListeners");
  return variants;
}

function curvesOf(
  tournament: Tournament,
  data: Float32Array,
  width: number,
  places: readonly number[],
  at: (place: number) => number,
  library: LibraryKind | "all",
): CurvePoint[] {
  const count = tournament.listeners.length;
  const members = tournament.listeners.filter((l) => library === "all" || l.library === library);
  return tournament.policies.flatMap(({ name: policy, label, group }, p) => {
    if (group !== "contest") return [];
    return places.map((x): CurvePoint => {
      const values = members.map(({ listener }) => data[(p * count + listener) * width + at(x)]);
      const random = seededRandom(tournament.seed, `curve ${policy} ${x}`);
      return { policy, label, x, ...bootstrapMean(values, { random, resamples: 400, draws: drawsOf(tournament) }) };
    });
  });
}
