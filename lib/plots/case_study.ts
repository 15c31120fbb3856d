/**
 * Figures of the case study: from the global model to the known listener, online learning, the A/B test, off-policy
 * values.
 */
import { extent, group, range } from "d3-array";
import { bootstrapMean, type IntervalEnds } from "../math/bootstrap.ts";
import type { PowerAnalysis } from "../evaluation/experiment.ts";
import type { OffPolicyEstimate } from "../choice/off_policy.ts";
import { seededRandom } from "../math/random.ts";
import {
  ACCENT_COLOR,
  bandLayers,
  category,
  CATEGORY_COLORS,
  colors,
  intervalLayer,
  MAIN_COLOR,
  MUTED_COLOR,
  quantity,
  referenceLayer,
  shareAxis,
  significant,
  type Spec,
  THEME,
} from "./theme.ts";

/** These figures are shown on slides too: letters that can be read from the back of a room. */
const LARGE: Spec = {
  ...THEME,
  axis: { ...(THEME.axis as Spec), labelFontSize: 14, titleFontSize: 15, labelLimit: 320 },
  legend: { ...(THEME.legend as Spec), labelFontSize: 14, titleFontSize: 15 },
  title: { ...(THEME.title as Spec), fontSize: 17, subtitleFontSize: 14 },
};

/** Beside the curves it would make the figure wider than a notebook's column. */
const LEGEND_ON_TOP: Spec = {
  orient: "top",
  titleOrient: "left",
  labelLimit: 260,
  symbolOpacity: 1,
  symbolType: "circle",
};

/** Solid lines first, so that the third curve is told from one of the first two where it lies on it. */
const DASHES = [[1, 0], [1, 0], [6, 4], [1, 0]];

/** A point of a curve with its interval. */
export interface LinePoint extends IntervalEnds {
  /** Which curve. */
  series: string;
  /** Place on the horizontal axis. */
  x: number;
  /** Estimate. */
  value: number;
}

/**
 * A point of a curve from one value a listener: the mean with its bootstrap interval.
 *
 * @param series Which curve.
 * @param x Place on the horizontal axis.
 * @param values One value a listener.
 */
export function linePoint(series: string, x: number, values: ArrayLike<number>): LinePoint {
  const { estimate, lower, upper } = bootstrapMean(values, { random: seededRandom(x, series), resamples: 300 });
  return { series, x, value: estimate, lower, upper };
}

/**
 * Skips under several policies, with their intervals.
 *
 * @param points One point a policy, in the order shown; `value` a share in [0, 1].
 */
export function skipPlot(points: readonly LinePoint[]): Spec {
  const bars = points.map(({ series, ...point }) => ({ name: series, ...point }));
  const figure = barsWithIntervals(bars, 20, "Share of picks skipped");
  return large("What listeners skip", "Line: 95 % interval over listeners.", [560, 40 * points.length], figure);
}

/**
 * How well weights predict held-out choices, against the number of choices known of a listener.
 *
 * @param points One point a model and number of choices; `value` in nats a choice above the global model.
 */
export function coldStartPlot(points: readonly LinePoint[]): Spec {
  return curves(points, {
    title: "From cold start to a known listener",
    subtitle: "Log-likelihood of held-out choices above the global model’s. Band: 95 % over listeners.",
    x: {
      title: "Choices known of the listener",
      scale: { type: "symlog", constant: 4 },
      axis: { values: [...new Set(points.map(({ x }) => x))] },
    },
    dashes: true,
    y: { title: "Gain (nats a choice)" },
  });
}

/**
 * What personal weights add, against how much listeners differ.
 *
 * @param points One point a number of choices and scale of the differences; `value` in nats a choice above the global
 * model.
 */
export function heterogeneityPlot(points: readonly LinePoint[]): Spec {
  return curves(points, {
    title: "When the global model is all that is needed",
    subtitle: "Log-likelihood of held-out choices above the global model’s. Band: 95 % over listeners.",
    x: { title: "How much listeners differ (1: as in the rest of this notebook)" },
    y: { title: "Gain (nats a choice)" },
    legend: "Choices known",
  });
}

/**
 * The true place of each listener along an axis of taste against the one that was learned.
 *
 * @param places True and learned place of each listener, and after how many choices.
 * @param axis What the axis is called.
 * @returns The figure, one panel a number of choices.
 */
export function tastePlacesPlot(
  places: readonly { truth: number; learned: number; choices: number }[],
  axis: string,
): Spec {
  const extent = 3.2;
  const scale = { domain: [-extent, extent] };
  return {
    config: LARGE,
    title: {
      text: "The user embedding finds the listener's taste",
      subtitle: `Places along ${axis}. Line: learned = true.`,
    },
    spacing: 24,
    hconcat: Array.from(group(places, ({ choices }) => choices), ([choices, own], i) => {
      const encoding = {
        x: quantity("truth", "True place", { scale }),
        y: quantity("learned", i === 0 ? "Learned place" : null, { scale }),
      };
      return {
        title: { text: `after ${choices} choices`, fontSize: 14, offset: 6 },
        width: 240,
        height: 220,
        layer: [
          {
            data: { values: [-extent, extent].map((end) => ({ truth: end, learned: end })) },
            mark: { type: "line", color: MUTED_COLOR, strokeDash: [4, 3] },
            encoding,
          },
          {
            data: { values: significant(own) },
            mark: { type: "point", filled: true, size: 18, opacity: 0.6, color: MAIN_COLOR, clip: true },
            encoding,
          },
        ],
      };
    }),
  };
}

/**
 * What players lose against one that knows the true weights, session after session: those that learn, and one that
 * does not.
 *
 * @param points One point a player and session; `value` is regret above that of the true weights, a probability of
 * keeping.
 * @param options `drift`: the session at which tastes changed.
 */
export function onlinePlot(points: readonly LinePoint[], { drift }: { drift?: number } = {}): Spec {
  const spec = curves(points.map((point) => ({ ...point, x: point.x + 1 })), {
    title: drift === undefined ? "Learning from every skip" : "When tastes change half-way",
    subtitle: "Lost probability of keeping a pick, against the listener's true weights. Band: 95 % over listeners.",
    x: { title: "Session", axis: { tickMinStep: 1, format: "d" } },
    y: { title: "Regret", axis: { format: "%" } },
  });
  if (drift !== undefined) (spec.layer as Spec[]).push(referenceLayer("x", drift + 0.5, { strokeDash: [4, 3] }));
  return spec;
}

/**
 * How often A/A tests find what is not there, by what is counted as one observation.
 *
 * @param rates The false-positive rates by unit.
 */
export function falsePositivePlot(
  rates: readonly (IntervalEnds & { unit: string; rate: number; experiments: number })[],
): Spec {
  const bars = rates.map(({ unit, rate, ...ends }) => ({ name: unit, value: rate, ...ends }));
  return large(
    "A/A tests: differences found where there are none",
    "Dashed: the 5 % that the test promises. Line: 95 % interval.",
    [540, 52 * rates.length],
    [
      ...barsWithIntervals(bars, 22, `Share of ${rates[0].experiments} A/A tests with p < 0.05`),
      referenceLayer("x", 0.05, { color: ACCENT_COLOR, strokeWidth: 2 }),
    ],
  );
}

/**
 * Power against the number of listeners, simulated points and the line by the formula.
 *
 * @param curves One a design: its points, and the power that the formula gives at any size.
 * @returns The figure, with a line at a power of 80 %.
 */
export function powerPlot(
  curves: readonly (Pick<PowerAnalysis, "points" | "formula"> & { name: string })[],
): Spec {
  const points = curves.flatMap(({ name, points }) => points.map((point) => ({ name, ...point })));
  const [least, most] = extent(points, ({ listeners }) => listeners) as [number, number];
  const lines = curves.flatMap(({ name, formula }) =>
    range(41).map((i) => {
      const listeners = least * (most / least) ** (i / 40);
      return { name, listeners, power: formula(listeners) };
    })
  );
  const place = {
    x: quantity("listeners", "Listeners in each arm", {
      scale: { type: "log", nice: false, padding: 10 },
      axis: { format: "~s", values: range(12).map((i) => 25 * 2 ** i) },
    }),
    color: seriesColor("name", curves.map(({ name }) => name), LEGEND_ON_TOP),
  };
  const y = shareAxis("power", "Power");
  const shown = { data: { values: significant(points) } };
  return large(
    "How many listeners the test needs",
    "Points: simulated. Lines: formula. Dashed: 80 %.",
    [690, 260],
    [
      {
        data: { values: significant(lines) },
        mark: { type: "line", strokeWidth: 2 },
        encoding: { ...place, y },
      },
      { ...shown, ...intervalLayer("y", y, place, { strokeWidth: 1.5 }) },
      { ...shown, mark: { type: "point", filled: true, size: 45, opacity: 1 }, encoding: { ...place, y } },
      referenceLayer("y", 0.8),
    ],
  );
}

/**
 * Off-policy estimates with their intervals beside the truth.
 *
 * @param estimates The estimates, by the log they are from.
 * @param truth The true value on the same moments.
 */
export function offPolicyPlot(estimates: readonly ({ log: string } & OffPolicyEstimate)[], truth: number): Spec {
  const logs = [...new Set(estimates.map(({ log }) => log))];
  const data = { values: significant(estimates) };
  const place = {
    y: category("estimator", null, { sort: null }),
    yOffset: { field: "log", sort: logs },
    color: seriesColor("log", logs, { orient: "bottom", labelLimit: 300 }, "Log of"),
  };
  const x = quantity("value", "Share of picks kept", { axis: { format: "%" }, scale: { zero: false } });
  return large(
    "What the learned weights are worth, without playing them",
    "Line: 95 % interval over listeners. Black: the truth, which only a simulation knows.",
    [560, 52 * new Set(estimates.map(({ estimator }) => estimator)).size],
    [
      { data, ...intervalLayer("x", x, place) },
      { data, mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { ...place, x } },
      referenceLayer("x", truth, { color: "#000000", strokeWidth: 2, strokeDash: [1, 0] }),
    ],
  );
}

/** A figure of layers in large letters. */
function large(text: string, subtitle: string, [width, height]: [number, number], layer: Spec[]): Spec {
  return { config: LARGE, title: { text, subtitle }, width, height, layer };
}

/** Bars of shares with their intervals, one a name. */
function barsWithIntervals(
  bars: readonly (IntervalEnds & { name: string; value: number })[],
  height: number,
  title: string,
): Spec[] {
  const data = { values: significant(bars) };
  const y = category("name", null, { sort: null });
  const x = quantity("value", title, { axis: { format: "%" } });
  return [
    { data, mark: { type: "bar", height, color: MAIN_COLOR }, encoding: { x, y } },
    { data, ...intervalLayer("x", x, { y }, { color: "#202124" }) },
  ];
}

/** A colour for each series. */
function seriesColor(field: string, names: readonly string[], legend: Spec, title: string | null = null): Spec {
  return colors(field, title, names, CATEGORY_COLORS.slice(0, names.length), { sort: names, legend });
}

interface CurveOptions {
  title: string;
  subtitle: string;
  x: Spec;
  y: Spec;
  legend?: string;
  dashes?: boolean;
}

/** Curves with bands, and a line at 0. */
function curves(points: readonly LinePoint[], { title, subtitle, legend, dashes, ...axes }: CurveOptions): Spec {
  const names = [...new Set(points.map(({ series }) => series))];
  const x = quantity("x", undefined, axes.x);
  const y = quantity("value", undefined, axes.y);
  // A curve that lies under another shows between the dashes of that one.
  const strokeDash = category("series", undefined, { sort: names, scale: { range: DASHES }, legend: null });
  const look = { band: { opacity: 0.15 }, line: { point: { size: 35 } } };
  const [band, line] = bandLayers(x, y, ["lower", "value", "upper"], look);
  return large(title, subtitle, [690, 280], [
    referenceLayer("y", 0),
    {
      data: { values: significant(points) },
      encoding: { color: seriesColor("series", names, LEGEND_ON_TOP, legend) },
      layer: [band, dashes ? { ...line, encoding: { ...line.encoding as Spec, strokeDash } } : line],
    },
  ]);
}
