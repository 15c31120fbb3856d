/** Figures of PCA and autoencoder: variance, training, comparison. */
import { cumsum, sum } from "d3-array";
import type { EpochLoss } from "../embedding/autoencoder.ts";
import type { EmbeddingComparison } from "../embedding/compare.ts";
import type { FeatureSpec } from "../features/spec.ts";
import type { PcaModel } from "../math/pca.ts";
import {
  ACCENT_COLOR,
  category,
  colors,
  decimals,
  intervalLayer,
  MAIN_COLOR,
  MUTED_COLOR,
  ordinal,
  quantity,
  significant,
  type Spec,
} from "./theme.ts";

/** Scree plot: the variance along each direction as bars, its running sum as a line, and where it was cut. */
export function screePlot(model: PcaModel): Spec {
  const total = sum(model.spectrum);
  const cumulative = cumsum(model.spectrum);
  const values = Array.from(model.spectrum, (value, i) => ({
    component: i + 1,
    share: value / total,
    cumulative: cumulative[i] / total,
    kept: i < model.explainedVariance.length ? "kept" : "left out",
  }));
  const x = ordinal("component", "Component", { axis: { labelAngle: 0, labelOverlap: true } });
  return {
    title: "Variance by component",
    width: 520,
    height: 260,
    data: { values: decimals(values, 5) },
    layer: [
      {
        mark: { type: "bar" },
        encoding: {
          x,
          y: quantity("share", "Share of the variance", { axis: { format: "%" } }),
          color: colors("kept", "Bars", ["kept", "left out"], [MAIN_COLOR, MUTED_COLOR]),
        },
      },
      {
        mark: { type: "line", color: ACCENT_COLOR, point: { color: ACCENT_COLOR, size: 24 } },
        encoding: {
          x,
          y: quantity("cumulative", "Running sum (line)", {
            scale: { domain: [0, 1] },
            axis: { format: "%", titleColor: ACCENT_COLOR, grid: false },
          }),
          tooltip: [{ field: "component" }, { field: "share", format: ".1%" }, { field: "cumulative", format: ".1%" }],
        },
      },
    ],
    resolve: { scale: { y: "independent" } },
  };
}

/**
 * Loss of the autoencoder by epoch on training and validation tracks, with what PCA loses at the same number of
 * dimensions.
 */
export function lossPlot(history: readonly EpochLoss[], bestEpoch: number, pcaLoss: number): Spec {
  const values = significant(history.flatMap(({ epoch, train, validation }) => [
    { epoch, loss: train, rows: "training" },
    { epoch, loss: validation, rows: "validation" },
  ]));
  const y = quantity("loss", "Variance lost (log scale)", {
    scale: { type: "log" },
    axis: { format: "~%", tickCount: 6 },
  });
  return {
    title: { text: "The autoencoder learns", subtitle: "The dot marks the epoch whose weights were kept" },
    width: 480,
    height: 260,
    layer: [
      {
        data: { values },
        mark: { type: "line" },
        encoding: {
          x: quantity("epoch", "Epoch"),
          y,
          color: colors("rows", "Tracks", ["training", "validation"], [MAIN_COLOR, ACCENT_COLOR]),
        },
      },
      {
        data: { values: [{ loss: Math.max(pcaLoss, 1e-6), label: "PCA, same dimensions" }] },
        encoding: { y },
        layer: [
          { mark: { type: "rule", strokeDash: [5, 4] } },
          {
            mark: { type: "text", align: "right", dy: -7, color: "#5f6368" },
            encoding: { x: { value: 478 }, text: { field: "label" } },
          },
        ],
      },
      {
        data: { values: values.filter(({ epoch, rows }) => epoch === bestEpoch && rows === "validation") },
        mark: { type: "point", color: ACCENT_COLOR, size: 110 },
        encoding: { x: quantity("epoch"), y },
      },
    ],
  };
}

/** Error of each numeric feature on held-out tracks, PCA against autoencoder at the same number of dimensions. */
export function featureErrorPlot(comparison: EmbeddingComparison, spec: FeatureSpec): Spec {
  const values = comparison.columnErrors.flatMap(({ column, pca, autoencoder }) => {
    const { name, kind, weight } = spec.columns[column];
    if (kind !== "z-score") return [];
    return [["PCA", pca], ["autoencoder", autoencoder]].map(([method, error]) => ({
      feature: name.replace("_ms", ""),
      method,
      error: Number(error) / weight,
    }));
  });
  const y = category("feature", "Feature", { sort: { field: "error", op: "max", order: "descending" } });
  return {
    title: "What is lost of each feature",
    width: 440,
    height: { step: 22 },
    data: { values: decimals(values, 4) },
    layer: [
      {
        mark: { type: "line", color: MUTED_COLOR, strokeWidth: 1.5 },
        encoding: { x: quantity("error"), y, detail: { field: "feature" } },
      },
      {
        mark: { type: "point", size: 80 },
        encoding: {
          x: quantity("error", "Root mean squared error on test tracks (standard deviations of the feature)"),
          y,
          color: methodColor("method", ["PCA", "autoencoder"]),
          shape: category("method", "Same dimensions", { scale: { domain: ["PCA", "autoencoder"] } }),
          tooltip: [{ field: "feature" }, { field: "method" }, { field: "error" }],
        },
      },
    ],
  };
}

/** What the neighbours of held-out tracks have in common with them, by space, with bars of two standard errors. */
export function neighborhoodPlot(comparison: EmbeddingComparison): Spec {
  const measures = [
    ["neighborOverlap", "same neighbours as by features"],
    ["genrePurity", "same genre"],
    ["subgenrePurity", "same subgenre"],
    ["artistShare", "same artist"],
  ] as const;
  const values = comparison.spaces.flatMap(({ space, dimensions, ...found }) =>
    measures.flatMap(([field, measure]) => {
      if (!found[field]) return [];
      const { mean, standardError } = found[field];
      const [lower, upper] = [Math.max(0, mean - 2 * standardError), Math.min(1, mean + 2 * standardError)];
      return [{ space, dimensions, measure, mean, lower, upper }];
    })
  );
  const order = comparison.spaces.map(({ space }) => space);
  const y = category("space", null, { sort: order, axis: { labelLimit: 200 } });
  return {
    title: { text: "The 15 nearest tracks of held-out tracks", subtitle: "Mean share, bars of two standard errors" },
    data: { values: decimals(values, 4) },
    facet: category("measure", null, {
      sort: measures.map(([, measure]) => measure),
      header: { labelAnchor: "start" },
    }),
    columns: 2,
    spec: {
      width: 230,
      height: { step: 24 },
      layer: [
        intervalLayer("x", quantity("lower"), { y }, { color: "#3c4043", strokeWidth: 1.5 }),
        {
          mark: { type: "point", size: 80 },
          encoding: {
            x: quantity("mean", "Share of neighbours", {
              axis: { format: "%", tickCount: 5 },
              scale: { zero: false, nice: true },
            }),
            y,
            color: { ...methodColor("space", order), legend: null },
            tooltip: [{ field: "space" }, { field: "dimensions" }, { field: "mean", format: ".1%" }],
          },
        },
      ],
    },
    resolve: { scale: { x: "independent" } },
  };
}

const METHOD_COLORS: Record<string, string> = {
  autoencoder: ACCENT_COLOR,
  features: "#3c4043",
  "PCA, same dimensions": "#56B4E9",
};

function methodColor(field: string, domain: string[]): Spec {
  return colors(field, "Same dimensions", domain, domain.map((name) => METHOD_COLORS[name] ?? MAIN_COLOR));
}
