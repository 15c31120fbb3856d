/** Figures of preference learning: choices, recovery, Monte Carlo, heterogeneity. */
import { mean, range } from "d3-array";
import type { EstimateRow, RecoveryReport } from "../choice/recovery.ts";
import {
  ACCENT_COLOR,
  category,
  CATEGORY_COLORS,
  colors,
  decimals,
  intervalLayer,
  MAIN_COLOR,
  MUTED_COLOR,
  quantity,
  referenceLayer,
  significant,
  type Spec,
} from "./theme.ts";

/** Shares of choices by random utility beside the softmax. */
export function randomUtilityPlot(
  utilities: ArrayLike<number>,
  softmax: ArrayLike<number>,
  shares: ArrayLike<number>,
): Spec {
  const values = Array.from(utilities, (utility, j) => ({
    alternative: `u = ${utility}`,
    softmax: softmax[j],
    share: shares[j],
  }));
  const x = category("alternative", "Alternative, by its utility", { sort: null });
  return {
    title: {
      text: "Largest utility with Gumbel noise, and the softmax",
      subtitle: "Bars: choices by the largest utility. Lines: the softmax.",
    },
    width: 420,
    height: 240,
    data: { values: decimals(values, 5) },
    layer: [
      {
        mark: { type: "bar", color: MAIN_COLOR, opacity: 0.75 },
        encoding: {
          x: { ...x, axis: { labelAngle: 0 } },
          y: quantity("share", "Share of choices", { axis: { format: "%" } }),
        },
      },
      {
        mark: { type: "tick", color: ACCENT_COLOR, thickness: 3, width: 48 },
        encoding: { x, y: quantity("softmax") },
      },
    ],
  };
}

/** True weights against estimates with their 95 % intervals; several models stand beside each other. */
export function weightsPlot(rows: readonly EstimateRow[], title: string): Spec {
  const models = [...new Set(rows.map((row) => row.model))];
  const y = category("feature", null, { sort: null });
  const several = models.length > 1;
  const yOffset = several ? { yOffset: { field: "model", sort: models } } : {};
  const color = colors("model", several ? "Model" : null, models, CATEGORY_COLORS.slice(0, models.length), {
    sort: models,
    legend: several ? { orient: "bottom", labelLimit: 300 } : null,
  });
  return {
    title: { text: title, subtitle: "Dot and line: estimate and 95 % interval. Black bar: the true weight." },
    width: 460,
    height: (several ? 22 * models.length + 14 : 38) * new Set(rows.map((row) => row.feature)).size,
    data: { values: decimals(rows, 4) },
    layer: [
      intervalLayer("x", quantity("lower", "Weight (log-odds per unit of the feature)"), { y, ...yOffset, color }),
      {
        mark: { type: "point", filled: true, size: 60, opacity: 1 },
        encoding: { y, ...yOffset, color, x: quantity("estimate") },
      },
      {
        mark: { type: "tick", color: "#000000", thickness: 2.5, height: several ? 16 : 22 },
        encoding: { y, ...yOffset, x: quantity("truth") },
      },
    ],
  };
}

/** Monte Carlo: errors in units of the reported standard error, weight by weight, against the normal curve. */
export function standardisedErrorPlot(report: RecoveryReport): Spec {
  const width = 0.5;
  const values = report.weights.flatMap(({ feature, truth, estimates, standardErrors }) => {
    const z = estimates.map((estimate, w) => (estimate - truth) / standardErrors[w]);
    return range(-4, 4, width).map((from) => {
      const count = z.filter((value) => value >= from && value < from + width).length;
      return { feature, z: from + width / 2, density: count / z.length / width };
    });
  });
  const curve = range(-4, 4.1, 0.2).map((z) => ({ z, density: Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) }));
  const features = report.weights.map(({ feature }) => feature);
  return {
    title: { text: "Errors in units of the standard error, and the normal curve", anchor: "start" },
    columns: 3,
    spacing: 18,
    concat: features.map((feature) => ({
      title: { text: feature, fontSize: 12, offset: 4 },
      width: 170,
      height: 110,
      layer: [
        {
          data: { values: decimals(values.filter((value) => value.feature === feature), 4) },
          mark: { type: "bar", color: MAIN_COLOR, opacity: 0.65, width: 9 },
          encoding: {
            x: quantity("z", "(ŵ − w) / s.e.", { scale: { domain: [-4, 4] }, axis: { values: [-4, -2, 0, 2, 4] } }),
            y: quantity("density", "Density", { scale: { domain: [0, 0.6] } }),
          },
        },
        {
          data: { values: decimals(curve, 4) },
          mark: { type: "line", color: ACCENT_COLOR, strokeWidth: 1.5 },
          encoding: { x: quantity("z"), y: quantity("density") },
        },
      ],
    })),
  };
}

/** Monte Carlo: how often the 95 % intervals cover the truth, and where 95 % of right models lie. */
export function coveragePlot(report: RecoveryReport): Spec {
  const [low, high] = report.coverageBand;
  const values = report.weights.map(({ feature, coverage }) => ({ feature, coverage }));
  const lowest = Math.min(low, ...values.map(({ coverage }) => coverage));
  const x = quantity("coverage", `Share of ${report.worlds} worlds whose 95 % interval holds the truth`, {
    scale: { domain: [Math.max(0, lowest - 0.02), 1], zero: false },
    axis: { format: "%" },
  });
  return {
    title: { text: "Coverage", subtitle: "Grey: where 95 % of right models lie with so many worlds." },
    width: 420,
    height: 32 * values.length,
    layer: [
      {
        data: { values: decimals([{ low, high }], 4) },
        mark: { type: "rect", color: MUTED_COLOR, opacity: 0.3 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      referenceLayer("x", 0.95, { strokeDash: [4, 3] }),
      {
        data: { values: decimals(values, 4) },
        mark: { type: "point", filled: true, size: 80, color: MAIN_COLOR, opacity: 1 },
        encoding: { x, y: category("feature", null, { sort: null }) },
      },
    ],
  };
}

/**
 * How the median error shrinks with the number of choices, relative to the weight, on logarithmic axes with the slope
 * of 1/√n.
 */
export function errorBySizePlot(
  rows: readonly { choices: number; feature: string; medianError: number }[],
  truth: Readonly<Record<string, number>>,
): Spec {
  const features = Object.keys(truth);
  const values = significant(rows.map(({ choices, feature, medianError }) => ({
    choices,
    feature,
    error: medianError / Math.abs(truth[feature]),
  })));
  const sizes = [...new Set(rows.map(({ choices }) => choices))];
  const largest = sizes[sizes.length - 1];
  const last = values.filter(({ choices }) => choices === largest).map(({ error }) => error);
  const middle = Math.exp(mean(last, Math.log)!);
  const reference = significant(sizes.map((choices) => ({ choices, error: middle * Math.sqrt(largest / choices) })));
  const x = quantity("choices", "Number of choices", {
    scale: { type: "log", nice: false },
    axis: { values: sizes, format: ",d" },
  });
  const y = quantity("error", "Median error / weight", {
    scale: { type: "log", nice: false, padding: 8 },
    axis: { format: ".0%", values: [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 2, 5] },
  });
  return {
    title: { text: "Error against the number of choices", subtitle: "Dashed grey: falling as 1/√n." },
    width: 420,
    height: 280,
    layer: [
      {
        data: { values: reference },
        mark: { type: "line", color: MUTED_COLOR, strokeDash: [5, 4] },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: "line", point: { size: 40 } },
        encoding: {
          x,
          y,
          color: colors("feature", "Weight", features, CATEGORY_COLORS.slice(0, features.length), { sort: features }),
        },
      },
    ],
  };
}
