/** Figures of the softmax: what the temperature does. */
import { bandLayers, ordinal, ordinalColors, quantity, significant, type Spec } from "./theme.ts";

/**
 * The softmax at several temperatures: probability by rank of the candidate.
 *
 * @param rows Probability of the candidate of each rank, 1 the most similar, at each temperature.
 */
export function temperaturePlot(
  rows: readonly { temperature: number; rank: number; probability: number }[],
): Spec {
  const temperatures = [...new Set(rows.map(({ temperature }) => temperature))].sort((a, b) => a - b);
  return {
    title: "The softmax at five temperatures, candidates of one track",
    width: 480,
    data: { values: significant(rows.map((row) => ({ ...row, probability: Math.max(row.probability, 1e-12) }))) },
    mark: { type: "line", point: { size: 18 }, clip: true },
    encoding: {
      x: quantity("rank", "rank of the candidate by similarity", { scale: { nice: false } }),
      y: quantity("probability", "probability (log scale)", {
        scale: { type: "log", domain: [1e-4, 1] },
        axis: { values: [1e-4, 1e-3, 1e-2, 1e-1, 1], format: "~p" },
      }),
      color: ordinal("temperature", "temperature T", {
        scale: { domain: temperatures, range: ordinalColors(temperatures.length) },
      }),
    },
  };
}

/**
 * How many candidates are really in play at a temperature: median over tracks and the range of the middle 80 %.
 *
 * @param rows One row a temperature: median over the tracks, 10 % and 90 % quantile.
 * @param neighbors Number of neighbours k, the most there can be.
 */
export function effectiveCandidatesPlot(
  rows: readonly { temperature: number; low: number; median: number; high: number }[],
  neighbors: number,
): Spec {
  const x = quantity("temperature", "temperature T (log scale)", { scale: { type: "log", nice: false } });
  const y = quantity("y", "effective candidates");
  return {
    title: "How many candidates are really in play",
    data: { values: rows },
    layer: [
      ...bandLayers(x, y, ["low", "median", "high"], { line: { point: true } }),
      {
        data: { values: [{ y: neighbors, label: `all ${neighbors}` }] },
        layer: [
          { mark: { type: "rule", strokeDash: [4, 4] }, encoding: { y } },
          {
            mark: { type: "text", align: "left", x: 4, dy: -7, color: "#5f6368" },
            encoding: { y, text: { field: "label" } },
          },
        ],
      },
    ],
  };
}
