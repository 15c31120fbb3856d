/**
 * Public names of spark/: what serving and a cluster must be for a catalogue of any size.
 *
 * @module
 */
export {
  type MeasuredGraphRun,
  SERVING_ASSUMPTIONS,
  type ServingLoad,
  type ServingMeasures,
  sizeCluster,
  sizeServing,
  type SizingLine,
} from "./sizing.ts";
