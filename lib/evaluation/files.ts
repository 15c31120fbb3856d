/**
 * The files of a tournament, and its table for people.
 *
 * @module
 */
import { csvFormat } from "d3-dsv";
import { join } from "node:path";
import { FEATURES } from "../score/features.ts";
import { writeAtomic } from "../data/atomic.ts";
import { PIPELINE_VERSION } from "../data/stages.ts";
import type { Interval } from "../math/bootstrap.ts";
import { METRIC_NAMES, type MetricName, METRICS, REPEAT_KINDS } from "./metrics.ts";
import {
  ablationsOf,
  compareWith,
  type ComparisonRow,
  heardCurves,
  paretoPoints,
  repeatCurves,
  type ResamplingUnit,
  summarize,
  type SummaryOptions,
  type SummaryRow,
} from "./summary.ts";
import type { Tournament } from "./comparison.ts";

/** The groups of the tables: everyone, by library, by pattern, by both. */
const GROUPS: readonly SummaryOptions[] = [
  {},
  { byLibrary: true },
  { byPattern: true },
  { byLibrary: true, byPattern: true },
];

/** Half-heard and heard-through curves are told for these libraries. */
const HEARD_OF = ["tiny", "broad"] as const;

/**
 * Writes a tournament as CSV files with a `evaluation.json` that says how it was held:
 *
 * | file | a row is |
 * |---|---|
 * | `summary.csv` | a policy, metric and group of listeners, with mean and interval |
 * | `paired.csv` | the same against vanilla, with difference, interval, share of wins and verdict |
 * | `ablation.csv` | a term left out, a metric, with difference and interval |
 * | `pareto.csv` | a policy or a point of a curve, with coherence, variety and regret |
 * | `repeats.csv`, `heard.csv` | a point of a curve over windows or plays |
 * | `runs.csv` | a listener and policy, with all metrics |
 * | `examples.md` | the stories |
 *
 * @param directory The folder to write to.
 * @param tournament The tournament.
 * @param stories The stories.
 * @param unit What the bootstrap draws.
 * @returns Names of the files.
 */
export function writeTournament(
  directory: string,
  tournament: Tournament,
  stories: readonly string[],
  unit: ResamplingUnit = "listener",
): string[] {
  const files: Record<string, string> = {
    "summary.csv": csv(GROUPS.flatMap((group) => summarize(tournament, { ...group, unit })).map(plainRow)),
    "paired.csv": csv(GROUPS.flatMap((group) => compareWith(tournament, "vanilla", { ...group, unit })).map(plainRow)),
    "repeats.csv": csv(
      REPEAT_KINDS.flatMap((kind) => repeatCurves(tournament, kind).map((point) => ({ kind, ...point }))),
    ),
    "heard.csv": csv(
      HEARD_OF.flatMap((library) => heardCurves(tournament, library).map((point) => ({ library, ...point }))),
    ),
    "pareto.csv": csv(
      paretoPoints(tournament).map(({ coherence, variety, regret, ...point }) => ({
        ...point,
        ...named("coherence", coherence),
        ...named("variety", variety),
        ...named("regret", regret),
      })),
    ),
    "runs.csv": csv(runRows(tournament)),
    "examples.md": stories.join("\n"),
  };
  if (tournament.variantListeners > 0) files["ablation.csv"] = csv(ablationsOf(tournament, { unit }).map(plainRow));
  const { seed, listeners, variantListeners, learned, tuned, sequence, plays, workers, seconds } = tournament;
  const sizes = { seed, listeners: listeners.length, variantListeners, plays, unit };
  const { prior: { features, mean, basis, rank } } = learned;
  const prior = { features, mean: Array.from(mean), basis: Array.from(basis), rank };
  const about = { ...sizes, learned: { ...learned, prior }, tuned, sequence, workers, seconds };
  files["evaluation.json"] =
    JSON.stringify({ format: "segue-evaluation", segue: PIPELINE_VERSION, ...about }, null, 2) +
    "\n";
  for (const [name, text] of Object.entries(files)) writeAtomic(join(directory, name), text);
  return Object.keys(files);
}

/** One line of the table of contestants. */
export interface ContestRow {
  /** What people read of the metric. */
  metric: string;
  /** Mean ± half the 95 % interval, and + better, − worse or = even against vanilla; one a policy, by its label. */
  [policy: string]: string;
}

/**
 * The table of contestants: a row a metric, a column a policy.
 *
 * @param tournament The tournament.
 * @param metrics Metrics wanted; all by default.
 * @param unit What the bootstrap draws.
 * @returns The rows.
 */
export function contestTable(
  tournament: Tournament,
  metrics: readonly MetricName[] = METRIC_NAMES,
  unit: ResamplingUnit = "listener",
): ContestRow[] {
  const summary = summarize(tournament, { metrics, unit });
  const paired = compareWith(tournament, "vanilla", { metrics, unit });
  return metrics.map((metric) => {
    const { label, better } = METRICS[metric];
    const row: ContestRow = { metric: `${label} ${better === "higher" ? "↑" : "↓"}` };
    for (const entry of summary.filter((s) => s.metric === metric)) {
      const verdict = paired.find((p) => p.metric === metric && p.policy === entry.policy)?.verdict;
      row[entry.label] = contestCell(entry, verdict);
    }
    return row;
  });
}

function contestCell({ estimate, lower, upper }: SummaryRow, verdict?: ComparisonRow["verdict"]): string {
  if (Number.isNaN(estimate)) return "–";
  const half = (upper - lower) / 2;
  const digits = Math.abs(estimate) >= 100 ? 0 : Math.abs(estimate) >= 10 ? 1 : Math.abs(estimate) >= 1 ? 2 : 3;
  const mark = verdict === undefined ? "" : { better: " +", worse: " −", even: " =" }[verdict];
  return `${estimate.toFixed(digits)} ± ${half.toFixed(digits)}${mark}`.replace("-", "−");
}

function runRows({ policies, listeners, runs }: Tournament): object[] {
  return policies.flatMap(({ name, group }) =>
    runs[name].map(({ values }, l) => {
      const { weights, ...listener } = listeners[l];
      const own = Object.fromEntries(FEATURES.map((feature) => [`w_${feature}`, weights[feature]]));
      const metrics = Object.fromEntries(METRIC_NAMES.map((metric) => [metric, values[metric]]));
      return { policy: name, group, ...listener, ...own, ...metrics };
    })
  );
}

/** A row without what is for people alone. */
function plainRow<T extends SummaryRow | ComparisonRow>({ label: _label, ...row }: T): Omit<T, "label"> {
  return row;
}

function named(name: string, { estimate, lower, upper }: Interval): object {
  return { [name]: estimate, [`${name}_lower`]: lower, [`${name}_upper`]: upper };
}

/** Numbers with eight digits, missing ones empty. */
function csv(rows: readonly object[]): string {
  const plain = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (typeof value !== "number") return [name, value];
        return [name, Number.isNaN(value) ? "" : Number(value.toPrecision(8))];
      }),
    )
  );
  return csvFormat(plain, Object.keys(rows[0] ?? {})) + "\n";
}
