import { InputError } from "../../data/errors.ts";
import type { OptionalTerm } from "./term.ts";

/** How likely a sequence model takes a candidate to come next. Its weight is estimated with the model. */
export const sequence: OptionalTerm<"sequence"> = {
  name: "sequence",
  optional: true,
  formula: "log-probability from a sequence model, standardised over the candidates; refused without a model",
  range: [-Infinity, Infinity],
  weight: { value: 0, basis: "evidence", unit: 1, means: "a log-probability one standard deviation higher" },
  label: "sequence",
  plainLabel: "Often follows",
  needsModel: true,
  slider: [0, 5],
  phrases: [{ place: 7, say: ({ value }) => value > 1 ? "often follows what was played" : undefined }],
  fill({ candidates, options }, out, first, step) {
    if (!options.sequence) throw new InputError("Expected options.sequence, since weight sequence is given");
    const scores = new Float64Array(candidates.length);
    options.sequence(candidates, scores);
    let mean = 0;
    for (const score of scores) mean += score / scores.length;
    let variance = 0;
    for (const score of scores) variance += (score - mean) ** 2 / scores.length;
    const sd = Math.sqrt(variance);
    for (let c = 0; c < candidates.length; c++) out[first + c * step] = sd > 1e-12 ? (scores[c] - mean) / sd : 0;
  },
};
