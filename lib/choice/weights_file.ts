/** `weights.json`: what a choice model learned, with all that is needed to use, check and repeat it. */
import { existsSync, readFileSync } from "node:fs";
import { InputError } from "../data/errors.ts";
import { BASE_TERM_NAMES, TERMS } from "../score/terms/registry.ts";
import { checkWeights, type Weights, ZERO_WEIGHTS } from "../score/weights.ts";
import { writeAtomic } from "../data/atomic.ts";
import { PIPELINE_VERSION } from "../data/stages.ts";
import type { ConditionalLogit } from "./conditional_logit.ts";

/** Writes a fitted choice model as `weights.json`, atomically. */
export function writeWeights(
  path: string,
  fit: ConditionalLogit,
  provenance: {
    /** The choice log, as it was named. */
    logs: string;
    /** SHA-256 of the choice log. */
    sha256: string;
    /** Options that changed the result: columns, base level, seed of the held-out split, … */
    options: Record<string, unknown>;
  },
): void {
  const content = {
    format: "segue-weights",
    version: 1,
    model: "conditional-logit",
    ...fitToJson(fit),
    provenance: { ...provenance, segue: PIPELINE_VERSION },
  };
  writeAtomic(path, JSON.stringify(content, null, 2) + "\n");
}

/**
 * Reads the weights of the shuffle from a `weights.json`. Features of the shuffle that the model was not given weigh 0.
 *
 * @throws {InputError} When the file is missing, is not a weights file, or holds none of the shuffle's features.
 */
export function readWeights(path: string): Weights {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; make it with segue train-choice-model`);
  let content: { format?: string; weights?: Record<string, number> };
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new InputError(`${path}: expected JSON but found something else`);
  }
  if (content.format !== "segue-weights" || !content.weights) {
    throw new InputError(`${path}: expected a weights.json of segue train-choice-model but found another format`);
  }
  try {
    return toWeights(content.weights);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

/**
 * The estimates of a fit as weights of the shuffle. Features of the shuffle that the model was not given weigh 0.
 *
 * @throws {InputError} When the fit holds none of the shuffle's features.
 */
export function weightsOfFit(fit: ConditionalLogit): Weights {
  return toWeights(Object.fromEntries(fit.coefficients.map((c) => [c.feature, c.estimate])));
}

function toWeights(found: Readonly<Record<string, number>>): Weights {
  const known = TERMS.map(({ name }) => name).filter((name) => typeof found[name] === "number");
  if (known.length === 0) {
    const names = Object.keys(found).join(", ");
    throw new InputError(`Expected weights of the shuffle's terms (${BASE_TERM_NAMES.join(", ")}) but found ${names}`);
  }
  return checkWeights({ ...ZERO_WEIGHTS, ...Object.fromEntries(known.map((name) => [name, found[name]])) });
}

/** A fit as plain JSON with snake_case names: what `--json` prints and `weights.json` holds. */
export function fitToJson(fit: ConditionalLogit): Record<string, unknown> {
  const { statistics: { sets, ...statistics }, features, coefficients, holdout } = fit;
  const width = features.length;
  return {
    features,
    weights: Object.fromEntries(coefficients.map((c) => [c.feature, c.estimate])),
    coefficients: coefficients.map(({ lower, upper, ...rest }) => ({
      ...withSnakeCase(rest),
      lower_95: lower,
      upper_95: upper,
    })),
    covariance: features.map((_, k) => Array.from(fit.covariance.subarray(k * width, (k + 1) * width))),
    statistics: {
      choice_sets: sets,
      parameters: width,
      ...withSnakeCase(statistics),
      iterations: fit.iterations,
    },
    ...(holdout && { holdout: withSnakeCase(holdout) }),
  };
}

/** The same with names like `log_likelihood` for `logLikelihood`, in objects within as well. */
function withSnakeCase(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === "object" && value !== null ? withSnakeCase(value) : value,
    ]),
  );
}
