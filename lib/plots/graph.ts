/**
 * Figures of the neighbour graph: similarities, degrees, components, mixing, recall, one neighbourhood.
 *
 * @module
 */
import type { EgoNetwork } from "../graph/ego.ts";
import type { Mixing } from "../graph/statistics.ts";
import { ACCENT_COLOR, MAIN_COLOR, MUTED_COLOR, type Spec } from "./theme.ts";

/**
 * Similarity to the neighbour of each rank: the mean as a line, the middle 80 % of the tracks as a band.
 *
 * @param ranks What `similarityByRank()` gave.
 * @returns The figure.
 */
export function similarityByRankPlot(
  ranks: readonly { rank: number; mean: number; low: number; high: number }[],
): Spec {
  const x = { field: "rank", type: "quantitative", title: "rank of the neighbour", scale: { nice: false } };
  const y = { type: "quantitative", title: "cosine similarity", scale: { zero: false } };
  return {
    title: "Similarity by rank",
    width: 480,
    height: 260,
    data: { values: ranks.map((r) => mapNumbers(r, 4)) },
    layer: [
      {
        mark: { type: "area", opacity: 0.25 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      { mark: { type: "line" }, encoding: { x, y: { ...y, field: "mean" } } },
    ],
  };
}

/**
 * Distributions of the in-degree, one line a graph, on a logarithmic axis of counts.
 *
 * @param series In-degrees by name of the graph, at most three.
 * @returns The figure.
 */
export function inDegreePlot(series: Record<string, Int32Array>): Spec {
  const largest = Math.max(1, ...Object.values(series).map((degrees) => degrees.reduce((a, b) => Math.max(a, b), 0)));
  const width = Math.max(1, Math.ceil(largest / 60));
  const values = Object.entries(series).flatMap(([graph, degrees]) => {
    const counts = new Int32Array(Math.floor(largest / width) + 1);
    for (const degree of degrees) counts[Math.floor(degree / width)]++;
    return Array.from(counts, (count, b) => ({ graph, degree: (b + 0.5) * width - 0.5, count }))
      .filter(({ count }) => count > 0);
  });
  return {
    title: "In how many neighbour lists does a track stand?",
    width: 480,
    height: 280,
    data: { values },
    mark: { type: "line", point: { size: 22 }, strokeWidth: 1.5 },
    encoding: {
      x: { field: "degree", type: "quantitative", title: `in-degree (lists, in bins of ${width})` },
      y: { field: "count", type: "quantitative", title: "tracks", scale: { type: "log" }, axis: { format: "~s" } },
      color: {
        field: "graph",
        type: "nominal",
        title: null,
        scale: { domain: Object.keys(series), range: [MUTED_COLOR, MAIN_COLOR, ACCENT_COLOR] },
        legend: { orient: "top", symbolType: "stroke", symbolStrokeWidth: 3 },
      },
    },
  };
}

/**
 * Share of the tracks in the largest component against the number of neighbours.
 *
 * @param rows A row for each number of neighbours and kind of edge.
 * @returns The figure.
 */
export function componentPlot(
  rows: readonly { k: number; edges: string; largest: number; components: number }[],
): Spec {
  return {
    title: "When does the graph hang together?",
    width: 480,
    height: 260,
    data: { values: rows.map((r) => ({ ...r, largest: Number(r.largest.toFixed(5)) })) },
    mark: { type: "line", point: { size: 40 } },
    encoding: {
      x: { field: "k", type: "quantitative", title: "neighbours of each track", scale: { type: "log", nice: false } },
      y: {
        field: "largest",
        type: "quantitative",
        title: "tracks in the largest component",
        axis: { format: "%" },
        scale: { domain: [0, 1] },
      },
      color: {
        field: "edges",
        type: "nominal",
        title: null,
        scale: { range: [MAIN_COLOR, ACCENT_COLOR] },
        legend: { orient: "top", symbolType: "stroke", symbolStrokeWidth: 3 },
      },
    },
  };
}

/**
 * Mixing matrix as a heat map: how often the neighbours of a group's tracks come from each group, against chance.
 *
 * @param mixing What `groupMixing()` gave.
 * @param names Name of each group.
 * @param kind What the groups are, e.g. `"genre"`.
 * @returns The figure.
 */
export function mixingPlot(mixing: Mixing, names: readonly string[], kind: string): Spec {
  const n = names.length;
  const values = Array.from(mixing.shares, (share, c) => ({
    from: names[Math.floor(c / n)],
    to: names[c % n],
    share: Number(share.toFixed(4)),
    lift: Number(Math.max(1 / 32, mixing.lifts[c]).toFixed(3)),
  }));
  const bound = Math.max(2, ...values.map(({ lift }) => Math.max(lift, 1 / lift)));
  const axis = { type: "nominal", sort: names };
  return {
    title: {
      text: `Which ${kind} are the neighbours of?`,
      subtitle: "share of the neighbours; colour: against chance",
    },
    width: { step: Math.max(38, Math.min(62, 460 / n)) },
    height: { step: 34 },
    data: { values },
    encoding: {
      x: { ...axis, field: "to", title: `${kind} of the neighbour`, axis: { labelAngle: n > 7 ? -40 : 0 } },
      y: { ...axis, field: "from", title: `${kind} of the track` },
    },
    layer: [
      {
        mark: { type: "rect" },
        encoding: {
          color: {
            field: "lift",
            type: "quantitative",
            title: "times chance",
            scale: { type: "log", scheme: "blueorange", domain: [1 / bound, bound], domainMid: 1, reverse: true },
            legend: { format: "~g", tickCount: 5 },
          },
        },
      },
      {
        mark: { type: "text", fontSize: 11 },
        encoding: {
          text: { field: "share", type: "quantitative", format: ".0%" },
          color: { condition: { test: `datum.lift > ${bound ** 0.75}`, value: "#ffffff" }, value: "#202124" },
        },
      },
    ],
  };
}

/**
 * Recall against time, one point a run, one line a method.
 *
 * @param runs The runs.
 * @returns The figure.
 */
export function recallTimePlot(
  runs: readonly { method: string; seconds: number; recall: number; label: string }[],
): Spec {
  const low = Math.min(...runs.map(({ recall }) => recall));
  const encoding = {
    x: { field: "seconds", type: "quantitative", title: "time (s)", scale: { zero: true } },
    y: {
      field: "recall",
      type: "quantitative",
      title: "recall@k",
      scale: { domain: [Math.min(0.98, Math.floor(low * 50) / 50), 1], clamp: true },
    },
  };
  return {
    title: "Recall against time",
    width: 480,
    height: 260,
    data: { values: runs.map((run) => mapNumbers(run, 4)) },
    layer: [
      {
        mark: { type: "line", point: { size: 50 } },
        encoding: {
          ...encoding,
          order: { field: "recall" },
          color: {
            field: "method",
            type: "nominal",
            title: null,
            scale: { range: [MAIN_COLOR, ACCENT_COLOR] },
            legend: { orient: "top" },
          },
        },
      },
      { mark: { type: "text", align: "left", dx: 8, dy: 10 }, encoding: { ...encoding, text: { field: "label" } } },
    ],
  };
}

/**
 * One neighbourhood: the track in the middle, its neighbours around it, the edges among them.
 *
 * @param network What `egoNetwork()` gave.
 * @param labels Text of each node.
 * @returns The figure.
 */
export function egoNetworkPlot(network: EgoNetwork, labels: readonly string[]): Spec {
  const { nodes, edges } = network;
  const extent = Math.max(...nodes.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)])) * 1.15 || 1;
  const scale = { domain: [-extent, extent], nice: false };
  const x = { field: "x", type: "quantitative", title: "angle in the plane (rad)", scale, axis: { grid: false } };
  const y = { ...x, field: "y" };
  const points = nodes.map((node, i) => ({
    ...mapNumbers({ x: node.x, y: node.y, similarity: node.similarity }, 4),
    label: labels[i],
    side: node.x > 0.35 * extent ? "left" : "right",
    middle: i === 0,
  }));
  const lines = edges.map(({ from, to, mutual }) => ({
    ...mapNumbers({ x: nodes[from].x, y: nodes[from].y, x2: nodes[to].x, y2: nodes[to].y }, 4),
    kind: mutual ? "mutual" : "one way",
  }));
  const text = (side: string, align: string, dx: number) => ({
    transform: [{ filter: `datum.side === "${side}"` }],
    mark: { type: "text", align, dx, fontSize: 10, fontWeight: 500, dy: -6 },
    encoding: { x, y, text: { field: "label" } },
  });
  return {
    title: "One neighbourhood",
    width: 560,
    height: 460,
    data: { values: points },
    layer: [
      {
        data: { values: lines },
        mark: { type: "rule", opacity: 0.55 },
        encoding: {
          x,
          y,
          x2: { field: "x2" },
          y2: { field: "y2" },
          color: {
            field: "kind",
            type: "nominal",
            title: "edge",
            scale: { domain: ["mutual", "one way"], range: [MAIN_COLOR, "#c9ced6"] },
          },
        },
      },
      {
        mark: { type: "point", opacity: 1, size: 90 },
        encoding: { x, y, color: { condition: { test: "datum.middle", value: ACCENT_COLOR }, value: "#3c4043" } },
      },
      text("right", "left", 8),
      text("left", "right", -8),
    ],
  };
}

/** Numbers rounded, so that the figure stays small. */
function mapNumbers<T extends object>(row: T, digits: number): T {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === "number" ? Number(value.toFixed(digits)) : value]),
  ) as T;
}
