/** Figures of the comparison of shuffles. */
import { max, min } from "d3-array";
import type { ComparedListener } from "../evaluation/comparison.ts";
import type { Metric } from "../metrics/metric.ts";
import { type MetricName, metricOf, METRICS } from "../metrics/registry.ts";
import type { CurvePoint, PairedRow, ParetoPoint, SummaryRow } from "../evaluation/summary.ts";
import { LIBRARY_KINDS, LISTENING_PATTERNS } from "../evaluation/scenarios.ts";
import {
  ACCENT_COLOR,
  bandLayers,
  category,
  colors,
  intervalLayer,
  MAIN_COLOR,
  policyColors,
  quantity,
  significant,
  type Spec,
} from "./theme.ts";

/**
 * Means with intervals: a panel a metric of the overview, a row a policy.
 *
 * @param rows Rows of {@linkcode summarize} over all listeners.
 */
export function policyPlot(rows: readonly SummaryRow[], metrics: readonly Metric[] = METRICS): Spec {
  const labels = labelsOf(rows);
  const color = policyColor(rows, null);
  return panels(metrics.filter(({ shown }) => shown === "overview"), 18, ({ name: metric, better, unit }, axis) => {
    const title = `${unit ? `${unit}, ` : ""}${better} is better`;
    const x = quantity("estimate", title, { scale: { zero: false } });
    return {
      width: 190,
      height: 16 * labels.length,
      data: { values: significant(rows.filter((row) => row.metric === metric)) },
      encoding: { y: category("label", null, { sort: labels, axis: { ...axis, labelLimit: 200 } }) },
      layer: [
        intervalLayer("x", x, { color }),
        { mark: { type: "point", size: 60 }, encoding: { x, color } },
      ],
    };
  });
}

/**
 * Lines with intervals over windows, plays or similarities: one panel, or one a facet.
 *
 * @param curves Points of {@linkcode curvesOf}, by the title of their panel.
 */
export function curvePlot(
  curves: Readonly<Record<string, readonly CurvePoint[]>>,
  axes: { x: string; y: string },
): Spec {
  const shown = Object.entries(curves).map(([name, points]) => ({
    name,
    points: points.filter(({ policy }) => !COVERED.includes(policy)),
  }));
  const [{ points: first }] = shown;
  const labels = labelsOf(first);
  const tuned = first.find(({ policy }) => policy === "segue-tuned")?.label;
  const dashes = { domain: labels, range: labels.map((label) => label === tuned ? [5, 4] : [1, 0]) };
  const strokeDash = category("label", null, { sort: labels, scale: dashes, legend: LINE_LEGEND });
  const top = Math.ceil(10 * max(shown.flatMap(({ points }) => points), ({ upper }) => upper)!) / 10;
  const x = quantity("x", axes.x, { scale: { nice: false } });
  const y = quantity("estimate", axes.y, { scale: { domain: [0, top], nice: false } });
  const [band, line] = bandLayers(x, y, ["lower", "estimate", "upper"], { band: { opacity: 0.1 } });
  return {
    spacing: 24,
    columns: 2,
    concat: shown.map(({ name, points }) => ({
      title: panelTitle(name),
      width: shown.length > 1 ? 232 : 480,
      height: 240,
      data: { values: significant(points) },
      encoding: { color: policyColor(first, LINE_LEGEND) },
      layer: [band, { ...line, encoding: { ...line.encoding as Spec, strokeDash } }],
    })),
  };
}

/** In curves these would lie under the hand-set weights and those learned and tuned. */
const COVERED: readonly string[] = ["segue-learned", "segue-personal", "segue-own"];

const LINE_LEGEND = { symbolType: "stroke", symbolStrokeWidth: 2, symbolOpacity: 1, labelLimit: 220 };

/** Curves of the Pareto picture; the terms that hardly move either axis would only cover the rest. */
const PARETO_CURVES: Readonly<Record<string, string>> = {
  temperature: "Temperature",
  similarity: "Weight of similarity",
  clusterDiversity: "Weight of cluster diversity",
};

/**
 * The Pareto picture: variety against coherence, on the left every policy, on the right Segue's curves over
 * temperature and over the weights of similarity and cluster diversity.
 */
export function paretoPlot(points: readonly ParetoPoint[]): Spec {
  const flat = significant(points.map(({ policy, label, curve, value, coherence, variety }) => ({
    policy,
    label,
    curve: PARETO_CURVES[curve],
    value: Number.isFinite(value) ? value : 1e9,
    mark: value === Infinity ? "∞" : `${value}`,
    ...{ x: coherence.estimate, xLow: coherence.lower, xHigh: coherence.upper },
    ...{ y: variety.estimate, yLow: variety.lower, yHigh: variety.upper },
    kind: curve,
  })));
  const main = flat.filter(({ kind }) => kind === "none");
  const curves = flat.filter(({ curve }) => curve);
  const axis = { scale: { zero: false, padding: 16 }, axis: { tickCount: 5 } };
  const position = {
    x: quantity("x", "Coherence: similarity of consecutive plays", axis),
    y: quantity("y", "Variety: mean pairwise 1 − cosine", axis),
  };
  const panel = (title: string, layer: Spec[]): Spec => ({ title: panelTitle(title), width: 300, height: 300, layer });
  const legend = { orient: "bottom", columns: 2, labelLimit: 260, title: null };
  const color = policyColor(main, legend);
  const intervals = (["x", "y"] as const).map((name) => ({
    data: { values: main },
    mark: { type: "rule", strokeWidth: 1.5, opacity: 0.6 },
    encoding: {
      ...position,
      [name]: { ...position[name], field: `${name}Low` },
      [`${name}2`]: { field: `${name}High` },
      color,
    },
  }));
  const curveRange = [ACCENT_COLOR, MAIN_COLOR, "#009E73"];
  const curveColor = colors("curve", null, Object.values(PARETO_CURVES), curveRange, {
    legend: { ...legend, columns: 1 },
  });
  return {
    spacing: 40,
    resolve: { scale: { color: "independent" } },
    concat: [
      panel("Policies", [
        ...intervals,
        {
          data: { values: main },
          mark: { type: "point", size: 80, filled: true, opacity: 1 },
          encoding: { ...position, color },
        },
      ]),
      panel("Segue, one parameter at a time", [
        {
          data: { values: curves },
          mark: { type: "line", strokeWidth: 1.5, opacity: 0.8 },
          encoding: { ...position, color: curveColor, order: { field: "value" } },
        },
        {
          data: { values: curves.filter(({ value }) => value !== 1) },
          mark: { type: "point", size: 28, opacity: 1 },
          encoding: { ...position, color: curveColor },
        },
        ...NUMBER_PLACES.map(({ kind, colder, ...place }) => ({
          data: {
            values: curves.filter((point) => point.kind === kind && point.value !== 1 && point.value < 1 === colder),
          },
          mark: { type: "text", fontSize: 10, ...place },
          encoding: { ...position, text: { field: "mark" }, color: curveColor },
        })),
        {
          data: { values: main.filter(({ policy }) => policy === "segue") },
          mark: { type: "point", shape: "diamond", size: 110, filled: true, color: "#202124", opacity: 1 },
          encoding: position,
        },
      ]),
    ],
  };
}

/** Where the numbers of each curve stand, below the value 1 and above it: on the side where no other curve passes. */
const NUMBER_PLACES = [
  { kind: "temperature", colder: true, dx: 16, dy: -3 },
  { kind: "temperature", colder: false, dx: 0, dy: 13 },
  { kind: "similarity", colder: true, dx: 0, dy: -10 },
  { kind: "similarity", colder: false, dx: -12, dy: 5 },
  { kind: "clusterDiversity", colder: true, dx: -14, dy: 0 },
  { kind: "clusterDiversity", colder: false, dx: 12, dy: 0 },
] as const;

/** What leaving a term out does: a panel a metric, a row a term, under the hard rules and without them. */
export function ablationPlot(rows: readonly PairedRow[], names: readonly MetricName[]): Spec {
  const terms = [...new Set(rows.map(({ parameter }) => parameter))];
  const regimes = ["with hard rules", "without hard rules"];
  const values = significant(rows.map(({ metric, parameter: term, baseline, estimate, lower, upper }) => ({
    ...{ metric, term, estimate, lower, upper },
    regime: regimes[baseline === "free" ? 1 : 0],
  })));
  const legend = { orient: "bottom", titleOrient: "left" };
  const color = colors("regime", "Left out", regimes, [ACCENT_COLOR, MAIN_COLOR], { legend });
  return panels(names.map((name) => metricOf(name)), 18, ({ name, better }, axis) => {
    const x = quantity("estimate", `change, ${better} is better`);
    return {
      width: 190,
      height: 26 * terms.length,
      data: { values: values.filter(({ metric }) => metric === name) },
      encoding: {
        y: category("term", null, { sort: terms, axis }),
        yOffset: { field: "regime", sort: regimes },
        color,
      },
      layer: [
        { data: { values: [{}] }, mark: "rule", encoding: { x: { datum: 0 }, y: null, yOffset: null, color: null } },
        intervalLayer("x", x),
        { mark: { type: "point", size: 50, opacity: 1 }, encoding: { x } },
      ],
    };
  });
}

/**
 * For whom: a panel a metric, a cell for each kind of library and listening pattern, with the difference to the
 * baseline.
 *
 * @param rows Rows of {@linkcode compareWith} by library and pattern.
 */
export function cellPlot(rows: readonly PairedRow[], policy: string, names: readonly MetricName[]): Spec {
  const color = colors("verdict", "Against vanilla", ["better", "even", "worse"], ["#9BD0EC", "#ECEFF1", "#F2B38C"]);
  return panels(names.map((name) => metricOf(name)), 30, ({ name, label, better }) => ({
    title: { ...panelTitle(label), subtitle: `${better} is better` },
    width: 175,
    height: 150,
    data: {
      values: rows.filter((row) => row.policy === policy && row.metric === name)
        .map(({ library, pattern, verdict, estimate }) => ({
          library,
          pattern,
          verdict,
          difference: signed(estimate),
        })),
    },
    encoding: {
      x: category("pattern", null, { sort: LISTENING_PATTERNS, axis: { labelAngle: 0, ticks: false } }),
      y: category("library", null, { sort: LIBRARY_KINDS }),
    },
    layer: [
      { mark: { type: "rect", stroke: "#ffffff", strokeWidth: 2 }, encoding: { color } },
      { mark: { type: "text", fontSize: 11 }, encoding: { text: { field: "difference" } } },
    ],
  }));
}

/**
 * For whom, by taste: what a listener gains over vanilla against how much that listener likes likeness.
 *
 * @param panels Rows of {@linkcode gainsByListener}, a panel each, by its title.
 */
export function gainPlot(panels: Readonly<Record<string, readonly (ComparedListener & { gain: number })[]>>): Spec {
  const gains = Object.values(panels).flat().map(({ gain }) => gain);
  const domain = [Math.floor(min([0, ...gains])!), Math.ceil(max([0, ...gains])!)];
  const position = {
    x: quantity("weight", "Listener's own weight of similarity"),
    y: quantity("gain", "Gain in own utility over vanilla", { scale: { domain, nice: false } }),
  };
  const library = category("library", "Library", { sort: LIBRARY_KINDS, scale: { domain: LIBRARY_KINDS } });
  return {
    spacing: 24,
    columns: 2,
    concat: Object.entries(panels).map(([title, rows]) => ({
      title: panelTitle(title),
      width: 248,
      height: 260,
      data: {
        values: significant(rows.map(({ gain, weights, library }) => ({ gain, weight: weights.similarity, library }))),
      },
      layer: [
        { data: { values: [{}] }, mark: "rule", encoding: { y: { datum: 0 } } },
        {
          mark: { type: "point", size: 45, opacity: 0.85 },
          encoding: { ...position, color: library, shape: library },
        },
        {
          transform: [{ loess: "gain", on: "weight", bandwidth: 0.6 }],
          mark: { type: "line", color: "#202124", strokeDash: [5, 4], strokeWidth: 1.5 },
          encoding: position,
        },
      ],
    })),
  };
}

function policyColor(rows: readonly { policy: string; label: string }[], legend: object | null): Spec {
  const labels = labelsOf(rows);
  const names = [...new Set(rows.map(({ policy }) => policy))];
  return colors("label", null, labels, policyColors(names), { sort: labels, legend });
}

function labelsOf(rows: readonly { label: string }[]): string[] {
  return [...new Set(rows.map(({ label }) => label))];
}

/** Three panels a row, one a metric; only the first of a row labels its vertical axis. */
function panels(metrics: readonly Metric[], column: number, panel: (metric: Metric, axis: Spec) => Spec): Spec {
  return {
    columns: 3,
    align: "each",
    spacing: { row: 26, column },
    concat: metrics.map((metric, m) => ({
      title: panelTitle(metric.label),
      ...panel(metric, { labels: m % 3 === 0, ticks: false }),
    })),
  };
}

/** Title over the plot itself, not over its axis labels, so that panels align. */
function panelTitle(text: string): Spec {
  return { text, fontSize: 13, frame: "group", anchor: "start", offset: 6 };
}

function signed(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 10 ? 0 : size >= 1 ? 1 : size >= 0.01 ? 2 : 3;
  const text = size.toFixed(digits);
  return Number(text) === 0 ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}
