/** Ratings as likes and dislikes. */
import { max } from "d3-array";
import { InputError } from "../data/errors.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import { readLibrary } from "./library.ts";

/** What ratings say. */
export interface Ratings {
  /** Tracks of 4 of 5 stars or more. */
  likes: TrackIndex[];
  /** Tracks of 2 of 5 stars or less. */
  dislikes: TrackIndex[];
  /** What is to be told of them, a line each. */
  notes: string[];
}

/** The largest rating of the scales that programs use: stars, halves of stars, iTunes. */
const SCALES = [5, 10, 100];

/**
 * Reads ratings: any form of a list of tracks with a field of ratings (CSV, iTunes' `Library.xml`, …). The scale of a
 * file is the smallest of 5, 10 and 100 that holds all its ratings. What is not rated says nothing.
 *
 * @throws {InputError} When a file cannot be read, or holds no rating of a track in the catalogue.
 */
export function readRatings(collection: Collection, paths: readonly string[]): Ratings {
  const found: Ratings = { likes: [], dislikes: [], notes: [] };
  for (const path of paths) {
    const { ratings, notes } = readLibrary(collection, [path]);
    const highest = max(ratings.values()) ?? 0;
    // Ones alone may as well be marks of what is loved.
    const scale = highest > 1 ? SCALES.find((largest) => largest >= highest) : undefined;
    if (scale === undefined) {
      throw new InputError(
        `${path}: expected ratings up to 5, 10 or 100 in a column rating or stars but found ` +
          (highest === 0 ? "none" : highest === 1 ? "no other than 1" : highest),
      );
    }
    const rated = [...ratings];
    const likes = rated.filter(([, rating]) => rating >= 0.8 * scale).map(([track]) => track);
    const dislikes = rated.filter(([, rating]) => rating <= 0.4 * scale).map(([track]) => track);
    found.likes.push(...likes);
    found.dislikes.push(...dislikes);
    found.notes.push(
      ...notes,
      `${path}: ${rated.length} tracks rated on a scale to ${scale}: ${likes.length} liked (${0.8 * scale} or more), ` +
        `${dislikes.length} disliked and left out (${0.4 * scale} or less), ` +
        `${rated.length - likes.length - dislikes.length} neither`,
    );
  }
  return found;
}
