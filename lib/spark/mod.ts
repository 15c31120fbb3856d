/** Public names of spark/: what serving and a cluster must be for a catalogue of any size. */
export { SERVING_ASSUMPTIONS, sizeCluster, sizeServing } from "./sizing.ts";
export type { MeasuredGraphRun, ServingLoad, ServingMeasures, SizingLine } from "./sizing.ts";
