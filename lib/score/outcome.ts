/** What became of a stream. Histories, the service, choices and skips all ask here. */

/** Kept, skipped, or unknown where nobody told how long it played. */
export type Outcome = "kept" | "skipped" | "unknown";

/** From this on a stream is kept, as services and charts reckon. */
const KEPT_MS = 30_000;
/** A shorter track is kept when so much of it was played. */
const KEPT_SHARE = 0.9;

/**
 * Tells whether a stream was kept: for 30 s or more, or for 90 % of a track that is shorter. Less is a skip, whatever
 * button ended it.
 *
 * @param played How long it played, ms; NaN when nobody told.
 * @param duration Length of the track, ms; NaN when nobody told.
 */
export function outcomeOf(played: number, duration: number): Outcome {
  if (Number.isNaN(played)) return "unknown";
  return played >= KEPT_MS || played >= KEPT_SHARE * duration ? "kept" : "skipped";
}
