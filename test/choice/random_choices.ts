/**
 * Choice sets with known weights, for tests.
 *
 * @module
 */
import { randomNormal } from "d3-random";
import { type ChoiceSets, groupChoices } from "../../lib/listening/choice_sets.ts";
import { sampleCategorical, seededRandom } from "../../lib/math/random.ts";

/** What to draw. */
export interface RandomChoices {
  sets: number;
  weights: number[];
  /** Largest set; sizes are uniform from 2 when `ragged`. */
  size?: number;
  ragged?: boolean;
  /** Sets of one listener. */
  perListener?: number;
  /** Standard deviation of each listener's weights. */
  spread?: number[];
  seed?: number;
  /** Factor and shift of each feature, to try awkward units. */
  units?: { factor: number; shift: number }[];
}

/** Draws features x ~ N(0, 1) and choices by the logit probabilities. */
export function randomChoices(options: RandomChoices): ChoiceSets {
  const { weights, sets: count, size = 5, ragged = false, perListener = 1, spread, seed = 1, units } = options;
  const random = seededRandom(seed, "random choices");
  const normal: () => number = randomNormal.source(random)();
  const width = weights.length;
  const values: number[] = [];
  const choice: number[] = [];
  const chosen: number[] = [];
  const cluster: number[] = [];
  let own = weights;
  for (let n = 0; n < count; n++) {
    if (n % perListener === 0 && spread) own = weights.map((w, k) => w + spread[k] * normal());
    const length = ragged ? 2 + Math.floor(random() * (size - 1)) : size;
    const rows = Array.from({ length }, () => Array.from({ length: width }, normal));
    const odds = rows.map((x) => Math.exp(x.reduce((sum, value, k) => sum + own[k] * value, 0)));
    const pick = sampleCategorical(odds, random);
    rows.forEach((x, j) => {
      x.forEach((value, k) => values.push(units ? value * units[k].factor + units[k].shift : value));
      choice.push(n);
      chosen.push(j === pick ? 1 : 0);
      cluster.push(Math.floor(n / perListener));
    });
  }
  return groupChoices({
    features: weights.map((_, k) => `x${k}`),
    values: Float64Array.from(values),
    choice: Int32Array.from(choice),
    chosen: Uint8Array.from(chosen),
    cluster: perListener > 1 ? Int32Array.from(cluster) : undefined,
  });
}
