/** The files of a comparison, and its table for people. */
import { csvFormat } from "d3-dsv";
import { join } from "node:path";
import { BASE_TERM_NAMES } from "../score/terms/registry.ts";
import { writeAtomic } from "../data/atomic.ts";
import { PIPELINE_VERSION } from "../data/stages.ts";
import type { Interval } from "../math/bootstrap.ts";
import { type MetricName, metricOf } from "../metrics/registry.ts";
import { REPEAT_KINDS } from "../metrics/repetition.ts";
import {
  ablationsOf,
  compareWith,
  curvesOf,
  metricNames,
  type PairedRow,
  paretoPoints,
  summarize,
  type SummaryOptions,
  type SummaryRow,
} from "./summary.ts";
import type { Comparison } from "./comparison.ts";

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
 * Writes a comparison as CSV files with a `evaluation.json` that says how it was made:
 *
 * | file | a row is |
 * |---|---|
 * | `summary.csv` | a policy, metric and group of listeners, with mean and interval |
 * | `paired.csv` | the same against vanilla, with difference, interval, share of wins and verdict |
 * | `ablation.csv` | a term left out, a metric, with difference and interval |
 * | `pareto.csv` | a policy or a point of a curve, with coherence, variety and regret |
 * | `repeats.csv`, `heard.csv` | a point of a curve over windows or plays |
 * | `runs.csv` | a listener and policy, with all metrics |
 * | `examples.md` | the examples |
 */
export function writeComparison(
  directory: string,
  comparison: Comparison,
  examples: readonly string[],
  unit: SummaryOptions["unit"] = "listener",
): string[] {
  const files: Record<string, string> = {
    "summary.csv": csv(GROUPS.flatMap((group) => summarize(comparison, { ...group, unit })).map(plainRow)),
    "paired.csv": csv(GROUPS.flatMap((group) => compareWith(comparison, "vanilla", { ...group, unit })).map(plainRow)),
    "repeats.csv": csv(
      REPEAT_KINDS.flatMap((kind) => curvesOf(comparison, kind).map((point) => ({ kind, ...point }))),
    ),
    "heard.csv": csv(
      HEARD_OF.flatMap((library) => curvesOf(comparison, "heard", library).map((point) => ({ library, ...point }))),
    ),
    "pareto.csv": csv(
      paretoPoints(comparison).map(({ coherence, variety, regret, ...point }) => ({
        ...point,
        curve: nameInFiles(point.curve),
        ...named("coherence", coherence),
        ...named("variety", variety),
        ...named("regret", regret),
      })),
    ),
    "runs.csv": csv(runRows(comparison)),
    "examples.md": examples.join("\n"),
  };
  if (comparison.variantListeners > 0) files["ablation.csv"] = csv(ablationsOf(comparison, { unit }).map(plainRow));
  const { seed, listeners, variantListeners, learned, tuned, sequence, plays, workers, seconds } = comparison;
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

/**
 * The table of policies: a row a metric, with its label as `metric`, a column a policy, by its label: mean ± half the
 * 95 % interval, and + better, − worse or = even against vanilla.
 */
export function policyTable(
  comparison: Comparison,
  metrics: readonly MetricName[] = metricNames(comparison),
  unit: SummaryOptions["unit"] = "listener",
): Record<string, string>[] {
  const summary = summarize(comparison, { metrics, unit });
  const paired = compareWith(comparison, "vanilla", { metrics, unit });
  return metrics.map((metric) => {
    const { label, better } = metricOf(metric, comparison.metrics);
    const row: Record<string, string> = { metric: `${label} ${better === "higher" ? "↑" : "↓"}` };
    for (const entry of summary.filter((s) => s.metric === metric)) {
      const verdict = paired.find((p) => p.metric === metric && p.policy === entry.policy)?.verdict;
      row[entry.label] = policyCell(entry, verdict);
    }
    return row;
  });
}

function policyCell({ estimate, lower, upper }: SummaryRow, verdict?: PairedRow["verdict"]): string {
  if (Number.isNaN(estimate)) return "–";
  const half = (upper - lower) / 2;
  const digits = Math.abs(estimate) >= 100 ? 0 : Math.abs(estimate) >= 10 ? 1 : Math.abs(estimate) >= 1 ? 2 : 3;
  const mark = verdict === undefined ? "" : { better: " +", worse: " −", even: " =" }[verdict];
  return `${estimate.toFixed(digits)} ± ${half.toFixed(digits)}${mark}`.replace("-", "−");
}

function runRows({ metrics, policies, listeners, runs }: Comparison): object[] {
  return policies.flatMap(({ name, group }) =>
    runs[name].map(({ values }, l) => {
      const { weights, ...listener } = listeners[l];
      const own = Object.fromEntries(BASE_TERM_NAMES.map((term) => [`w_${term}`, weights[term]]));
      const measured = Object.fromEntries(metrics.map(({ name }) => [name, values[name as MetricName]]));
      return { policy: name, group: nameInFiles(group), ...listener, ...own, ...measured };
    })
  );
}

/** In the files a policy that is no variant belongs to the `contest`. */
function nameInFiles(name: string): string {
  return name === "main" || name === "none" ? "contest" : name;
}

/** A row without what is for people alone. */
function plainRow<T extends SummaryRow | PairedRow>({ label: _label, ...row }: T): Omit<T, "label"> {
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
