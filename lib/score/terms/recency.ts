import { expectNumber, InputError } from "../../data/errors.ts";
import type { Explained, Term } from "./term.ts";

/** Default half-life on the clock of hours: a day, so that yesterday's session still counts half. */
export const DEFAULT_HALF_LIFE_HOURS = 24;

/** Default half-life on the clock of plays: about what two hours of listening hold, at 3.5 minutes each. */
const DEFAULT_HALF_LIFE_PLAYS = 35;

const MS_PER_HOUR = 3_600_000;

/** How lately the listener played a candidate: a positive weight makes a just-played track less likely. */
export const recency: Term<"recency"> = {
  name: "recency",
  formula: "−2^(−Δt / half-life), Δt since the listener last played the track; 0 if never",
  range: [-1, 0],
  weight: { value: 4, basis: "wish", unit: 1, means: "never played, against just played" },
  label: "recency",
  plainLabel: "Not played lately",
  slider: [0, 10],
  phrases: [{ place: 2, say: lastPlayed }],
  discover: (weight, t) => weight * (1 + t),
  fill({ state, candidates, options }, out, first, step) {
    const plays = options.clock === "plays";
    const halfLife = expectNumber(
      "halfLife",
      options.halfLife ?? (plays ? DEFAULT_HALF_LIFE_PLAYS : DEFAULT_HALF_LIFE_HOURS),
    );
    if (halfLife <= 0) throw new InputError(`Expected halfLife to be above 0 but found ${halfLife}`);
    const now = options.now ?? state.now;
    const last = state.playCount - 1;
    for (let c = 0; c < candidates.length; c++) {
      const history = state.historyOf(candidates[c]);
      if (!history || history.lastPlay < 0) {
        out[first + c * step] = 0;
        continue;
      }
      const elapsed = plays ? last - history.lastPlay : (now - history.lastTime) / MS_PER_HOUR;
      out[first + c * step] = -(2 ** (-Math.max(0, elapsed) / halfLife));
    }
  },
};

/** In the largest unit that fits: `not played for 6 days`, `played 20 minutes ago`. */
function lastPlayed({ track, state, eventCount, now }: Explained): string {
  const history = state.historyOf(track, eventCount);
  if (!history || history.plays === 0) return "never played";
  const minutes = (now - history.lastTime) / 60_000;
  const span = (count: number, unit: string) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (minutes >= 2880) return `not played for ${span(Math.floor(minutes / 1440), "day")}`;
  if (minutes >= 60) return `not played for ${span(Math.floor(minutes / 60), "hour")}`;
  return minutes >= 1 ? `played ${span(Math.floor(minutes), "minute")} ago` : "just played";
}
