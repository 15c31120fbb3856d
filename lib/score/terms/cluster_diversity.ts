import { expectInteger } from "../../data/errors.ts";
import type { Term } from "./term.ts";

/** Default number m of last plays that are looked at. */
const DEFAULT_CLUSTER_WINDOW = 20;

/** Plays by cluster, used again from call to call. */
let counts = new Int32Array(256);

/** How far a candidate lies from the clusters that were played last. */
export const clusterDiversity: Term<"clusterDiversity"> = {
  name: "clusterDiversity",
  formula: "1 − share of the last m plays in its cluster; 1 before the first play, 0 without clusters",
  range: [0, 1],
  weight: {
    value: 1,
    basis: "wish",
    unit: 1,
    means: "a cluster not heard lately, against one that filled the last plays",
  },
  label: "cluster diversity",
  plainLabel: "Change of style",
  slider: [-5, 5],
  phrases: [{
    place: 5,
    say: ({ value, eventCount }) => eventCount > 0 && value > 0.9 ? "a style not heard lately" : undefined,
  }],
  discover: (weight, t) => weight * (1 + t),
  fill({ state, collection: { clusters, clusterCount }, candidates, options }, out, first, step) {
    const window = expectInteger("clusterWindow", options.clusterWindow ?? DEFAULT_CLUSTER_WINDOW, 1);
    const plays = Math.min(window, state.playCount);
    if (counts.length < clusterCount) counts = new Int32Array(clusterCount);
    counts.fill(0, 0, clusterCount);
    for (let p = state.playCount - plays; p < state.playCount; p++) counts[clusters[state.playedTrack(p)]]++;
    for (let c = 0; c < candidates.length; c++) {
      const share = plays === 0 ? 0 : counts[clusters[candidates[c]]] / plays;
      out[first + c * step] = clusterCount === 0 ? 0 : 1 - share;
    }
  },
};
