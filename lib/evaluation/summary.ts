/** Tables of a comparison: means with intervals, paired comparisons, ablations, the Pareto picture. */
import { flatGroup, group, range, sort } from "d3-array";
import { InputError } from "../data/errors.ts";
import { seededRandom } from "../math/random.ts";
import {
  bootstrapMean,
  type BootstrapOptions,
  type Interval,
  type PairedDifference,
  pairedDifference,
} from "../math/bootstrap.ts";
import type { Metric } from "../metrics/metric.ts";
import { type RunMeasures, SIMILARITY_BINS } from "../metrics/measure.ts";
import { type MetricName, metricOf } from "../metrics/registry.ts";
import type { RepeatKind } from "../metrics/repetition.ts";
import type { ComparedPolicy, VariedParameter } from "./policies.ts";
import type { LibraryKind, ListeningPattern } from "./scenarios.ts";
import { type ComparedListener, type Comparison, valuesOf } from "./comparison.ts";

/** Windows of the curves of repeat rates. */
const REPEAT_WINDOWS = [1, 2, 3, 5, 10, 20, 30, 40, 50] as const;

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

/** What a row of a table is about. */
type Cell = Omit<SummaryRow, keyof Interval>;

/** A comparison of two policies on the same listeners. */
export interface PairedRow extends Omit<SummaryRow, keyof Interval>, PairedDifference {
  /** The policy it is compared with; the estimate is the mean of policy − baseline. */
  baseline: string;
  /** Better, worse, or no difference that the interval would show, by the metric's better direction. */
  verdict: "better" | "worse" | "even";
  /** Of an ablation: what was left out. */
  parameter?: VariedParameter;
}

/** Over which listeners a table goes. */
export interface SummaryOptions {
  /** A row for each kind of library, instead of one over all. */
  byLibrary?: boolean;
  /** A row for each listening pattern, instead of one over all. */
  byPattern?: boolean;
  /** Metrics wanted; all by default. */
  metrics?: readonly MetricName[];
  /**
   * What the bootstrap draws. `"listener"`, the default: whole listeners, all sessions of each together, for the sessions
   * of one listener share a library, a taste and a memory; the interval is then for other listeners like these.
   * `"session"`: single sessions, as if each were of a listener of its own. It is too narrow where sessions of a listener
   * are alike, and too wide where what one session has played keeps out of the next. Metrics that a single session does
   * not have (no `ofSessions`) are always drawn by listener.
   */
  unit?: "listener" | "session";
}

/**
 * Mean of every metric under every policy, with 95 % bootstrap intervals over listeners or sessions. The mean is
 * the same either way: a session counts by its plays, and every listener has as many.
 *
 * @returns One row a policy, metric and group.
 */
export function summarize(comparison: Comparison, options: SummaryOptions = {}): SummaryRow[] {
  return cellsOf(comparison, options).map(({ members, ...cell }) => {
    const { values, weights } = unitValues(comparison, cell.policy, cell.metric, members, options.unit);
    return { ...cell, ...bootstrapMean(values, { ...resamplesOf(comparison, values), weights }) };
  });
}

/**
 * Paired comparisons of the policies with a baseline: the same listeners, starts and seeds.
 *
 * @param baseline Name of the policy to compare with; `"vanilla"` by default.
 * @returns One row a policy, metric and group; the baseline itself is left out.
 * @throws {InputError} When there is no such policy.
 */
export function compareWith(
  comparison: Comparison,
  baseline: string = "vanilla",
  options: SummaryOptions = {},
): PairedRow[] {
  if (!comparison.policies.some(({ name }) => name === baseline)) {
    const names = comparison.policies.map(({ name }) => name).join(", ");
    throw new InputError(`Expected baseline to be one of ${names} but found '${baseline}'`);
  }
  return cellsOf(comparison, options).filter(({ policy }) => policy !== baseline)
    .map((cell) => pairedRow(comparison, cell, baseline, options));
}

/**
 * Ablation: what each term of Segue buys, and what the hard rules buy. The estimate is the metric without the term
 * minus the metric with it, on the same listeners; `verdict` says what leaving it out does.
 *
 * @param comparison The comparison; it must have variants.
 * @returns One row a term and metric: first under the hard rules (baseline `segue`), then without them (baseline
 * `free`).
 * @throws {InputError} When the comparison has no variants.
 */
export function ablationsOf(comparison: Comparison, options: SummaryOptions = {}): PairedRow[] {
  const left = comparison.policies.filter(({ against, value, temperature }) =>
    against !== undefined && value === 0 && temperature === undefined
  );
  if (left.length === 0) throw new InputError("The comparison was held without variants; set variantListeners");
  const played = { ...comparison, listeners: comparison.listeners.slice(0, comparison.variantListeners) };
  return left.flatMap(({ against, parameter, ...policy }) =>
    cellsOf(played, { metrics: options.metrics }, [policy])
      .map((cell) => ({ ...pairedRow(comparison, cell, against!, options), parameter }))
  );
}

/** A point of the Pareto picture. */
export interface ParetoPoint extends Pick<SummaryRow, "policy" | "label"> {
  /** The curve that the point lies on; `"none"` for a policy that is no variant. */
  curve: VariedParameter | "none";
  /** Temperature or factor on the weight; NaN for a policy that is no variant. */
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
 * policy and of the curves over temperature and over each weight, all on the same listeners.
 *
 * @param comparison The comparison; without variants there are no curves.
 * @returns The points; those of a curve in the order of its values, Segue itself (value 1) among them.
 */
export function paretoPoints(comparison: Comparison): ParetoPoint[] {
  const count = comparison.variantListeners || comparison.listeners.length;
  const interval = (policy: string, metric: MetricName) => {
    const values = valuesOf(comparison, policy, metric).subarray(0, count);
    return bootstrapMean(values, resamplesOf(comparison, values));
  };
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
  const main = mainPolicies(comparison).map(({ name, label }) => point(name, label, "none", NaN));
  const varied = comparison.policies.filter(({ against, parameter }) =>
    against !== undefined && against !== "free" && parameter !== "rules"
  );
  const curves = Array.from(group(varied, ({ parameter }) => parameter!), ([curve, own]) => {
    const base = point(own[0].against!, `${curve} 1`, curve, 1);
    const all = [...own.map(({ name, label, value }) => point(name, label, curve, value!)), base];
    return all.sort((a, b) => a.value - b.value);
  });
  const points = [...main, ...curves.flat()];
  for (const a of points) {
    a.efficient = !points.some((b) =>
      b.coherence.estimate >= a.coherence.estimate && b.variety.estimate >= a.variety.estimate &&
      (b.coherence.estimate > a.coherence.estimate || b.variety.estimate > a.variety.estimate)
    );
  }
  return points;
}

/** A point of a curve with its interval. */
export interface CurvePoint extends Interval, Pick<SummaryRow, "policy" | "label"> {
  /** Place on the horizontal axis. */
  x: number;
}

/**
 * A curve for every policy: the rate of repeats against the window, the share of the library heard against the plays, or
 * how the similarity of consecutive plays is spread.
 *
 * @param measure What comes again: a kind of repeat, at windows 1, 2, 3, 5, 10, 20, 30, 40 and 50; `"heard"`, every 10
 * plays; or `"similarity"`, the share of transitions in each bin, x its middle.
 */
export function curvesOf(
  comparison: Comparison,
  measure: RepeatKind | "heard" | "similarity",
  library: LibraryKind | "all" = "all",
): CurvePoint[] {
  const middles = range(SIMILARITY_BINS).map((bin) => (2 * bin + 1) / SIMILARITY_BINS - 1);
  const tens = range(10, comparison.plays + 1, 10);
  const places = measure === "heard" ? tens : measure === "similarity" ? middles : REPEAT_WINDOWS;
  const valuesOf = ({ heard, similarities, repeats }: RunMeasures) =>
    measure === "heard"
      ? tens.map((plays) => heard[plays - 1])
      : measure === "similarity"
      ? similarities
      : REPEAT_WINDOWS.map((window) => repeats[measure][window - 1]);
  const members = comparison.listeners.filter((listener) => library === "all" || listener.library === library);
  return mainPolicies(comparison).flatMap(({ name: policy, label }) => {
    const found = members.map(({ listener }) => valuesOf(comparison.runs[policy][listener]));
    return places.map((x, i) => {
      const values = found.map((own) => own[i]);
      return { policy, label, x, ...bootstrapMean(values, resamplesOf(comparison, values, 400)) };
    });
  });
}

/**
 * What a policy has over vanilla for each listener, beside that listener's own weights: for whom it is better.
 *
 * @param policy Name of the policy; `"segue"` by default.
 * @returns One row a listener: the difference of their mean utilities, with the listener's description.
 */
export function gainsByListener(
  comparison: Comparison,
  policy: string = "segue",
): (ComparedListener & { gain: number })[] {
  const a = valuesOf(comparison, policy, "utility");
  const b = valuesOf(comparison, "vanilla", "utility");
  return comparison.listeners.map((listener, l) => ({ ...listener, gain: a[l] - b[l] }));
}

/** Randomness of an interval of so many values: intervals of as many share their resamples. */
function resamplesOf({ seed }: Comparison, { length }: ArrayLike<number>, resamples: number = 1000): BootstrapOptions {
  return { random: seededRandom(seed, `draws ${length}/${resamples}`), resamples };
}

/** Every group of listeners with every policy and every metric wanted. */
function cellsOf(
  comparison: Comparison,
  { byLibrary, byPattern, metrics = metricNames(comparison) }: SummaryOptions,
  policies: readonly Pick<ComparedPolicy, "name" | "label">[] = mainPolicies(comparison),
): (Cell & { members: number[] })[] {
  const groups = flatGroup(
    comparison.listeners,
    (listener): Cell["library"] => byLibrary ? listener.library : "all",
    (listener): Cell["pattern"] => byPattern ? listener.pattern : "all",
  );
  // In the order of the first listener of each group.
  return sort(groups, ([, , [first]]) => first.listener).flatMap(([library, pattern, listeners]) => {
    const members = listeners.map(({ listener }) => listener);
    return policies.flatMap(({ name: policy, label }) =>
      metrics.map((metric) => ({ policy, label, metric, library, pattern, members }))
    );
  });
}

/**
 * Names of the metrics of a comparison.
 *
 * @returns The names, in the order of the registry.
 */
export function metricNames(
  { metrics }: Comparison,
  isWanted: (metric: Metric) => boolean = () => true,
): MetricName[] {
  return metrics.filter(isWanted).map(({ name }) => name as MetricName);
}

function mainPolicies(comparison: Comparison): ComparedPolicy[] {
  return comparison.policies.filter(({ group }) => group === "main");
}

function pairedRow(
  comparison: Comparison,
  { members, policy, label, ...cell }: Cell & { members: number[] },
  baseline: string,
  { unit }: SummaryOptions,
): PairedRow {
  const own = unitValues(comparison, policy, cell.metric, members, unit);
  const others = unitValues(comparison, baseline, cell.metric, members, unit);
  const options = { ...resamplesOf(comparison, own.values), weights: own.weights };
  const difference = pairedDifference(own.values, others.values, options);
  const sign = metricOf(cell.metric, comparison.metrics).better === "higher" ? 1 : -1;
  const verdict = !difference.differs ? "even" : difference.estimate * sign > 0 ? "better" : "worse";
  return { policy, label, baseline, ...cell, ...difference, verdict };
}

/** Values of a metric by what the bootstrap draws: one a listener, or one a session with its share of the listener's plays. */
function unitValues(
  comparison: Comparison,
  policy: string,
  metric: MetricName,
  members: readonly number[],
  unit: SummaryOptions["unit"] = "listener",
): { values: number[]; weights?: number[] } {
  if (unit === "listener" || !metricOf(metric, comparison.metrics).ofSessions) {
    const all = valuesOf(comparison, policy, metric);
    return { values: members.map((l) => all[l]) };
  }
  const sessions = members.map((l) => comparison.runs[policy][l].sessions.map((values) => values[metric]!));
  return { values: sessions.flat(), weights: sessions.flatMap((values) => values.map(() => 1 / values.length)) };
}
