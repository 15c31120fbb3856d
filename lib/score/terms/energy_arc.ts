import type { OptionalTerm } from "./term.ts";

/** How near a candidate is to the energy that the session should have now. A session with an arc gives it its weight. */
export const energyArc: OptionalTerm<"energyArc"> = {
  name: "energyArc",
  optional: true,
  formula: "−|energy − target|; 0 when the energy is unknown or there is no target",
  range: [-1, 0],
  columns: ["energy"],
  weight: { value: 7, basis: "wish", unit: 0.1, means: "an energy nearer to the target by 0.1" },
  label: "energy arc",
  plainLabel: "Energy arc",
  phrases: [{ place: 8, say: ({ value }) => value > -0.05 ? "fits the energy of this moment" : undefined }],
  fill({ collection, candidates, options }, out, first, step) {
    const energy = collection.catalog.numbers.energy;
    const target = options.targetEnergy;
    for (let c = 0; c < candidates.length; c++) {
      const distance = target === undefined ? 0 : Math.abs((energy?.[candidates[c]] ?? NaN) - target);
      out[first + c * step] = distance > 0 ? -distance : 0;
    }
  },
};
