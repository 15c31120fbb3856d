import type { Collection, TrackIndex } from "../collection.ts";
import type { Term } from "./term.ts";

/** Whether a candidate is by an artist of the current track: a positive weight seeks the artist, a negative one avoids it. */
export const sameArtist: Term<"sameArtist"> = {
  name: "sameArtist",
  formula: "1 if it shares an artist with the current track, else 0",
  range: [0, 1],
  weight: { value: -1, basis: "wish", unit: 1, means: "the same artist, against another" },
  label: "same artist",
  plainLabel: "Same artist",
  slider: [-5, 5],
  phrases: [{
    place: 4,
    say({ value, track, state, eventCount }) {
      if (value === 1) return "same artist";
      const { offsets, codes } = state.collection.artists;
      const artists = codes.subarray(offsets[track], offsets[track + 1]);
      const isNew = eventCount > 0 && artists.every((artist) => state.artistPlays(artist, eventCount) === 0);
      return isNew ? "new artist" : undefined;
    },
  }],
  discover: (weight, t) => weight - 1.5 * t,
  fill({ current, collection, candidates }, out, first, step) {
    for (let c = 0; c < candidates.length; c++) {
      out[first + c * step] = shareArtist(collection, current, candidates[c]) ? 1 : 0;
    }
  },
};

/** Tells whether two tracks share an artist. */
export function shareArtist(collection: Collection, a: TrackIndex, b: TrackIndex): boolean {
  const { offsets, codes } = collection.artists;
  for (let i = offsets[a]; i < offsets[a + 1]; i++) {
    for (let j = offsets[b]; j < offsets[b + 1]; j++) if (codes[i] === codes[j]) return true;
  }
  return false;
}
