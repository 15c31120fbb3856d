/** The shuffles that others have: each puts a whole library in an order. */
import { expectInteger } from "../data/errors.ts";
import { type Random, shuffleInPlace } from "../math/random.ts";
import { DEFAULT_HALF_LIFE_HOURS } from "./terms/recency.ts";
import type { UserState } from "./state.ts";
import type { Collection, TrackIndex } from "./collection.ts";

const MS_PER_HOUR = 3_600_000;

/** The vanilla shuffle: every order equally likely (Fisher–Yates). O(n). */
export function vanillaOrder(tracks: ArrayLike<TrackIndex>, random: Random): Int32Array {
  return shuffleInPlace(Int32Array.from(tracks), random);
}

/**
 * Spotify's shuffle of 2014: the tracks of each artist are shuffled and laid out evenly over the playlist, with a
 * random offset for the artist and a little noise for every track; then all are merged by position. A track belongs to
 * its first artist. O(n log n). Source: L. Poláček, "How to shuffle songs?", labs.spotify.com, 2014; it gives no
 * numbers for the noise, a tenth of the distance between an artist's tracks is ours.
 */
export function ditheredOrder(collection: Collection, tracks: ArrayLike<TrackIndex>, random: Random): Int32Array {
  const { offsets, codes } = collection.artists;
  const byArtist = new Map<number, TrackIndex[]>();
  for (const track of vanillaOrder(tracks, random)) {
    const artist = codes[offsets[track]];
    const list = byArtist.get(artist);
    if (list) list.push(track);
    else byArtist.set(artist, [track]);
  }
  const placed: { track: TrackIndex; position: number }[] = [];
  for (const list of byArtist.values()) {
    const distance = 1 / list.length;
    const offset = random() * distance;
    list.forEach((track, i) => {
      placed.push({ track, position: offset + distance * (i + 0.2 * (random() - 0.5)) });
    });
  }
  placed.sort((a, b) => a.position - b.position);
  return Int32Array.from(placed, ({ track }) => track);
}

/**
 * Spotify's shuffle of 2025, "fewer repeats": several vanilla shuffles are made, each loses points for recently played
 * tracks early in its order, and the one that lost least is kept. O(attempts · n). Source: L. Borgne and C. Sahiner,
 * "Shuffle: Making Random Feel More Human", engineering.atspotify.com, 2025; it gives no formula, that of
 * {@linkcode stalenessOf} is ours.
 *
 * @param options How many vanilla shuffles are made, 5 by default; half-life and time as of {@linkcode stalenessOf}.
 * @throws {InputError} When the attempts are less than 1.
 */
export function freshestOrder(
  tracks: ArrayLike<TrackIndex>,
  state: UserState,
  random: Random,
  options: { attempts?: number; halfLife?: number; now?: number } = {},
): Int32Array {
  const attempts = expectInteger("attempts", options.attempts ?? 5, 1);
  let best = vanillaOrder(tracks, random);
  let least = stalenessOf(best, state, options);
  for (let a = 1; a < attempts; a++) {
    const order = vanillaOrder(tracks, random);
    const staleness = stalenessOf(order, state, options);
    if (staleness < least) [best, least] = [order, staleness];
  }
  return best;
}

/**
 * How stale an order is to a listener: Σ_i (1 − i/n) · 2^(−Δt_i / half-life) over the tracks that were played before,
 * with i the place in the order. The earlier in the order and the more recently played, the more.
 *
 * @param options Half-life of a play in hours, {@linkcode DEFAULT_HALF_LIFE_HOURS} by default; and the time to count from, in
 * ms since 1970, that of the listener's latest event by default.
 * @returns 0 when none was ever played; at most about n/2.
 */
export function stalenessOf(
  order: ArrayLike<TrackIndex>,
  state: UserState,
  options: { halfLife?: number; now?: number } = {},
): number {
  const halfLife = (options.halfLife ?? DEFAULT_HALF_LIFE_HOURS) * MS_PER_HOUR;
  const now = options.now ?? state.now;
  let staleness = 0;
  for (let i = 0; i < order.length; i++) {
    const history = state.historyOf(order[i]);
    if (!history || history.lastPlay < 0) continue;
    staleness += (1 - i / order.length) * 2 ** (-Math.max(0, now - history.lastTime) / halfLife);
  }
  return staleness;
}
