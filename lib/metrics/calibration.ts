/** Calibration: whether the plays have the proportions of the library. */
import { miscalibration as divergence } from "../math/shares.ts";
import { clusterShares } from "./diversity.ts";
import type { Metric } from "./metric.ts";

export const miscalibration: Metric<"miscalibration"> = {
  ...{ name: "miscalibration", label: "Miscalibration", range: [0, 4.61], unit: "nats", better: "lower" },
  definition: "KL(p ‖ 0.99 q + 0.01 p), p the library's shares of the clusters, q those of the plays",
  source: "Steck 2018",
  shown: "overview",
  ofRun({ plays, library, clusters, clusterCount }) {
    if (clusterCount === 0) return NaN;
    const [taste, played] = [library, plays].map((tracks) => clusterShares(tracks, clusters, clusterCount));
    return divergence(taste, played);
  },
};
