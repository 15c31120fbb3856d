/** All steps by name, so that a worker process finds them. */
import type { StepRegistry } from "./engine.ts";

export const STEPS: StepRegistry = {
  "features.statistics": async () => (await import("./features.ts")).STATISTICS_STEP,
  "features.encode": async () => (await import("./features.ts")).ENCODE_STEP,
  "pca.moments": async () => (await import("./pca.ts")).MOMENTS_STEP,
  "pca.scores": async () => (await import("./pca.ts")).SCORES_STEP,
  "graph.sample": async () => (await import("./graph_steps.ts")).SAMPLE_STEP,
  "graph.count": async () => (await import("./graph_steps.ts")).COUNT_STEP,
  "graph.nearest": async () => (await import("./graph_steps.ts")).NEAREST_STEP,
  "graph.assign": async () => (await import("./graph_steps.ts")).ASSIGN_STEP,
  "graph.join": async () => (await import("./graph_steps.ts")).JOIN_STEP,
  "graph.write": async () => (await import("./graph_steps.ts")).WRITE_STEP,
  "choice.sums": async () => (await import("./choice.ts")).SUMS_STEP,
  "choice.scores": async () => (await import("./choice.ts")).SCORES_STEP,
  "comparison.play": async () => (await import("./comparison.ts")).PLAY_STEP,
  "mpd.slices": async () => (await import("./mpd.ts")).SLICES_STEP,
  "mpd.pairs": async () => (await import("./mpd.ts")).PAIRS_STEP,
  "mpd.companions": async () => (await import("./mpd.ts")).COMPANIONS_STEP,
};
