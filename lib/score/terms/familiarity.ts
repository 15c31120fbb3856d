import type { OptionalTerm } from "./term.ts";

/** Whether the listener knows a candidate. Only the familiar–discover slider gives it a weight. */
export const familiarity: OptionalTerm<"familiarity"> = {
  name: "familiarity",
  optional: true,
  formula: "1 if the listener has played or liked it, else 0",
  range: [0, 1],
  weight: { value: 0, basis: "wish", unit: 1, means: "a known track, against a new one" },
  label: "familiarity",
  plainLabel: "Familiar",
  discover: (weight, t) => weight - 2 * t,
  fill({ state, candidates }, out, first, step) {
    for (let c = 0; c < candidates.length; c++) {
      const history = state.historyOf(candidates[c]);
      out[first + c * step] = history && (history.plays > 0 || history.liked) ? 1 : 0;
    }
  },
};
