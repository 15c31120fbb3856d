/** The training curve, which evaluation was the best, and when training may stop. */
import { maxIndex } from "d3-array";

/** A point of the training curve. */
export interface TrainingPoint {
  /** Optimiser steps so far. */
  step: number;
  /** Passes over the data so far. */
  epoch: number;
  /** Mean training loss since the point before, nats. */
  loss: number;
  /** NDCG@10 on the validation targets. */
  ndcg: number;
  /** Recall@10 on the validation targets. */
  recall: number;
  /** Seconds of training so far, evaluations left out. */
  seconds: number;
}

/** Convergence does not count until the validation NDCG is above so many times popularity's. */
const BEYOND_POPULARITY = 1.2;

/** Index of the best evaluation, the first of equals; −1 when the curve is empty. */
export function bestOf(curve: readonly TrainingPoint[]): number {
  return maxIndex(curve, ({ ndcg }) => ndcg);
}

/**
 * Whether the validation NDCG has stopped rising. In its first hundreds of steps SASRec learns little more than which
 * tracks are frequent, and its NDCG stands still; so this waits until the NDCG is above popularity's.
 *
 * @param patience So many evaluations in a row without a better NDCG are enough.
 * @param popularity Validation NDCG of ranking by popularity.
 */
export function hasConverged(curve: readonly TrainingPoint[], patience: number, popularity: number): boolean {
  return curve.length - 1 - bestOf(curve) >= patience && isBeyondPopularity(curve, popularity);
}

/** Whether the best NDCG is more than 1.2 times that of ranking by popularity. */
export function isBeyondPopularity(curve: readonly TrainingPoint[], popularity: number): boolean {
  return curve[bestOf(curve)]?.ndcg > BEYOND_POPULARITY * popularity;
}
