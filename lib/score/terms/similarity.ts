import { row } from "../../math/matrix.ts";
import { type Collection, similarityOf, type TrackIndex } from "../collection.ts";
import type { Term, TermOptions } from "./term.ts";

/**
 * How alike a candidate and the current track sound. At its weight the nearest of 50 neighbours, whose similarities span
 * a few tenths, is a few times as likely as the farthest, not a thousand times.
 */
export const similarity: Term<"similarity"> = {
  name: "similarity",
  formula: "cosine of the embeddings (with toward and away: to the sum of the unit vectors)",
  range: [-1, 1],
  weight: { value: 8, basis: "wish", unit: 0.1, means: "a cosine higher by 0.1" },
  label: "similarity",
  plainLabel: "Similar sound",
  slider: [0, 20],
  phrases: [{
    place: 1,
    say({ value }) {
      if (Number.isNaN(value)) return undefined;
      const sound = value >= 0.7 ? "similar sound" : value >= 0.3 ? "related sound" : "different sound";
      return `${sound} (${value.toFixed(2)})`;
    },
  }],
  discover: (weight, t) => weight * (1 - t / 2),
  fill({ current, collection, candidates, similarities, options }, out, first, step) {
    if (options.toward?.length || options.away?.length) {
      const query = steeredQuery(collection, current, options);
      for (let c = 0; c < candidates.length; c++) out[first + c * step] = cosineTo(collection, query, candidates[c]);
    } else {
      for (let c = 0; c < candidates.length; c++) {
        out[first + c * step] = similarities?.[c] ?? similarityOf(collection, current, candidates[c]);
      }
    }
  },
};

/** Sum of the unit vectors of the current and the `toward` tracks minus those of the `away` tracks, as a unit vector. */
function steeredQuery(collection: Collection, current: TrackIndex, options: TermOptions): Float64Array {
  const query = new Float64Array(collection.embedding.columns);
  const add = (track: TrackIndex, sign: number) => {
    const vector = row(collection.embedding, track);
    let squares = 0;
    for (const value of vector) squares += value * value;
    const scale = squares === 0 ? 0 : sign / Math.sqrt(squares);
    for (let d = 0; d < query.length; d++) query[d] += scale * vector[d];
  };
  add(current, 1);
  for (const track of options.toward ?? []) add(track, 1);
  for (const track of options.away ?? []) add(track, -1);
  let squares = 0;
  for (const value of query) squares += value * value;
  const length = Math.sqrt(squares) || 1;
  for (let d = 0; d < query.length; d++) query[d] /= length;
  return query;
}

function cosineTo(collection: Collection, unitQuery: Float64Array, track: TrackIndex): number {
  const vector = row(collection.embedding, track);
  let dot = 0;
  let squares = 0;
  for (let d = 0; d < unitQuery.length; d++) {
    dot += unitQuery[d] * vector[d];
    squares += vector[d] * vector[d];
  }
  return squares === 0 ? 0 : Math.max(-1, Math.min(1, dot / Math.sqrt(squares)));
}
