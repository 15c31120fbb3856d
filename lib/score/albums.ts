/** Albums as wholes: which track begins each, and which comes after which. */
import { InputError } from "../data/errors.ts";
import type { Collection, TrackIndex } from "./collection.ts";

/** The albums of some tracks. A track whose album is not known is one of its own. */
export interface Albums {
  /** The first track of each album. */
  readonly first: Int32Array;
  /** The first track on the album of a track. */
  firstOf(track: TrackIndex): TrackIndex;
  /** The track after another one on its album; undefined behind the last. */
  after(track: TrackIndex): TrackIndex | undefined;
}

/**
 * Puts tracks into the order of their albums: by disc and track number, where they are not known by their rows. Cost
 * O(n log n).
 *
 * @param tracks The tracks that may be played, without repeats.
 * @throws {InputError} When no track has an album.
 */
export function albumsOf(collection: Collection, tracks: Int32Array): Albums {
  const { disc_number: discs, track_number: numbers } = collection.catalog.numbers;
  const albumOf = (track: TrackIndex) => {
    const album = collection.albumOf(track);
    return album < 0 ? -2 - track : album;
  };
  if (tracks.every((track) => collection.albumOf(track) < 0)) {
    throw new InputError("Expected tracks with an album but the catalogue has none; shuffle by track");
  }
  const known = (value: number | undefined, otherwise: number) => value! >= 0 ? value! : otherwise;
  const order = tracks.toSorted((a, b) =>
    albumOf(a) - albumOf(b) || known(discs?.[a], 1) - known(discs?.[b], 1) ||
    known(numbers?.[a], Number.MAX_SAFE_INTEGER) - known(numbers?.[b], Number.MAX_SAFE_INTEGER) || a - b
  );
  const followers = new Map<TrackIndex, TrackIndex>();
  const firsts = new Map<number, TrackIndex>();
  order.forEach((track, i) => {
    const album = albumOf(track);
    if (firsts.has(album)) followers.set(order[i - 1], track);
    else firsts.set(album, track);
  });
  return {
    first: Int32Array.from(firsts.values()),
    firstOf: (track) => firsts.get(albumOf(track)) ?? track,
    after: (track) => followers.get(track),
  };
}
