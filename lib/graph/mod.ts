/** Public names of graph/: the k-nearest-neighbour graph: building, neighbours, paths, statistics. */
export { connectTrack, likedGraph, meanDirection } from "./connect.ts";
export { type EgoNetwork, egoNetwork } from "./ego.ts";
export { type GraphRows, type NeighborGraph, neighborsOf } from "./graph.ts";
export { correctHubness } from "./hubness.ts";
export { type JoinOptions, type JoinReport } from "./join.ts";
export { buildKnnGraph, type KnnOptions, type KnnReport } from "./knn.ts";
export { smoothPath } from "./path.ts";
export {
  components,
  groupMixing,
  hasEdge,
  hubness,
  inDegrees,
  largestGroups,
  mutualGraph,
  similarityByRank,
  topNeighbors,
} from "./statistics.ts";
export type { Hubness, Mixing } from "./statistics.ts";
