/** Figures of the clusters: how many, and where they lie on the map. */
import { max, range } from "d3-array";
import type { Catalog } from "../catalog/catalog.ts";
import type { ClusterCount } from "../embedding/cluster_count.ts";
import { largestGroups } from "../graph/statistics.ts";
import type { Matrix } from "../math/matrix.ts";
import {
  ACCENT_COLOR,
  category,
  CATEGORY_COLORS,
  colors,
  decimals,
  intervalLayer,
  quantity,
  referenceLayer,
  shorten,
  type Spec,
} from "./theme.ts";

/**
 * Stability, with one standard error to each side, and mean silhouette by number of clusters, the chosen number marked.
 *
 * @param floor The stability that is asked for.
 */
export function clusterCountPlot(count: ClusterCount, floor: number): Spec {
  const values = count.candidates.map(({ standardError, ...tried }) => ({
    ...tried,
    lower: tried.stability - standardError,
    upper: tried.stability + standardError,
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
 * The map: tracks in two dimensions, coloured by genre, cluster, year and energy, with tooltips and a filter by genre.
 * Views of what the catalogue lacks are left out.
 *
 * @param data Positions [n, 2], cluster of each track, and the catalogue.
 * @param rows The tracks shown; about 2,000 keep the figure small.
 */
export function mapPlot(
  { positions, clusters, catalog }: { positions: Matrix; clusters: Int32Array; catalog: Catalog },
  rows: Int32Array,
): Spec {
  const { texts: { title }, lists: { artists, genres }, numbers: { year, energy } } = catalog;
  const { names: largest } = largestGroups(genres ?? [], 7);
  const values = Array.from(rows, (r) => {
    const genre = genres?.[r]?.[0] ?? "unknown";
    return {
      x: positions.data[2 * r],
      y: positions.data[2 * r + 1],
      track: `${shorten(title?.[r] || "?", 34)} – ${shorten(artists?.[r]?.[0] || "?", 34)}`,
      genre: largest.includes(genre) ? genre : "other",
      cluster: `${clusters[r]}`,
      year: known(year?.[r]),
      energy: known(energy?.[r]),
    };
  });
  const shown = values.some(({ genre }) => genre === "other") ? [...largest, "other"] : largest;
  const filter = largest.length > 0;
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
      tooltip: ["track", "genre", "cluster", "year", "energy"].map((field) => ({ field })),
    },
  });
  const count = max(clusters, (label) => label + 1) ?? 0;
  const viridis = { scheme: "viridis" };
  const views = [
    filter && colors("genre", "Genre", shown, shown.map((g, i) => g === "other" ? "#c8ccd0" : CATEGORY_COLORS[i])),
    category("cluster", "Cluster", {
      sort: range(count).map(String),
      scale: count <= 8 ? { range: CATEGORY_COLORS.slice(0, count) } : { scheme: "tableau20" },
      legend: { columns: count > 12 ? 2 : 1 },
    }),
    year && quantity("year", "Year", { scale: { ...viridis, zero: false }, legend: { format: "d" } }),
    energy && quantity("energy", "Energy", { scale: viridis }),
  ];
  const bind = { input: "select", options: ["all", ...shown], name: "Genre " };
  return {
    title: "The map of the catalogue",
    ...(filter && { params: [{ name: "filter", value: "all", bind }] }),
    data: { values: decimals(values, 2) },
    columns: 2,
    concat: views.flatMap((color) => color ? [view(color)] : []),
    resolve: { scale: { color: "independent" } },
  };
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
