import type { Explained, OptionalTerm } from "./term.ts";

/** What the listener's likes and skips say of a candidate: a positive weight plays liked tracks more, skipped ones less. */
export const feedback: OptionalTerm<"feedback"> = {
  name: "feedback",
  optional: true,
  formula: "½ if liked, minus skips / (skips + plays + 1)",
  range: [-1, 0.5],
  weight: {
    value: 1,
    basis: "wish",
    unit: 0.5,
    means: "a liked track, against one neither liked nor skipped",
    inSessions: true,
  },
  label: "likes and skips",
  plainLabel: "Likes and skips",
  slider: [0, 5],
  phrases: [
    { place: 6, say: (about) => historyIn(about)?.liked ? "liked" : undefined },
    {
      place: 9,
      say(about) {
        const skips = historyIn(about)?.skips ?? 0;
        return skips === 0 ? undefined : `although skipped ${skips === 1 ? "once" : `${skips} times`}`;
      },
    },
  ],
  fill({ state, candidates }, out, first, step) {
    for (let c = 0; c < candidates.length; c++) {
      const { liked = false, skips = 0, plays = 0 } = state.historyOf(candidates[c]) ?? {};
      out[first + c * step] = (liked ? 0.5 : 0) - skips / (skips + plays + 1);
    }
  },
};

const historyIn = ({ value, track, state, eventCount }: Explained) =>
  Number.isNaN(value) ? undefined : state.historyOf(track, eventCount);
