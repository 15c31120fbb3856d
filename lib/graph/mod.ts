/**
 * Public names of graph/: the k-nearest-neighbour graph: building, neighbours, paths, statistics.
 *
 * @module
 */
export { connectTrack, type LikedGraph, likedGraph, meanDirection } from "./connect.ts";
export { type EgoNetwork, egoNetwork } from "./ego.ts";
export { type GraphRows, type NeighborGraph, neighborsOf } from "./graph.ts";
export { correctHubness, type HubnessOptions } from "./hubness.ts";
export { type JoinOptions, type JoinReport } from "./join.ts";
export { buildKnnGraph, type KnnOptions, type KnnReport, type KnnResult } from "./knn.ts";
export { type SmoothPath, smoothPath } from "./path.ts";
export {
  type Components,
  components,
  groupMixing,
  hasEdge,
  type Hubness,
  hubness,
  inDegrees,
  largestGroups,
  type Mixing,
  mutualGraph,
  similarityByRank,
  topNeighbors,
} from "./statistics.ts";
