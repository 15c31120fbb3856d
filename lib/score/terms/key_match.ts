import { camelotName, keyMatch as matchOf } from "../../math/circle.ts";
import type { Explained, Term } from "./term.ts";

/** How well the key of a candidate goes with that of the current track. */
export const keyMatch: Term<"keyMatch"> = {
  name: "keyMatch",
  formula: "1 − d/6, d the distance on the circle of fifths; 0 when a key is unknown",
  range: [0, 1],
  weight: { value: 1, basis: "wish", unit: 1, means: "the same key, against the farthest" },
  label: "key match",
  plainLabel: "Compatible key",
  slider: [-5, 5],
  phrases: [{ place: 3, say: keyChange }],
  fill({ current, collection: { keys }, candidates }, out, first, step) {
    const key = keys[current];
    for (let c = 0; c < candidates.length; c++) out[first + c * step] = matchOf(key, keys[candidates[c]]);
  },
};

function keyChange({ value, current, track, state }: Explained): string | undefined {
  const { key, mode } = state.collection.catalog.numbers;
  const [from, to] = [current, track].map((t) => camelotName(key?.[t] ?? NaN, mode?.[t] ?? NaN));
  if (Number.isNaN(value) || from === "?" || to === "?") return undefined;
  if (from === to) return `same key ${from}`;
  return value > 0.8 ? `compatible key ${from} → ${to}` : value < 0.4 ? `distant key ${from} → ${to}` : undefined;
}
