/** Public names of math/: random numbers, matrices, softmax, and other mathematics that knows no music. */
export { type Interval, type IntervalEnds, type PairedDifference } from "./bootstrap.ts";
export { camelotName } from "./circle.ts";
export { cosine, type Matrix, row } from "./matrix.ts";
export { type ExactNeighbors } from "./neighbors.ts";
export { fitPca, type Moments, type PcaModel, type PcaOptions } from "./pca.ts";
export { type Random, randomInteger, seededRandom } from "./random.ts";
export { giniOfExposure, miscalibration } from "./shares.ts";
export { softmax } from "./softmax.ts";
