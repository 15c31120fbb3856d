/**
 * Sampling of alternatives: when a choice set is too large to keep, keep some rows and say how they were drawn.
 *
 * @module
 */
import { concatenate } from "../data/concatenate.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { type Random, randomInteger } from "../math/random.ts";
import { type Choice, type ChoiceSets, collectChoices } from "../listening/choice_sets.ts";

/** How to draw. */
export interface AlternativeSample {
  /** Feature that orders the rows of a set. */
  feature: string;
  /** The rows with the largest values of the feature form the near stratum: so many of them. */
  nearCount: number;
  /** Rows kept of the near stratum. */
  near: number;
  /** Rows kept of the rest. */
  far: number;
}

/**
 * Keeps the chosen row and a stratified sample of the others, as `segue choices` does with a listener's library. The
 * offset of each kept row is log(N_s / m_s), the McFadden correction for its stratum of N_s rows of which m_s are kept;
 * without it the sample is not the choice set it looks like, and the estimates are biased towards what was oversampled.
 *
 * @param sets Choice sets without offset.
 * @param plan How to draw.
 * @param random Source of randomness.
 * @returns The smaller sets, with the correction as their offset.
 * @throws {InputError} When the feature does not exist, a count is out of range, or the sets have an offset already.
 */
export function sampleAlternatives(sets: ChoiceSets, plan: AlternativeSample, random: Random): ChoiceSets {
  const { features, values, starts, chosen, cluster } = sets;
  const width = features.length;
  const f = features.indexOf(plan.feature);
  if (f < 0) throw new InputError(`Expected a feature among ${features.join(", ")} but found ${plan.feature}`);
  if (sets.offset) throw new InputError("Expected choice sets without an offset to sample from");
  expectInteger("nearCount", plan.nearCount, 1);
  expectInteger("near", plan.near, 1);
  expectInteger("far", plan.far, 1);
  return collectChoices(
    features,
    Array.from(chosen, (pick, n): Choice => {
      const rows = Array.from({ length: starts[n + 1] - starts[n] }, (_, j) => starts[n] + j);
      rows.sort((a, b) => values[b * width + f] - values[a * width + f] || a - b);
      const strata = [rows.slice(0, plan.nearCount), rows.slice(plan.nearCount)];
      const counts = [Math.min(plan.near, strata[0].length), Math.min(plan.far, strata[1].length)];
      const corrections = strata.map((stratum, s) => Math.log(stratum.length / counts[s]));
      const own = strata[0].includes(pick) ? 0 : 1;
      const sample = strata.map((stratum, s) => {
        const others = stratum.filter((r) => r !== pick);
        const wanted = counts[s] - (s === own ? 1 : 0);
        for (let i = 0; i < wanted; i++) {
          const other = i + randomInteger(random, others.length - i);
          [others[i], others[other]] = [others[other], others[i]];
        }
        return others.slice(0, wanted);
      });
      // The chosen row goes first.
      return {
        values: concatenate(
          Float64Array,
          [pick, ...sample.flat()].map((r) => values.subarray(r * width, (r + 1) * width)),
        ),
        chosen: 0,
        offset: [corrections[own], ...sample.flatMap((drawn, s) => drawn.map(() => corrections[s]))],
        cluster: cluster?.[n],
      };
    }),
  );
}
