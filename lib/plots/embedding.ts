/**
 * Figures of the embedding: variance, loadings, training, comparison, clusters, map.
 *
 * @module
 */
import { ascending, cumsum, rollups, sum } from "d3-array";
import type { Catalog } from "../catalog/catalog.ts";
import type { EpochLoss } from "../embedding/autoencoder.ts";
import type { EmbeddingComparison } from "../embedding/compare.ts";
import type { ClusterDescription } from "../embedding/describe.ts";
import type { ClusterCount } from "../embedding/cluster_count.ts";
import type { PcaModel } from "../math/pca.ts";
import type { FeatureSpec } from "../features/spec.ts";
import type { Matrix } from "../math/matrix.ts";
import {
  ACCENT_COLOR,
  category,
  CATEGORY_COLORS,
  colors,
  decimals,
  heatLayers,
  intervalLayer,
  MAIN_COLOR,
  MUTED_COLOR,
  ordinal,
  quantity,
  referenceLayer,
  shorten,
  significant,
  type Spec,
} from "./theme.ts";

/**
 * Scree plot: the variance along each direction as bars, its running sum as a line, and where it was cut.
 *
 * @param model The PCA.
 * @returns The figure.
 */
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
 * Loadings of the first components as a heat map.
 *
 * @param model The PCA.
 * @param names Name of each column.
 * @param count Number of components shown.
 * @returns The figure.
 */
export function loadingsPlot(model: PcaModel, names: readonly string[], count: number = 6): Spec {
  const d = names.length;
  const shown = Math.min(count, model.explainedVariance.length);
  const values = Array.from({ length: shown * d }, (_, at) => ({
    component: `${Math.floor(at / d) + 1}`,
    feature: names[at % d],
    loading: model.components[at],
  }));
  return {
    title: { text: "Loadings", subtitle: "What each component is made of; blue falls with the score, orange rises" },
    width: 46 * shown,
    height: { step: 15 },
    data: { values: decimals(values, 3) },
    mark: "rect",
    encoding: {
      x: ordinal("component", "Component", { axis: { labelAngle: 0, orient: "top" } }),
      y: category("feature", "Feature", { sort: null }),
      color: quantity("loading", "Loading", { scale: { scheme: "blueorange", domain: [-1, 1], domainMid: 0 } }),
      tooltip: [{ field: "component" }, { field: "feature" }, { field: "loading" }],
    },
  };
}

/**
 * Loss of the autoencoder by epoch on training and validation tracks, with what PCA loses at the same number of
 * dimensions.
 *
 * @param history Losses.
 * @param bestEpoch The epoch whose weights were kept.
 * @param pcaLoss What PCA loses on test tracks with as many dimensions.
 * @returns The figure.
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
        layer: [
          { mark: { type: "rule", strokeDash: [5, 4] }, encoding: { y } },
          {
            mark: { type: "text", align: "right", dy: -7, color: "#5f6368" },
            encoding: { y, x: { value: 478 }, text: { field: "label" } },
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

/**
 * Error of each numeric feature on held-out tracks, PCA against autoencoder at the same number of dimensions.
 *
 * @param comparison The comparison.
 * @param spec The feature specification, for names and weights.
 * @returns The figure.
 */
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

/**
 * What the neighbours of held-out tracks have in common with them, by space, with bars of two standard errors.
 *
 * @param comparison The comparison.
 * @returns The figure.
 */
export function neighborhoodPlot(comparison: EmbeddingComparison): Spec {
  const measures = [
    ["neighborOverlap", "same neighbours as by features"],
    ["genrePurity", "same genre"],
    ["subgenrePurity", "same subgenre"],
    ["artistShare", "same artist"],
  ] as const;
  const values = comparison.spaces.flatMap((space) =>
    measures.flatMap(([field, measure]) => {
      const found = space[field];
      if (!found) return [];
      const margin = 2 * found.standardError;
      return [{
        space: space.space,
        dimensions: space.dimensions,
        measure,
        mean: found.mean,
        lower: Math.max(0, found.mean - margin),
        upper: Math.min(1, found.mean + margin),
      }];
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

/**
 * Stability, with two standard errors' width, and mean silhouette by number of clusters, the chosen number marked.
 *
 * @param count What was tried and chosen.
 * @param floor The stability that is asked for.
 * @returns The figure.
 */
export function clusterCountPlot(count: ClusterCount, floor: number): Spec {
  const values = count.candidates.map(({ k, stability, standardError, silhouette }) => ({
    k,
    stability,
    lower: stability - standardError,
    upper: stability + standardError,
    silhouette,
  }));
  const panel = (field: string, title: string, further: Spec[] = []): Spec => {
    const encoding = {
      x: quantity("k", "Number of clusters k", { scale: { zero: false }, axis: { tickMinStep: 2 } }),
      y: quantity(field, title, { scale: { zero: false, nice: true } }),
    };
    return {
      width: 300,
      height: 220,
      layer: [
        ...further,
        { mark: { type: "line", point: true }, encoding },
        {
          transform: [{ filter: `datum.k === ${count.k}` }],
          mark: { type: "point", size: 160, color: ACCENT_COLOR },
          encoding,
        },
      ],
    };
  };
  const asked = referenceLayer("y", floor, { strokeDash: [4, 4] });
  const errors = intervalLayer("y", quantity("lower"), { x: quantity("k") });
  return {
    title: {
      text: "How many clusters?",
      subtitle: "Agreement without a tenth of the tracks, ± one standard error; dashed: what is asked for",
    },
    data: { values: decimals(values, 5) },
    hconcat: [
      panel("stability", "Agreement (adjusted Rand index)", [asked, errors]),
      panel("silhouette", "Mean silhouette"),
    ],
  };
}

/**
 * Clusters by feature: how far each mean lies from the catalogue's, in standard deviations.
 *
 * @param clusters The clusters, described.
 * @returns The figure.
 */
export function clusterProfilePlot(clusters: readonly ClusterDescription[]): Spec {
  const values = clusters.flatMap(({ cluster, standardized }) =>
    Object.entries(standardized).map(([feature, z]) => ({
      cluster: `${cluster}`,
      feature: feature.replace("_ms", ""),
      z: z!,
    }))
  );
  return {
    title: {
      text: "What sets each cluster apart",
      subtitle: "Cluster mean minus catalogue mean, in standard deviations",
    },
    width: { step: 44 },
    height: { step: 24 },
    data: { values: decimals(values, 3) },
    encoding: {
      x: category("feature", null, { sort: null, axis: { labelAngle: -40 } }),
      y: ordinal("cluster", "Cluster", { sort: null }),
    },
    layer: heatLayers(
      quantity("z", "SDs", { scale: { scheme: "blueorange", domain: [-2, 2], domainMid: 0, clamp: true } }),
      quantity("z", undefined, { format: ".1f" }),
      "abs(datum.z) > 1.3",
    ),
  };
}

/**
 * The map: tracks in two dimensions, coloured by genre, cluster, year and energy, with tooltips and a filter by genre.
 * Views of what the catalogue lacks are left out.
 *
 * @param data Positions [n, 2], cluster of each track, and the catalogue.
 * @param rows The tracks shown; about 2,000 keep the figure small.
 * @returns The figure.
 */
export function mapPlot(
  data: { positions: Matrix; clusters: Int32Array; catalog: Catalog },
  rows: Int32Array,
): Spec {
  const { positions, clusters, catalog } = data;
  const genreNames = commonest(catalog.lists.genres);
  const values = Array.from(rows, (r) => {
    const genre = catalog.lists.genres?.[r]?.[0] ?? "unknown";
    return {
      x: positions.data[2 * r],
      y: positions.data[2 * r + 1],
      track: `${shorten(catalog.texts.title?.[r] || "?", 34)} – ${shorten(catalog.lists.artists?.[r]?.[0] || "?", 34)}`,
      genre: genreNames.includes(genre) ? genre : "other",
      cluster: `${clusters[r]}`,
      year: known(catalog.numbers.year?.[r]),
      energy: known(catalog.numbers.energy?.[r]),
    };
  });
  const genres = [...genreNames, ...(values.some(({ genre }) => genre === "other") ? ["other"] : [])];
  const filter = genreNames.length > 0;
  const axis = { labels: false, ticks: false, grid: false, domain: false };
  const view = (color: Spec): Spec => ({
    title: { text: `by ${color.field}`, fontSize: 13 },
    width: 330,
    height: 290,
    mark: { type: "circle", size: 14 },
    encoding: {
      x: quantity("x", "UMAP 1", { axis, scale: { zero: false } }),
      y: quantity("y", "UMAP 2", { axis, scale: { zero: false } }),
      color,
      opacity: filter
        ? { condition: { test: "filter === 'all' || datum.genre === filter", value: 0.75 }, value: 0.03 }
        : { value: 0.75 },
      tooltip: ["track", "genre", "cluster", "year", "energy"].map((name) => ({ field: name })),
    },
  });
  const clusterCount = clusters.reduce((most, label) => Math.max(most, label + 1), 0);
  return {
    title: "The map of the catalogue",
    ...(filter && {
      params: [{
        name: "filter",
        value: "all",
        bind: { input: "select", options: ["all", ...genres], name: "Genre " },
      }],
    }),
    data: { values: decimals(values, 2) },
    columns: 2,
    concat: [
      ...(filter
        ? [view(
          colors("genre", "Genre", genres, genres.map((g, i) => g === "other" ? "#c8ccd0" : CATEGORY_COLORS[i])),
        )]
        : []),
      view(category("cluster", "Cluster", {
        sort: Array.from({ length: clusterCount }, (_, c) => `${c}`),
        scale: clusterCount <= 8 ? { range: CATEGORY_COLORS.slice(0, clusterCount) } : { scheme: "tableau20" },
        legend: { columns: clusterCount > 12 ? 2 : 1 },
      })),
      ...(catalog.numbers.year
        ? [view(quantity("year", "Year", { scale: { scheme: "viridis", zero: false }, legend: { format: "d" } }))]
        : []),
      ...(catalog.numbers.energy ? [view(quantity("energy", "Energy", { scale: { scheme: "viridis" } }))] : []),
    ],
    resolve: { scale: { color: "independent" } },
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

/** The seven commonest first genres. */
function commonest(genres: string[][] | undefined): string[] {
  const counts = rollups((genres ?? []).filter(([genre]) => genre), (rows) => rows.length, ([genre]) => genre);
  return counts.sort(([a, m], [b, n]) => n - m || ascending(a, b)).slice(0, 7).map(([name]) => name);
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
