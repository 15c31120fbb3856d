/** The findings in words: what one shuffle does better than another, and where the other is as good or better. */
import { greatest, mean, rollups } from "d3-array";
import { seededRandom } from "../math/random.ts";
import { type Interval, pairedDifference } from "../math/bootstrap.ts";
import { type MetricName, metricOf } from "../metrics/registry.ts";
import { PAST_CHOICES } from "./play.ts";
import { LIBRARY_KINDS, LISTENER_WEIGHTS, LISTENING_PATTERNS } from "./scenarios.ts";
import { compareWith, gainsByListener, metricNames, type PairedRow } from "./summary.ts";
import { type Comparison, valuesOf } from "./comparison.ts";

const LIST = new Intl.ListFormat("en-GB");
const list = (parts: string[]) => LIST.format(parts);

/**
 * Puts the comparison of Segue with vanilla into words. Every clause hangs on the numbers: a metric is named as
 * better or worse only when the interval of its paired difference does not hold 0, and a part that is empty is left
 * out.
 *
 * @returns Markdown: where Segue is better than vanilla; and where vanilla is as good or better, for whom, and what Segue
 * costs.
 */
export function describeFindings(comparison: Comparison): { better: string; notBetter: string } {
  // A metric that is another side of one that is told is left out, so that nothing is counted twice.
  const metrics = metricNames(comparison, ({ shown }) => shown !== "tables");
  const rows = compareWith(comparison, "vanilla", { metrics }).filter(({ policy }) => policy === "segue");
  const { label } = rows[0];
  const meanOf = (name: string, metric: MetricName) => mean(valuesOf(comparison, name, metric)) ?? NaN;
  const clause = (row: PairedRow) => {
    const values = `${plain(meanOf("segue", row.metric))} against ${plain(meanOf("vanilla", row.metric))}`;
    return `${labelOf(comparison, row.metric)} (${values}; difference ${formatInterval(row)})`;
  };
  const of = (verdict: PairedRow["verdict"]) => rows.filter((row) => row.verdict === verdict);
  const better = of("better").length > 0
    ? `**${label} is better than vanilla** in ${list(of("better").map(clause))}.`
    : `In none of the ${rows.length} metrics is ${label} shown to be better than vanilla.`;
  const gains = gainsByListener(comparison);
  const notBetter = [
    of("worse").length > 0
      ? `**Vanilla is better** in ${list(of("worse").map(clause))}.`
      : `In none of the ${rows.length} metrics is vanilla shown to be better over all listeners.`,
    of("even").length > 0 ? `No difference can be shown in ${list(of("even").map(clause))}.` : "",
    cellsSentence(comparison),
    losersSentence(gains),
    priceSentence(comparison),
  ];
  return { better, notBetter: notBetter.filter(Boolean).join(" ") };
}

/**
 * Puts into words what learning and the sequence term bring, each held against the hand-set weights on the same
 * listeners. As in {@linkcode describeFindings} every word hangs on the numbers.
 *
 * @returns Markdown paragraphs: on learned weights, and on the sequence term where it took part.
 */
export function describeLearning(comparison: Comparison): { learned: string; sequence: string } {
  const rows = compareWith(comparison, "segue", { metrics: ["regret", "diversity", "coverage", "artistRepeat"] });
  const against = (policy: string, metric: MetricName) =>
    rows.find((row) => row.policy === policy && row.metric === metric)!;
  const regret = (policy: string) => plain(mean(valuesOf(comparison, policy, "regret"))!);
  const regretAgainst = (policy: string) => {
    const row = against(policy, "regret");
    const words = { better: "less than", worse: "more than", even: "not shown to differ from" };
    return `a regret of ${regret(policy)}, ${words[row.verdict]} the ${regret("segue")} of the hand-set weights ` +
      `(difference ${formatInterval(row)})`;
  };
  const { learned, tuned, listeners, sequence } = comparison;
  const unhappy = (policy: string) => gainsByListener(comparison, policy).filter(({ gain }) => gain < 0).length;
  const share = plain(learned.pooled.similarity);
  const change = (policy: string, metric: MetricName) => {
    const row = against(policy, metric);
    const change = row.differs ? row.estimate > 0 ? "more" : "less" : "no difference shown in";
    return `${change} ${labelOf(comparison, metric)} (${formatInterval(row)})`;
  };
  const [byHand, own, each] = ["segue", "segue-own", "segue-personal"].map(unhappy);
  const paragraphs = [
    `**One set of weights learned from all** ${learned.listeners} listeners at once, used as estimated, leaves`,
    `${regretAgainst("segue-learned")}. People who differ look like noise to a model with one set of weights, so the`,
    `estimates shrink, those most in which people differ most: similarity is estimated at ${share} where the mean`,
    `listener's weight is ${LISTENER_WEIGHTS.mean.similarity}.`,
    `**Weights learned from each listener**, from ${PAST_CHOICES} past choices of theirs and from how the others differ,`,
    `leave ${regretAgainst("segue-personal")}; knowing the true weights would leave ${regret("segue-own")}. Vanilla`,
    `still serves ${each} of ${listeners.length} listeners better (${byHand} under the hand-set weights, ${own} under`,
    "their true ones): whatever the weights, the candidates are a track's nearest neighbours.",
    `**The temperature** that was chosen for these on ${tuned.listeners} other listeners is ${tuned.temperature}. It`,
    `leaves ${regretAgainst("segue-tuned")}, with ${change("segue-tuned", "diversity")}, and ${unhappy("segue-tuned")}`,
    `listeners better served by vanilla${equalTemperature(comparison)}.`,
  ];
  if (!sequence) return { learned: paragraphs.join(" "), sequence: "" };
  const row = against("segue-sequence", "regret");
  const effect = {
    better: "lowers their regret",
    worse: "raises their regret",
    even: "is not shown to change their regret",
  };
  const known = sequence.gain.lower > 0
    ? "it knows something of playlists that sound and keys do not tell."
    : "no gain is shown.";
  const sentences = [
    `**The sequence term** weighs ${plain(sequence.weight)} (± ${plain(sequence.standardError)}), estimated on the`,
    `validation targets of ${sequence.choices} playlists. On ${sequence.testChoices} test targets it adds`,
    `${formatInterval(sequence.gain)} nats to the log-probability of the track that did come next: ${known}`,
    `The simulated listeners know nothing of playlists: to them it ${effect[row.verdict]} (${
      formatInterval(row)
    }), with`,
    `${change("segue-sequence", "coverage")} and ${change("segue-sequence", "artistRepeat")}.`,
  ];
  return { learned: paragraphs.join(" "), sequence: sentences.join(" ") };
}

/** The hand-set weights at the temperature that was chosen, where that variant was played: temperature is not learning. */
function equalTemperature(comparison: Comparison): string {
  const { variantListeners, tuned } = comparison;
  const name = tuned.temperature === 1 ? "segue" : `temperature ${tuned.temperature}`;
  if (variantListeners === 0 || !comparison.policies.some((policy) => policy.name === name)) return "";
  const first = (policy: string) => valuesOf(comparison, policy, "regret").subarray(0, variantListeners);
  const difference = pairedDifference(first("segue-tuned"), first(name), {
    random: seededRandom(comparison.seed, "equal"),
  });
  const [byHand, tunedRegret] = [name, "segue-tuned"].map((policy) => plain(mean(first(policy))!));
  return `. At the same temperature the hand-set weights leave ${byHand} and those learned from each ${tunedRegret} on ` +
    `the ${variantListeners} listeners to whom both were played (difference ${formatInterval(difference)})`;
}

/**
 * An interval for people: `−0.074 [−0.095, −0.052]`.
 *
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
function cellsSentence(comparison: Comparison): string {
  const rows = compareWith(comparison, "vanilla", { byLibrary: true, byPattern: true, metrics: ["trackRepeat"] })
    .filter((row) => row.policy === "segue" && row.verdict !== "better" && row.count >= 6);
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
  return `Segue is not shown to repeat fewer tracks within 50 plays than vanilla does ${list(patterns)}${reason}.`;
}

function losersSentence(gains: ReturnType<typeof gainsByListener>): string {
  const [losers, others] = [gains.filter(({ gain }) => gain < 0), gains.filter(({ gain }) => gain >= 0)];
  if (losers.length === 0) return "By their own taste no listener is better served by vanilla.";
  const weight = (listeners: typeof gains) => plain(mean(listeners, ({ weights }) => weights.similarity)!);
  const share = `${losers.length} of ${gains.length} listeners (${Math.round(100 * losers.length / gains.length)} %)`;
  const taste = others.length > 0
    ? `; their mean weight of similarity is ${weight(losers)}, that of the others ${weight(others)}`
    : "";
  return `By their own taste ${share} are better served by vanilla${taste}.`;
}

function priceSentence(comparison: Comparison): string {
  const values = valuesOf(comparison, "segue", "relaxed");
  const [relaxed, dropped] = [mean(values)!, mean(valuesOf(comparison, "segue", "dropped"))!];
  if (!(relaxed > 0)) return "";
  const kinds = rollups(comparison.listeners, (own) => mean(own, (l) => values[l.listener])!, (l) => l.library);
  const [worst, most] = greatest(kinds, ([, share]) => share)!;
  const percent = (share: number) => share > 0 && share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
  const how = dropped > 0
    ? `for ${percent(dropped)} one was dropped altogether, else a window was shortened`
    : "each time a window was shortened, and never was a rule dropped";
  return `The rules have their price: for ${percent(relaxed)} of its picks Segue had to relax one, most of all in ` +
    `libraries of the kind “${worst}” (${percent(most)}); ${how}.`;
}

/** The label of a metric within a sentence. */
function labelOf({ metrics }: Comparison, name: string): string {
  const { label } = metricOf(name, metrics);
  return label.startsWith("Gini") ? label : label[0].toLowerCase() + label.slice(1);
}

function plain(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3).replace("-", "−");
}
