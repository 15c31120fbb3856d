/** Figures of notebook 10: playlists, training, comparison, attention. */
import { flatRollup, pairs } from "d3-array";
import type { TrainingPoint } from "../sequence/early_stopping.ts";
import type { Playlists } from "../sequence/interactions.ts";
import { RANK_METRICS } from "../metrics/ranking.ts";
import type { NextTrackResult, RankEstimates } from "../sequence/ranking.ts";
import { countTracks } from "../sequence/split.ts";
import { rankFrequencyPlot } from "./catalog.ts";
import { ACCENT_COLOR, category, intervalLayer, MAIN_COLOR, ordinal, quantity, shorten, type Spec } from "./theme.ts";

/** How often tracks occur against their rank, and how long playlists are. */
export function playlistOverview(playlists: Playlists, tracks: number): Spec {
  const counts = countTracks(playlists, tracks).filter((count) => count > 0).sort().reverse();
  const width = 10;
  const bins = flatRollup(
    pairs(playlists.offsets, (from, to) => Math.floor((to - from) / width) * width),
    (lists) => lists.length,
    (from) => from,
  ).sort((a, b) => a[0] - b[0]).map(([from, count]) => ({ from, to: from + width, count }));
  return {
    hconcat: [
      { ...rankFrequencyPlot(Array.from(counts)), width: 300, height: 220 },
      {
        title: "Lengths of playlists",
        width: 300,
        height: 220,
        data: { values: bins },
        mark: { type: "bar", binSpacing: 1 },
        encoding: {
          x: quantity("from", "tracks in the playlist", { bin: { binned: true, step: width } }),
          x2: { field: "to" },
          y: quantity("count", "playlists"),
        },
      },
    ],
  };
}

/** Training loss and validation NDCG over the steps. */
export function trainingCurve(curve: readonly TrainingPoint[]): Spec {
  const panel = (field: string, heading: string, title: string, color: string) => ({
    title: heading,
    width: 300,
    height: 220,
    mark: { type: "line", point: { size: 45, color }, color },
    encoding: {
      x: quantity("step", "optimiser steps", { scale: { zero: true } }),
      y: quantity(field, title, { scale: { zero: false } }),
    },
  });
  return {
    data: { values: curve.map(({ step, loss, ndcg }) => ({ step, loss, ndcg })) },
    hconcat: [
      panel("loss", "Training loss", "cross-entropy, nats", MAIN_COLOR),
      panel("ndcg", "Validation", "NDCG@10", ACCENT_COLOR),
    ],
  };
}

/** Recall of several models on the same playlists with its bootstrap intervals, best first. */
export function modelComparison(results: readonly NextTrackResult[]): Spec {
  const [metric] = RANK_METRICS;
  const values = results.map((result) => ({ name: result.name, ...result[metric.name as keyof RankEstimates] }));
  const x = quantity("value", `${metric.label.replace("@k", `@${results[0].k}`)}, 95 % interval`);
  return {
    width: 430,
    height: { step: 30 },
    data: { values },
    encoding: { y: category("name", null, { sort: { field: "value", order: "descending" } }) },
    layer: [
      intervalLayer("x", x, {}, { color: MAIN_COLOR }),
      { mark: { type: "point", size: 90, filled: true, color: MAIN_COLOR }, encoding: { x } },
      {
        mark: { type: "text", dy: -11, fontSize: 11, color: "#3c4043" },
        encoding: { x, text: { field: "value", format: ".3f" } },
      },
    ],
  };
}

/**
 * What the last position attends to.
 *
 * @param attention Weights by block and head, as `SasrecServer.attention` gives them.
 * @param labels Name of each track of the history, oldest first.
 * @returns The figure: a row a track, a column a block and head.
 */
export function attentionMap(attention: readonly (readonly Float32Array[])[], labels: readonly string[]): Spec {
  const shown = labels.slice(-attention[0][0].length);
  const values = attention.flatMap((heads, b) =>
    heads.flatMap((weights, h) =>
      Array.from(weights, (weight, i) => ({
        head: `block ${b + 1}, head ${h + 1}`,
        position: i + 1,
        label: shorten(shown[i], 36),
        weight,
      }))
    )
  );
  return {
    title: "Attention of the last position, the last track at the bottom",
    width: { step: 104 },
    height: { step: 19 },
    data: { values },
    mark: "rect",
    encoding: {
      x: category("head", null, { axis: { labelAngle: 0, orient: "top", labelLimit: 140 } }),
      y: ordinal("position", null, {
        axis: {
          labelExpr: `${JSON.stringify(values.slice(0, shown.length).map(({ label }) => label))}[datum.value - 1]`,
          labelLimit: 420,
        },
      }),
      color: quantity("weight", "attention", {
        scale: { scheme: "viridis", domainMin: 0 },
        legend: { format: ".2f" },
      }),
    },
  };
}
