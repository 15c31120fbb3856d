/**
 * Figures of the case study: from the global model to the known listener, online learning, the A/B test, off-policy
 * values.
 *
 * @module
 */
import { bootstrapMean } from "../evaluation/bootstrap.ts";
import type { FalsePositives, PowerPoint } from "../evaluation/experiment.ts";
import type { OffPolicyEstimate } from "../evaluation/off_policy.ts";
import { seededRandom } from "../random.ts";
import { ACCENT_COLOR, CATEGORY_COLORS, MAIN_COLOR, MUTED_COLOR, type Spec, THEME } from "./theme.ts";

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
export interface LinePoint {
  /** Which curve. */
  series: string;
  /** Place on the horizontal axis. */
  x: number;
  /** Estimate. */
  value: number;
  /** Lower end of the 95 % interval. */
  lower: number;
  /** Upper end of it. */
  upper: number;
}

/**
 * A point of a curve from one value a listener: the mean with its bootstrap interval.
 *
 * @param series Which curve.
 * @param x Place on the horizontal axis.
 * @param values One value a listener.
 * @returns The point.
 */
export function linePoint(series: string, x: number, values: ArrayLike<number>): LinePoint {
  const { estimate, lower, upper } = bootstrapMean(values, { random: seededRandom(x, series), resamples: 300 });
  return { series, x, value: estimate, lower, upper };
}

/**
 * Skips under several policies, with their intervals.
 *
 * @param points One point a policy, in the order shown; `value` a share in [0, 1].
 * @returns The figure.
 */
export function skipPlot(points: readonly LinePoint[]): Spec {
  const values = points.map(({ series, value, lower, upper }) => ({
    series,
    value: round(value),
    lower: round(lower),
    upper: round(upper),
  }));
  const y = { field: "series", type: "nominal", title: null, sort: null };
  const x = { type: "quantitative", title: "Share of picks skipped", axis: { format: "%" } };
  return {
    config: LARGE,
    title: { text: "What listeners skip", subtitle: "Line: 95 % interval over listeners." },
    width: 560,
    height: 40 * values.length,
    data: { values },
    layer: [
      { mark: { type: "bar", height: 20, color: MAIN_COLOR }, encoding: { y, x: { ...x, field: "value" } } },
      {
        mark: { type: "rule", strokeWidth: 2, color: "#202124" },
        encoding: { y, x: { ...x, field: "lower" }, x2: { field: "upper" } },
      },
    ],
  };
}

/**
 * How well weights predict held-out choices, against the number of choices known of a listener.
 *
 * @param points One point a model and number of choices; `value` in nats a choice above the global model.
 * @returns The figure.
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
    y: "Gain (nats a choice)",
    rule: 0,
  });
}

/**
 * What personal weights add, against how much listeners differ.
 *
 * @param points One point a number of choices and scale of the differences; `value` in nats a choice above the global
 * model.
 * @returns The figure.
 */
export function heterogeneityPlot(points: readonly LinePoint[]): Spec {
  return curves(points, {
    title: "When the global model is all that is needed",
    subtitle: "Log-likelihood of held-out choices above the global model’s. Band: 95 % over listeners.",
    x: { title: "How much listeners differ (1: as in the rest of this notebook)" },
    y: "Gain (nats a choice)",
    legend: "Choices known",
    rule: 0,
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
  const values = places.map(({ truth, learned, choices }) => ({
    truth: round(truth),
    learned: round(learned),
    choices: `after ${choices} choices`,
  }));
  const panels = [...new Set(values.map(({ choices }) => choices))];
  const extent = 3.2;
  return {
    config: LARGE,
    title: {
      text: "The user embedding finds the listener's taste",
      subtitle: `Places along ${axis}. Line: learned = true.`,
    },
    spacing: 24,
    hconcat: panels.map((panel, i) => ({
      title: { text: panel, fontSize: 14, offset: 6 },
      width: 240,
      height: 220,
      layer: [
        {
          data: { values: [{ truth: -extent, learned: -extent }, { truth: extent, learned: extent }] },
          mark: { type: "line", color: MUTED_COLOR, strokeDash: [4, 3] },
          encoding: { x: { field: "truth", type: "quantitative" }, y: { field: "learned", type: "quantitative" } },
        },
        {
          data: { values: values.filter(({ choices }) => choices === panel) },
          mark: { type: "point", filled: true, size: 18, opacity: 0.6, color: MAIN_COLOR, clip: true },
          encoding: {
            x: { field: "truth", type: "quantitative", title: "True place", scale: domain(extent) },
            y: {
              field: "learned",
              type: "quantitative",
              title: i === 0 ? "Learned place" : null,
              scale: domain(extent),
            },
          },
        },
      ],
    })),
  };
}

/**
 * What players lose against one that knows the true weights, session after session: those that learn, and one that
 * does not.
 *
 * @param points One point a player and session; `value` is regret above that of the true weights, a probability of
 * keeping.
 * @param options `drift`: the session at which tastes changed.
 * @returns The figure.
 */
export function onlinePlot(points: readonly LinePoint[], options: { drift?: number } = {}): Spec {
  const spec = curves(points.map((point) => ({ ...point, x: point.x + 1 })), {
    title: options.drift === undefined ? "Learning from every skip" : "When tastes change half-way",
    subtitle: "Lost probability of keeping a pick, against the listener's true weights. Band: 95 % over listeners.",
    x: { title: "Session", axis: { tickMinStep: 1, format: "d" } },
    y: "Regret",
    percent: true,
    rule: 0,
  });
  if (options.drift !== undefined) {
    (spec.layer as Spec[]).push({
      data: { values: [{ x: options.drift + 0.5 }] },
      mark: { type: "rule", color: MUTED_COLOR, strokeDash: [4, 3] },
      encoding: { x: { field: "x", type: "quantitative" } },
    });
  }
  return spec;
}

/**
 * How often A/A tests find what is not there, by what is counted as one observation.
 *
 * @param rates The false-positive rates by unit.
 * @returns The figure.
 */
export function falsePositivePlot(rates: readonly ({ unit: string } & FalsePositives)[]): Spec {
  const values = rates.map(({ unit, rate, lower, upper }) => ({
    unit,
    rate: round(rate),
    lower: round(lower),
    upper: round(upper),
  }));
  const y = { field: "unit", type: "nominal", title: null, sort: null };
  return {
    config: LARGE,
    title: {
      text: "A/A tests: differences found where there are none",
      subtitle: "Dashed: the 5 % that the test promises. Line: 95 % interval.",
    },
    width: 540,
    height: 52 * values.length,
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 22, color: MAIN_COLOR },
        encoding: {
          y,
          x: {
            field: "rate",
            type: "quantitative",
            title: `Share of ${rates[0].experiments} A/A tests with p < 0.05`,
            axis: { format: "%" },
          },
        },
      },
      {
        mark: { type: "rule", strokeWidth: 2, color: "#202124" },
        encoding: { y, x: { field: "lower", type: "quantitative" }, x2: { field: "upper" } },
      },
      {
        data: { values: [{ promised: 0.05 }] },
        mark: { type: "rule", color: ACCENT_COLOR, strokeDash: [5, 4], strokeWidth: 2 },
        encoding: { x: { field: "promised", type: "quantitative" } },
      },
    ],
  };
}

/**
 * Power against the number of listeners, simulated points and the line by the formula.
 *
 * @param curves One a design: its points, and the power that the formula gives at any size.
 * @param power The power that is wanted.
 * @returns The figure.
 */
export function powerPlot(
  curves: readonly { name: string; points: readonly PowerPoint[]; formula: (listeners: number) => number }[],
  power: number = 0.8,
): Spec {
  const names = curves.map(({ name }) => name);
  const points = curves.flatMap(({ name, points }) =>
    points.map(({ listeners, power, lower, upper }) => ({
      name,
      listeners,
      power: round(power),
      lower: round(lower),
      upper: round(upper),
    }))
  );
  const sizes = points.map(({ listeners }) => listeners);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const lines = curves.flatMap(({ name, formula }) =>
    Array.from({ length: 41 }, (_, i) => {
      const listeners = least * (most / least) ** (i / 40);
      return { name, listeners: round(listeners), power: round(formula(listeners)) };
    })
  );
  const x = {
    field: "listeners",
    type: "quantitative",
    title: "Listeners in each arm",
    scale: { type: "log", nice: false, padding: 10 },
    axis: { format: "~s", values: [25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200] },
  };
  const color = {
    field: "name",
    type: "nominal",
    title: null,
    sort: names,
    scale: { domain: names, range: CATEGORY_COLORS.slice(0, names.length) },
    legend: LEGEND_ON_TOP,
  };
  const y = {
    field: "power",
    type: "quantitative",
    title: "Power",
    axis: { format: "%" },
    scale: { domain: [0, 1] },
  };
  return {
    config: LARGE,
    title: { text: "How many listeners the test needs", subtitle: "Points: simulated. Lines: formula. Dashed: 80 %." },
    width: 690,
    height: 260,
    layer: [
      { data: { values: lines }, mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, color } },
      {
        data: { values: points },
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x, y: { ...y, field: "lower" }, y2: { field: "upper" }, color },
      },
      {
        data: { values: points },
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: { x, y, color },
      },
      {
        data: { values: [{ power }] },
        mark: { type: "rule", color: MUTED_COLOR, strokeDash: [5, 4] },
        encoding: { y: { field: "power", type: "quantitative" } },
      },
    ],
  };
}

/**
 * Off-policy estimates with their intervals beside the truth.
 *
 * @param estimates The estimates, by the log they are from.
 * @param truth The true value on the same moments.
 * @returns The figure.
 */
export function offPolicyPlot(estimates: readonly ({ log: string } & OffPolicyEstimate)[], truth: number): Spec {
  const logs = [...new Set(estimates.map(({ log }) => log))];
  const values = estimates.map(({ log, estimator, value, lower, upper }) => ({
    log,
    estimator,
    value: round(value),
    lower: round(lower),
    upper: round(upper),
  }));
  const y = { field: "estimator", type: "nominal", title: null, sort: null };
  const yOffset = { field: "log", sort: logs };
  const color = {
    field: "log",
    type: "nominal",
    title: "Log of",
    sort: logs,
    scale: { domain: logs, range: CATEGORY_COLORS.slice(0, logs.length) },
    legend: { orient: "bottom", labelLimit: 300 },
  };
  const x = { type: "quantitative", title: "Share of picks kept", axis: { format: "%" }, scale: { zero: false } };
  return {
    config: LARGE,
    title: {
      text: "What the learned weights are worth, without playing them",
      subtitle: "Line: 95 % interval over listeners. Black: the truth, which only a simulation knows.",
    },
    width: 560,
    height: 52 * new Set(values.map(({ estimator }) => estimator)).size,
    layer: [
      {
        data: { values },
        mark: { type: "rule", strokeWidth: 2 },
        encoding: { y, yOffset, color, x: { ...x, field: "lower" }, x2: { field: "upper" } },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: { y, yOffset, color, x: { ...x, field: "value" } },
      },
      {
        data: { values: [{ value: round(truth) }] },
        mark: { type: "rule", color: "#000000", strokeWidth: 2 },
        encoding: { x: { ...x, field: "value" } },
      },
    ],
  };
}

interface CurveOptions {
  title: string;
  subtitle: string;
  x: Spec;
  y: string;
  legend?: string;
  rule?: number;
  percent?: boolean;
  dashes?: boolean;
}

/** Curves with bands. */
function curves(points: readonly LinePoint[], options: CurveOptions): Spec {
  const names = [...new Set(points.map(({ series }) => series))];
  const values = points.map(({ series, x, value, lower, upper }) => ({
    series,
    x: round(x),
    value: round(value),
    lower: round(lower),
    upper: round(upper),
  }));
  const x = { field: "x", type: "quantitative", ...options.x };
  const axis = options.percent ? { axis: { format: "%" } } : {};
  const color = {
    field: "series",
    type: "nominal",
    title: options.legend ?? null,
    sort: names,
    scale: { domain: names, range: CATEGORY_COLORS.slice(0, names.length) },
    legend: LEGEND_ON_TOP,
  };
  const rule = options.rule === undefined ? [] : [{
    data: { values: [{ value: options.rule }] },
    mark: { type: "rule", color: MUTED_COLOR, strokeDash: [5, 4] },
    encoding: { y: { field: "value", type: "quantitative" } },
  }];
  return {
    config: LARGE,
    title: { text: options.title, subtitle: options.subtitle },
    width: 690,
    height: 280,
    layer: [
      ...rule,
      {
        data: { values },
        mark: { type: "area", opacity: 0.15 },
        encoding: {
          x,
          y: { field: "lower", type: "quantitative", title: options.y, ...axis },
          y2: { field: "upper" },
          color,
        },
      },
      {
        data: { values },
        mark: { type: "line", point: { size: 35 } },
        encoding: {
          x,
          y: { field: "value", type: "quantitative", title: options.y, ...axis },
          color,
          // A curve that lies under another shows between the dashes of that one.
          ...options.dashes
            ? { strokeDash: { field: "series", type: "nominal", sort: names, scale: { range: DASHES }, legend: null } }
            : {},
        },
      },
    ],
  };
}

function domain(extent: number): Spec {
  return { domain: [-extent, extent] };
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}
