/** Figures of the neighbour graph: degrees, mixing, recall, one neighbourhood. */
import { max, rollups } from "d3-array";
import type { EgoNetwork } from "../graph/ego.ts";
import type { Mixing } from "../graph/statistics.ts";
import { linesPlot } from "./lines.ts";
import {
  ACCENT_COLOR,
  category,
  colors,
  decimals,
  heatLayers,
  LINES_ON_TOP,
  MAIN_COLOR,
  MUTED_COLOR,
  quantity,
  type Spec,
} from "./theme.ts";

/**
 * Distributions of the in-degree, one line a graph, on a logarithmic axis of counts.
 *
 * @param series In-degrees by name of the graph, at most three.
 */
export function inDegreePlot(series: Record<string, Int32Array>): Spec {
  const largest = max(Object.values(series), (degrees) => max(degrees)) ?? 1;
  const width = Math.max(1, Math.ceil(largest / 60));
  const values = Object.entries(series).flatMap(([graph, degrees]) => {
    return rollups(degrees, (bin) => bin.length, (degree) => Math.floor(degree / width))
      .map(([bin, count]) => ({ graph, degree: (bin + 0.5) * width - 0.5, count }));
  });
  return linesPlot(values, {
    title: "In how many neighbour lists does a track stand?",
    points: true,
    x: { field: "degree", title: `in-degree (lists, in bins of ${width})` },
    y: { field: "count", title: "tracks", scale: { type: "log" }, axis: { format: "~s" } },
    color: { field: "graph", scale: { range: [MUTED_COLOR, MAIN_COLOR, ACCENT_COLOR] } },
  });
}

/**
 * Mixing matrix as a heat map: how often the neighbours of a group's tracks come from each group, against chance.
 *
 * @param kind What the groups are, e.g. `"genre"`.
 */
export function mixingPlot(mixing: Mixing, names: readonly string[], kind: string): Spec {
  const n = names.length;
  const values = Array.from(mixing.shares, (share, c) => ({
    from: names[Math.floor(c / n)],
    to: names[c % n],
    share,
    lift: Math.max(1 / 32, mixing.lifts[c]),
  }));
  const bound = Math.max(2, ...values.map(({ lift }) => Math.max(lift, 1 / lift)));
  return {
    title: {
      text: `Which ${kind} are the neighbours of?`,
      subtitle: "share of the neighbours; colour: against chance",
    },
    width: { step: Math.max(38, Math.min(62, 460 / n)) },
    height: { step: 34 },
    data: { values: decimals(values, 4) },
    encoding: {
      x: category("to", `${kind} of the neighbour`, { sort: names, axis: { labelAngle: n > 7 ? -40 : 0 } }),
      y: category("from", `${kind} of the track`, { sort: names }),
    },
    layer: heatLayers(
      quantity("lift", "times chance", {
        scale: { type: "log", scheme: "blueorange", domain: [1 / bound, bound], domainMid: 1, reverse: true },
        legend: { format: "~g", tickCount: 5 },
      }),
      quantity("share", undefined, { format: ".0%" }),
      `abs(log(datum.lift)) > ${0.7 * Math.log(bound)}`,
    ),
  };
}

/**
 * Recall against the work it takes, one point a run.
 *
 * @param runs Recall, mean number of tracks that each track was compared with, and what was asked for.
 */
export function recallCostPlot(runs: readonly { recall: number; compared: number; label: string }[]): Spec {
  const low = Math.min(...runs.map(({ recall }) => recall));
  const encoding = {
    x: quantity("compared", "tracks that each track is compared with", {
      scale: { type: "log" },
      axis: { format: "~s", tickCount: 6 },
    }),
    y: quantity("recall", "recall@k", {
      scale: { domain: [Math.min(0.98, Math.floor(low * 50) / 50 - 0.02), 1.01], nice: false },
    }),
  };
  return {
    title: { text: "What a recall costs", subtitle: "labels: the recall that was asked for" },
    width: 480,
    height: 260,
    data: { values: decimals(runs, 4) },
    layer: [
      { mark: { type: "line", point: { size: 60 } }, encoding: { ...encoding, order: { field: "compared" } } },
      {
        mark: { type: "text", align: "left", baseline: "top", dx: 7, dy: 5, fontSize: 11 },
        encoding: { ...encoding, text: { field: "label" } },
      },
    ],
  };
}

/** One neighbourhood: the track in the middle, its neighbours around it, the edges among them. */
export function egoNetworkPlot(network: EgoNetwork, labels: readonly string[]): Spec {
  const { nodes, edges } = network;
  const [width, height] = [560, 460];
  const xs = nodes.map(({ x }) => x);
  const ys = nodes.map(({ y }) => y);
  // The same number of pixels for a radian in both directions, and room for the labels.
  const unit = 1.25 *
    Math.max((Math.max(...xs) - Math.min(...xs)) / width, (Math.max(...ys) - Math.min(...ys)) / height, 1e-6);
  const axis = (field: string, values: number[], pixels: number) => {
    const middle = (Math.max(...values) + Math.min(...values)) / 2;
    const domain = [middle - unit * pixels / 2, middle + unit * pixels / 2];
    return quantity(field, "angle in the plane (rad)", {
      scale: { domain, nice: false, zero: false },
      axis: { grid: false, format: ".1f", tickCount: 5 },
    });
  };
  const x = axis("x", xs, width);
  const y = axis("y", ys, height);
  const sides = placeLabels(nodes.map((node) => [node.x / unit, -node.y / unit]), labels);
  const points = nodes.map(({ x, y, similarity }, i) => ({
    x,
    y,
    similarity,
    label: labels[i],
    side: sides[i],
    middle: i === 0,
  }));
  const lines = edges.map(({ from, to, mutual }) => ({
    ...{ x: nodes[from].x, y: nodes[from].y, x2: nodes[to].x, y2: nodes[to].y },
    kind: mutual ? "mutual" : "one way",
  }));
  const texts = LABEL_SIDES.flatMap(({ align, dx, dy }, side) =>
    [{ stroke: "#ffffff", strokeWidth: 3, opacity: 0.85 }, {}].map((halo) => ({
      transform: [{ filter: `datum.side === ${side}` }],
      mark: { type: "text", align, dx, dy, fontSize: LABEL_SIZE, fontWeight: 500, ...halo },
      encoding: { x, y, text: { field: "label" } },
    }))
  );
  return {
    title: "One neighbourhood",
    width,
    height,
    data: { values: decimals(points, 4) },
    layer: [
      {
        data: { values: decimals(lines, 4) },
        mark: { type: "rule", opacity: 0.5 },
        encoding: {
          x,
          y,
          x2: { field: "x2" },
          y2: { field: "y2" },
          color: colors("kind", "edge", ["mutual", "one way"], [MAIN_COLOR, "#b4bac2"], { legend: LINES_ON_TOP }),
        },
      },
      {
        mark: { type: "point", opacity: 1, size: 90 },
        encoding: { x, y, color: { condition: { test: "datum.middle", value: ACCENT_COLOR }, value: "#3c4043" } },
      },
      ...texts,
    ],
  };
}

const LABEL_SIZE = 11;
/** Where a label may stand beside its point, best first. */
const LABEL_SIDES = [
  { align: "left", dx: 8, dy: -7 },
  { align: "right", dx: -8, dy: -7 },
  { align: "left", dx: 8, dy: 9 },
  { align: "right", dx: -8, dy: 9 },
] as const;

/** The side of each label on which it covers least: other labels, and points. Places are in pixels, y downwards. */
function placeLabels(places: readonly (readonly number[])[], labels: readonly string[]): number[] {
  type Box = { left: number; right: number; top: number; bottom: number };
  const taken: Box[] = places.map(([x, y]) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  const overlap = (a: Box, b: Box) =>
    Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
    Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  return places.map(([x, y], i) => {
    const length = labels[i].length * LABEL_SIZE * 0.56;
    const boxes = LABEL_SIDES.map(({ align, dx, dy }): Box => {
      const left = align === "left" ? x + dx : x + dx - length;
      return { left, right: left + length, top: y + dy - LABEL_SIZE / 2, bottom: y + dy + LABEL_SIZE / 2 };
    });
    const covered = boxes.map((box) => taken.reduce((sum, other) => sum + overlap(box, other), 0));
    const side = covered.indexOf(Math.min(...covered));
    taken.push(boxes[side]);
    return side;
  });
}
