/** Public names of features/: from a track to numbers, and back. */
export { decodeRow, type TrackFeatures } from "./encode.ts";
export { type FeatureColumn, type FeatureGroup, type FeatureSpec, type GroupWeights, readFeatureSpec } from "./spec.ts";
export { INDICATOR_GROUPS, type IndicatorGroup } from "./statistics.ts";
export { type Transform, Z_FEATURES, type ZFeature } from "./transforms.ts";
