/**
 * The verdict in words: what one shuffle does better than another, and where the other is as good or better.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import { type MetricName, METRICS } from "./metrics.ts";
import { LIBRARY_KINDS, LISTENING_PATTERNS } from "./scenarios.ts";
import { compareWith, type ComparisonRow, gainsByListener, summarize } from "./summary.ts";
import type { Tournament } from "./tournament.ts";

/** What {@linkcode describeVerdict} found. */
export interface Verdict {
  /** Where the policy is better than vanilla, as Markdown. */
  better: string;
  /** Where vanilla is as good or better, for whom, and what the policy costs, as Markdown. */
  sober: string;
  /** Share of listeners whose own utility is higher under vanilla, in [0, 1]. */
  preferVanilla: number;
}

/** Metrics that count in a verdict: one of each kind, so that nothing is counted twice. */
const JUDGED: readonly MetricName[] = [
  "trackRepeat",
  "workRepeat",
  "artistInRow",
  "artistRepeat",
  "albumRepeat",
  "similarity",
  "keyMatch",
  "tempoSmooth",
  "diversity",
  "clusterEntropy",
  "miscalibration",
  "coverage",
  "giniTracks",
  "giniArtists",
  "novelty",
  "halfHeard",
  "regret",
];

/**
 * Puts the comparison of a policy with vanilla into words. Every clause hangs on the numbers: a metric is named as better
 * or worse only when the interval of its paired difference does not hold 0, and a part that is empty is left out.
 *
 * @param tournament The tournament.
 * @param policy Name of the policy; `"segue"` by default.
 * @returns The verdict.
 */
export function describeVerdict(tournament: Tournament, policy: string = "segue"): Verdict {
  const rows = compareWith(tournament, "vanilla", { metrics: JUDGED }).filter((row) => row.policy === policy);
  const { label } = rows[0];
  const means = summarize(tournament, { metrics: [...JUDGED, "relaxed"], resamples: 1 });
  const mean = (name: string, metric: MetricName) =>
    means.find((row) => row.policy === name && row.metric === metric)!.estimate;
  const clause = (row: ComparisonRow) => {
    const values = `${plain(mean(policy, row.metric))} against ${plain(mean("vanilla", row.metric))}`;
    return `${quiet(METRICS[row.metric].label)} (${values}; difference ${formatInterval(row)})`;
  };
  const of = (verdict: ComparisonRow["verdict"]) => rows.filter((row) => row.verdict === verdict);
  const better = of("better").length > 0
    ? `**${label} is better than vanilla** in ${list(of("better").map(clause))}.`
    : `In none of the ${rows.length} metrics is ${label} shown to be better than vanilla.`;
  const gains = gainsByListener(tournament, policy);
  const losers = gains.filter(({ gain }) => gain < 0);
  const sober = [
    of("worse").length > 0
      ? `**Vanilla is better** in ${list(of("worse").map(clause))}.`
      : `In none of the ${rows.length} metrics is vanilla shown to be better over all listeners.`,
    of("even").length > 0 ? `No difference can be shown in ${list(of("even").map(clause))}.` : "",
    cellsSentence(tournament, policy),
    losersSentence(gains, losers),
    priceSentence(tournament, policy),
  ];
  return { better, sober: sober.filter(Boolean).join(" "), preferVanilla: losers.length / gains.length };
}

/**
 * An interval for people: `−0.074 [−0.095, −0.052]`.
 *
 * @param interval Estimate with its ends.
 * @returns The text, three significant digits of the larger end.
 */
export function formatInterval({ estimate, lower, upper }: Interval): string {
  const size = Math.max(Math.abs(lower), Math.abs(upper), 1e-9);
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(size))));
  const text = (value: number) => {
    const fixed = value.toFixed(digits);
    return (Number(fixed) === 0 ? fixed.replace("-", "") : fixed).replace("-", "−");
  };
  return `${text(estimate)} [${text(lower)}, ${text(upper)}]`;
}

const PATTERN_PHRASES = {
  binge: "in one long sitting",
  daily: "day by day",
  weekly: "week by week",
} as const satisfies Record<typeof LISTENING_PATTERNS[number], string>;

/** In which kinds of libraries and patterns repeats are no fewer than under vanilla. */
function cellsSentence(tournament: Tournament, policy: string): string {
  const rows = compareWith(tournament, "vanilla", { byLibrary: true, byPattern: true, metrics: ["trackRepeat"] })
    .filter((row) => row.policy === policy && row.verdict !== "better" && row.count >= 6);
  if (rows.length === 0) return "";
  const patterns = LISTENING_PATTERNS.flatMap((pattern) => {
    const kinds = LIBRARY_KINDS.filter((kind) => rows.some((row) => row.pattern === pattern && row.library === kind));
    if (kinds.length === 0) return [];
    const libraries = kinds.length === LIBRARY_KINDS.length ? "every kind of library" : `libraries: ${list(kinds)}`;
    return [`${PATTERN_PHRASES[pattern]} (${libraries})`];
  });
  const reason = rows.some(({ pattern }) => pattern === "binge")
    ? ": within one sitting a vanilla shuffle deals every track once before any comes again, and memory has nothing to add"
    : "";
  return `${
    capital(list(patterns))
  }, Segue is not shown to repeat fewer tracks within 50 plays than vanilla does${reason}.`;
}

function losersSentence(
  gains: readonly { gain: number; weights: { similarity: number } }[],
  losers: readonly { weights: { similarity: number } }[],
): string {
  if (losers.length === 0) return "By their own taste no listener is better served by vanilla.";
  const others = gains.filter(({ gain }) => gain >= 0);
  const weight = (listeners: readonly { weights: { similarity: number } }[]) =>
    plain(listeners.reduce((sum, { weights }) => sum + weights.similarity, 0) / listeners.length);
  const share = `${losers.length} of ${gains.length} listeners (${Math.round(100 * losers.length / gains.length)} %)`;
  const taste = others.length > 0
    ? `; their mean weight of similarity is ${weight(losers)}, that of the others ${weight(others)}`
    : "";
  return `By their own taste ${share} are better served by vanilla${taste}.`;
}

function priceSentence(tournament: Tournament, policy: string): string {
  const rows = summarize(tournament, { byLibrary: true, metrics: ["relaxed"], resamples: 1 })
    .filter((row) => row.policy === policy);
  const overall = rows.reduce((sum, row) => sum + row.estimate * row.count, 0) /
    rows.reduce((sum, row) => sum + row.count, 0);
  if (!(overall > 0)) return "";
  const worst = rows.reduce((a, b) => b.estimate > a.estimate ? b : a);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `The rules have their price: for ${
    percent(overall)
  } of its picks Segue had to relax one, most of all in libraries of ` +
    `the kind “${worst.library}” (${percent(worst.estimate)}).`;
}

function list(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

function quiet(label: string): string {
  return label.startsWith("Gini") ? label : label[0].toLowerCase() + label.slice(1);
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function plain(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3).replace("-", "−");
}
