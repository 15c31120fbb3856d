/** The protocol: which tracks and playlists take part, and what of each playlist is trained on and predicted. */
import { expectInteger, InputError } from "../data/errors.ts";
import { type Interactions, type Playlists, playlistsOf } from "./interactions.ts";

/** Options of {@linkcode splitPlaylists}. */
export interface SplitOptions {
  /** Fewest occurrences of a track in the training part, 5 by default. */
  minimumCount?: number;
  /** Fewest tracks of a playlist that remain, at least 3, 5 by default. */
  minimumLength?: number;
}

/** What of each playlist is predicted: the last track (`test`), or the one before it (`validation`). */
export type SplitPart = "validation" | "test";

/**
 * Playlists after filtering, with new track codes. Of each playlist the last track is the test target, the one before it
 * the validation target, and the rest is the training part.
 */
export interface SequenceSplit extends Playlists {
  /** `track_id` of each track code. */
  readonly trackIds: readonly string[];
  /** `user_id` of each playlist. */
  readonly userIds: readonly string[];
  /** The training part of every playlist. */
  readonly train: Playlists;
  /** Occurrences of each track in the training part. */
  readonly counts: Int32Array;
  /** Rounds of filtering until nothing changed. */
  readonly rounds: number;
}

/**
 * Filters playlists and splits them (leave last out). A track that stands in a playlist more than once is kept at its
 * first place. Tracks with fewer than `minimumCount` occurrences in the training part go, then playlists with fewer
 * than `minimumLength` tracks; since each depends on the other, both are repeated until nothing changes. Cost O(rows ·
 * rounds).
 *
 * @param options Thresholds. A playlist needs three tracks at least: one to learn from, one to validate, one to test.
 * @throws {InputError} When nothing remains.
 */
export function splitPlaylists(interactions: Interactions, options: SplitOptions = {}): SequenceSplit {
  const minimumCount = expectInteger("minimumCount", options.minimumCount ?? 5, 1);
  const minimumLength = Math.max(3, expectInteger("minimumLength", options.minimumLength ?? 5, 1));
  const { trackIds } = interactions;
  const seen = new Int32Array(trackIds.length).fill(-1);
  let lists = userPlaylists(interactions).map(({ user, list }, p) => ({
    user,
    list: list.filter((track) => {
      const first = seen[track] !== p;
      seen[track] = p;
      return first;
    }),
  }));
  let rounds = 0;
  for (let changed = true; changed;) {
    rounds++;
    const counts = new Int32Array(trackIds.length);
    for (const { list } of lists) for (let i = 0; i < list.length - 2; i++) counts[list[i]]++;
    const isRare = (track: number) => counts[track] < minimumCount;
    const kept = lists
      .map(({ user, list }) => ({ user, list: list.some(isRare) ? list.filter((track) => !isRare(track)) : list }))
      .filter(({ list }) => list.length >= minimumLength);
    changed = kept.length < lists.length || kept.some(({ list }, p) => list !== lists[p].list);
    lists = kept;
  }
  if (lists.length === 0) {
    throw new InputError(
      `No playlist remains with tracks that occur ${minimumCount} times and ${minimumLength} such tracks; ` +
        "give more playlists or lower --min-count and --min-length",
    );
  }
  return splitAs({ rounds, trackIds: recode(lists, trackIds) }, lists);
}

/** The `user_id` of a playlist and the codes of its tracks, in order. */
interface UserPlaylist {
  user: string;
  list: Int32Array;
}

/** Each playlist with its user; its tracks are a view. */
export function userPlaylists(
  { offsets, tracks, userIds }: Playlists & { userIds: readonly string[] },
): UserPlaylist[] {
  return userIds.map((user, p) => ({ user, list: tracks.subarray(offsets[p], offsets[p + 1]) }));
}

/** Splits playlists of three tracks or more without filtering them; vocabulary and rounds are those of a split. */
export function splitAs(
  { trackIds, rounds }: Pick<SequenceSplit, "trackIds" | "rounds">,
  lists: readonly UserPlaylist[],
): SequenceSplit {
  const train = playlistsOf(lists.map(({ list }) => list.subarray(0, -2)));
  return {
    ...playlistsOf(lists.map(({ list }) => list)),
    trackIds,
    userIds: lists.map(({ user }) => user),
    train,
    counts: countTracks(train, trackIds.length),
    rounds,
  };
}

/**
 * What a model may see when it predicts a playlist's target.
 *
 * @returns All tracks before the target, in order: a view.
 */
export function historyOf(split: SequenceSplit, playlist: number, part: SplitPart): Int32Array {
  return split.tracks.subarray(split.offsets[playlist], split.offsets[playlist + 1] - (part === "test" ? 1 : 2));
}

/** The track to predict. */
export function targetOf(split: SequenceSplit, playlist: number, part: SplitPart): number {
  return split.tracks[split.offsets[playlist + 1] - (part === "test" ? 1 : 2)];
}

/** How often each of the track codes 0 … `tracks` − 1 occurs in playlists. */
export function countTracks(playlists: Playlists, tracks: number): Int32Array {
  const counts = new Int32Array(tracks);
  for (const track of playlists.tracks) counts[track]++;
  return counts;
}

/** Codes the tracks that remain, in the order of their former codes; returns their ids. */
function recode(lists: UserPlaylist[], trackIds: readonly string[]): string[] {
  const code = new Int32Array(trackIds.length).fill(-1);
  for (const { list } of lists) for (const track of list) code[track] = 0;
  const kept: string[] = [];
  for (let t = 0; t < code.length; t++) if (code[t] === 0) code[t] = kept.push(trackIds[t]) - 1;
  for (const playlist of lists) playlist.list = playlist.list.map((track) => code[track]);
  return kept;
}
