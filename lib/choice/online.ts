/**
 * Weights that learn from every event: one Bayesian step, or one step of gradient descent, after each choice or each
 * skip.
 */
import { expectNumber } from "../data/errors.ts";
import { sum } from "d3-array";
import { Matrix } from "ml-matrix";
import { logitSums } from "./logit_sums.ts";
import { factorise, solve, toMatrix } from "../math/newton.ts";
import { fromEmbedding, inEmbedding, type TastePrior } from "./personal.ts";
import { type Choice, collectChoices } from "../listening/choice_sets.ts";

/** Weights that move with every event. */
export interface OnlineLearner {
  /** The weights now, length K. */
  readonly weights: Float64Array;
  /**
   * Learns from one choice.
   *
   * @param values Features of the J alternatives, [J, K] row-major.
   * @param chosen Which of them was taken, in [0, J).
   */
  update(values: Float64Array, chosen: number): void;
}

/**
 * A listener's weights with what is not known of them: a normal belief N(m, C) that starts at the prior. After each
 * event with gradient g and information H of its log-likelihood at m,
 *
 * C ← (C⁻¹ + H)⁻¹, m ← m + C g,
 *
 * one step of Newton's method on the posterior: the extended Kalman filter of the logit (Fahrmeir 1992; Opper 1998, for
 * assumed-density filtering). It needs no step size: C shrinks as it learns. Cost O(J K² + K³) an event, memory O(K²).
 *
 * @example
 * ```ts
 * import { BayesianWeights } from "./online.ts";
 * import assert from "node:assert/strict";
 *
 * // One weight, prior N(0, 1), a choice of x = 1 over x = 0: g = 1/2, H = 1/4, so C = 4/5 and m = 2/5.
 * const prior = { features: ["x"], mean: Float64Array.of(0), basis: Float64Array.of(1), rank: 1, shares: Float64Array.of(1) };
 * const learner = new BayesianWeights(prior);
 * learner.update(Float64Array.of(1, 0), 0);
 * assert(Math.abs(learner.weights[0] - 0.4) < 1e-12);
 * ```
 */
export class BayesianWeights implements OnlineLearner {
  readonly weights: Float64Array;
  readonly #prior: TastePrior;
  readonly #memory: number;
  readonly #embedding: Float64Array;
  /** Inverse covariance of the belief in the embedding's coordinates. */
  #precision: Matrix;

  /**
   * A listener of whom nothing is known but what is known of all.
   *
   * @param prior How listeners differ; the belief moves along its directions only.
   * @param options How quickly weights are believed to change: with the memory ρ of one event, in (0, 1], the belief
   * goes back towards the prior before each event, mean ← w + ρ (mean − w) and covariance ← ρ² C + (1 − ρ²) C₀, so that
   * what was learned 1 / (1 − ρ) events ago is mostly forgotten; 1 (the default) never forgets.
   * @throws {InputError} When the memory is not in (0, 1].
   */
  constructor(prior: TastePrior, { memory = 1 }: { memory?: number } = {}) {
    this.#prior = prior;
    this.#memory = expectNumber("memory", memory, 1e-6, 1);
    this.#embedding = new Float64Array(prior.rank);
    this.#precision = Matrix.eye(prior.rank);
    this.weights = prior.mean.slice();
  }

  /** Covariance of the belief in the embedding's coordinates, [rank, rank] row-major. */
  get covariance(): Float64Array {
    return Float64Array.from(factorise(this.#precision)!.solve(Matrix.eye(this.#prior.rank)).to1DArray());
  }

  update(values: Float64Array, chosen: number): void {
    const prior = this.#prior;
    if (this.#memory < 1) this.#forget();
    const sets = inEmbedding(collectChoices(prior.features, [{ values, chosen }]), prior);
    const { gradient, information } = logitSums(sets, this.#embedding);
    this.#precision.add(toMatrix(information));
    solve(factorise(this.#precision)!, gradient).forEach((move, r) => this.#embedding[r] += move);
    this.weights.set(fromEmbedding(prior, this.#embedding));
  }

  #forget(): void {
    const kept = this.#memory ** 2;
    const { rank } = this.#prior;
    const covariance = toMatrix(this.covariance).mul(kept).add(Matrix.eye(rank).mul(1 - kept));
    this.#precision = factorise(covariance)!.solve(Matrix.eye(rank));
    this.#embedding.forEach((value, r) => this.#embedding[r] = this.#memory * value);
  }
}

/**
 * Stochastic gradient ascent on the log-likelihood: w ← w + η D (x_chosen − Σ_j p_j x_j), D the variances of the prior,
 * so that one rate suits features of any scale. Cost O(J K) an event; the rate is chosen on other listeners.
 */
export class GradientWeights implements OnlineLearner {
  readonly weights: Float64Array;
  readonly #features: readonly string[];
  readonly #rates: Float64Array;

  /**
   * Starts at the weights of all.
   *
   * @param prior The prior: where to start and how far listeners lie apart in each weight.
   * @param rate Step size η, at least 0; 0 keeps the weights of all.
   * @throws {InputError} When the rate is negative or not finite.
   */
  constructor(prior: TastePrior, rate: number) {
    expectNumber("rate", rate, 0);
    this.#features = prior.features;
    this.weights = prior.mean.slice();
    this.#rates = prior.mean.map((_, k) =>
      rate * sum(prior.basis.subarray(k * prior.rank, (k + 1) * prior.rank), (part) => part ** 2)
    );
  }

  update(values: Float64Array, chosen: number): void {
    const { gradient } = logitSums(collectChoices(this.#features, [{ values, chosen }]), this.weights);
    gradient.forEach((value, k) => this.weights[k] += this.#rates[k] * value);
  }
}

/**
 * What a skip, a play to the end and a replay say, as binary choices in the features `keep, replay`, then those of the
 * track: P(keep) = σ(a + w·d) and, of what was kept, P(replay) = σ(b + w·d), with d = x − x̄ the features of the track
 * against the mean of what could have been played (the sequential or continuation-ratio logit, Tutz 1991). Skips and
 * replays so share the weights of choices, and have a level each.
 *
 * @param difference Features of the track minus their means over the candidates, length F.
 * @returns One choice for a skip, else two: each with values [2, F + 2] row-major and the row taken. Row 1 is all
 * zeros.
 */
export function feedbackChoices(
  difference: ArrayLike<number>,
  outcome: FeedbackOutcome,
): Choice[] {
  const width = difference.length + 2;
  const question = (place: 0 | 1, yes: boolean) => {
    const values = new Float64Array(2 * width);
    values[place] = 1;
    values.set(difference as ArrayLike<number>, 2);
    return { values, chosen: yes ? 0 : 1 };
  };
  const kept = question(0, outcome !== "skip");
  return outcome === "skip" ? [kept] : [kept, question(1, outcome === "replay")];
}

/** What a listener does with a track that is played to them. */
export type FeedbackOutcome = "skip" | "keep" | "replay";
