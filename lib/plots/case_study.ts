/** Figures of the case study: places of taste, power of the A/B test, off-policy values. */
import { extent, group, range } from "d3-array";
import type { PowerAnalysis } from "../evaluation/experiment.ts";
import type { OffPolicyEstimate } from "../choice/off_policy.ts";
import {
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
  SLIDE_THEME,
  type Spec,
} from "./theme.ts";

/** Beside the curves it would make the figure wider than a notebook's column. */
const LEGEND_ON_TOP: Spec = {
  orient: "top",
  titleOrient: "left",
  labelLimit: 260,
  symbolOpacity: 1,
  symbolType: "circle",
};

/** The true place of each listener along an axis of taste against the one that was learned. */
export function tastePlacesPlot(
  places: readonly { truth: number; learned: number; choices: number }[],
  axis: string,
): Spec {
  const extent = 3.2;
  const scale = { domain: [-extent, extent] };
  return {
    config: SLIDE_THEME,
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
 * Power against the number of listeners, simulated points and the line by the formula.
 *
 * @param curves One a design: its points, and the power that the formula gives at any size.
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
  return { config: SLIDE_THEME, title: { text, subtitle }, width, height, layer };
}

/** A colour for each series. */
function seriesColor(field: string, names: readonly string[], legend: Spec, title: string | null = null): Spec {
  return colors(field, title, names, CATEGORY_COLORS.slice(0, names.length), { sort: names, legend });
}
