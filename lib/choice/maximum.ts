/** The maximum of a conditional logit's likelihood, or why there is none. */
import { CholeskyDecomposition } from "ml-matrix";
import { InputError } from "../data/errors.ts";
import { type Ascent, firstDependent, newton, toMatrix } from "../math/newton.ts";
import type { LogitSums } from "./logit_sums.ts";

/** The maximum of the log-likelihood of a conditional logit; the covariance is the classical one of the estimates. */
export type Optimum = Ascent<LogitSums> & Required<Pick<Ascent<LogitSums>, "covariance">>;

/** A step so large, in standard deviations of utility, when the gradient has vanished shows that there is no maximum. */
const RUNAWAY_STEP = 1e-3;

/**
 * Maximises the log-likelihood of a conditional logit, which is concave, so that its maximum is the only one.
 *
 * @returns A generator that yields weights, expects their {@linkcode LogitSums}, and returns the optimum.
 * @throws {InputError} When there are no features, or one never varies within a choice set, is a combination of others, or
 * separates the chosen rows from the rest, naming the features.
 */
export function* maximum(
  features: readonly string[],
  start: Float64Array,
): Generator<Float64Array, Optimum, LogitSums> {
  if (features.length === 0) throw new InputError("Expected at least one feature but found none");
  const ascent = yield* newton<LogitSums>(start);
  const { step, covariance, first, last, iterations, converged } = ascent;
  if (!covariance && iterations === 1) expectIdentified(features, first.information);
  const moved = step.map((value, k) =>
    Math.abs(value) * Math.sqrt(first.information[k * (step.length + 1)] / first.sets)
  );
  const perfect = last.logLikelihood > -1e-7 * last.sets;
  if (!covariance || !converged || perfect || Math.max(...moved) > RUNAWAY_STEP) {
    throw separation(features, step, moved);
  }
  return { ...ascent, covariance };
}

/**
 * Fits where the data may be too few to identify all weights.
 *
 * @returns What it returns; nothing when the data do not identify the weights.
 */
export function ifIdentified<T>(fit: () => T): T | undefined {
  try {
    return fit();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function expectIdentified(features: readonly string[], values: Float64Array): void {
  const information = toMatrix(values);
  const constant = features.filter((_, k) => !(information.get(k, k) > 0));
  const names = constant.join(", ");
  if (constant.length > 0) {
    throw new InputError(
      constant.length === 1
        ? `Feature ${names} never varies within a choice set, so choices cannot tell its weight; leave it out, or let its ` +
          `weight differ by alternative (--by-alternative ${names})`
        : `Features ${names} never vary within a choice set, so choices cannot tell their weights; leave them out, or let ` +
          `their weights differ by alternative (--by-alternative ${constant.join(",")})`,
    );
  }
  const dependent = firstDependent(new CholeskyDecomposition(information), information);
  if (dependent === features.length) return;
  const before = information.subMatrix(0, dependent - 1, 0, dependent - 1);
  const covariances = information.subMatrix(0, dependent - 1, dependent, dependent);
  const slopes = new CholeskyDecomposition(before).solve(covariances).to1DArray();
  const variance = information.get(dependent, dependent);
  const parts = features.slice(0, dependent)
    .filter((_, i) => Math.abs(slopes[i]) * Math.sqrt(information.get(i, i) / variance) > 1e-6);
  throw new InputError(
    `Feature ${features[dependent]} is a linear combination of ${parts.join(", ")} within every choice set ` +
      `(collinear); leave one of them out`,
  );
}

function separation(features: readonly string[], direction: Float64Array, size: Float64Array): InputError {
  const largest = Math.max(...size);
  const named = features.map((name, k) => ({ name, size: size[k], sign: Math.sign(direction[k]) }))
    .filter((feature) => feature.size >= 0.05 * largest);
  const [first] = named;
  return new InputError(
    named.length === 1
      ? `Feature ${first.name} separates the choices: within every choice set the chosen row has the ${
        first.sign > 0 ? "largest" : "smallest"
      } value as far as it matters, so its weight has no finite estimate; leave it out`
      : `Features ${
        named.map((feature) => feature.name).join(", ")
      } together separate the chosen rows from all others, ` +
        `so their weights have no finite estimate; leave one of them out`,
  );
}
