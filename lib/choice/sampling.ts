/** Sampling of alternatives: when a choice set is too large to keep, keep some rows and say how they were drawn. */
import { range } from "d3-array";
import { concatenate } from "../data/concatenate.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { drawToFront, type Random } from "../math/random.ts";
import { type Choice, type ChoiceSets, collectChoices } from "../listening/choice_sets.ts";

/**
 * Keeps the chosen row and a stratified sample of the others, as `segue choices` does with a listener's library. The
 * offset of each kept row is log(N_s / m_s), the McFadden correction for its stratum of N_s rows of which m_s are kept;
 * without it the sample is not the choice set it looks like, and the estimates are biased towards what was oversampled.
 *
 * @returns The smaller sets, with the correction as their offset.
 * @throws {InputError} When the feature does not exist, a count is out of range, or the sets have an offset already.
 */
export function sampleAlternatives(
  sets: ChoiceSets,
  plan: {
    /** Feature that orders the rows of a set. */
    feature: string;
    /** The rows with the largest values of the feature form the near stratum: so many of them. */
    nearCount: number;
    near: number;
    /** Rows kept of the rest. */
    far: number;
  },
  random: Random,
): ChoiceSets {
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
      const rows = range(starts[n], starts[n + 1]);
      rows.sort((a, b) => values[b * width + f] - values[a * width + f] || a - b);
      const strata = [rows.slice(0, plan.nearCount), rows.slice(plan.nearCount)];
      const counts = [Math.min(plan.near, strata[0].length), Math.min(plan.far, strata[1].length)];
      const corrections = strata.map((stratum, s) => Math.log(stratum.length / counts[s]));
      const own = strata[0].includes(pick) ? 0 : 1;
      const sample = strata.flatMap((stratum, s) => {
        const others = Int32Array.from(stratum.filter((r) => r !== pick));
        const drawn = drawToFront(others, counts[s] - (s === own ? 1 : 0), random);
        return Array.from(drawn, (r) => ({ r, offset: corrections[s] }));
      });
      // The chosen row goes first.
      const kept = [{ r: pick, offset: corrections[own] }, ...sample];
      return {
        values: concatenate(Float64Array, kept.map(({ r }) => values.subarray(r * width, (r + 1) * width))),
        chosen: 0,
        offset: kept.map(({ offset }) => offset),
        cluster: cluster?.[n],
      };
    }),
  );
}
