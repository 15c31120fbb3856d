import assert from "node:assert/strict";
import { type Playlists, playlistsOf } from "../../lib/sequence/interactions.ts";
import type { SequenceRecommender } from "../../lib/sequence/recommender.ts";
import { type SequenceSplit, splitPlaylists } from "../../lib/sequence/split.ts";
import { randomInteger, seededRandom } from "../../lib/math/random.ts";

/** Tracks of the playlists that {@linkcode contractPlaylists} makes. */
export const CONTRACT_TRACKS = 40;

/** Playlists over 40 tracks: runs along a circle, with jumps. */
export function contractPlaylists(): Playlists {
  const random = seededRandom(4, "contract");
  return playlistsOf(Array.from({ length: 60 }, () => {
    let track = randomInteger(random, CONTRACT_TRACKS);
    const seen = new Set<number>();
    while (seen.size < 12) {
      seen.add(track);
      track = random() < 0.8 ? (track + 1) % CONTRACT_TRACKS : randomInteger(random, CONTRACT_TRACKS);
    }
    return [...seen];
  }));
}

/** What every next-track model must keep, whatever is behind it. */
export function testContract(
  name: string,
  make: (train: Playlists, tracks: number) => SequenceRecommender | Promise<SequenceRecommender>,
): void {
  Deno.test(`${name} keeps the contract of next-track models`, async () => {
    const model = await make(contractPlaylists(), CONTRACT_TRACKS);
    assert.equal(model.tracks, CONTRACT_TRACKS);
    assert.ok(model.name.length > 0);
    const score = (history: number[]) => {
      const given = Int32Array.from(history);
      const out = new Float32Array(CONTRACT_TRACKS).fill(NaN);
      model.score(given, out);
      assert.deepEqual([...given], history, "it must not change the history");
      assert.ok(out.every(Number.isFinite), `every score must be finite, found ${out}`);
      return out;
    };
    const first = score([3, 4, 5]);
    for (const history of [[0], [39], Array.from({ length: 120 }, (_, i) => i % CONTRACT_TRACKS), [7, 7, 7]]) {
      score(history);
    }
    assert.deepEqual(score([3, 4, 5]), first, "it must not remember earlier calls");
  });
}

/** Two ways to go on: the next track on a circle, or a track of the same artist (t mod 20); each half of the time. */
export function twoWays(): SequenceSplit {
  const random = seededRandom(3, "two ways");
  const size = 120;
  const lists = Array.from({ length: 600 }, () => {
    const list = [randomInteger(random, size)];
    while (list.length < 12) {
      const last = list.at(-1)!;
      const next = random() < 0.5 ? (last + 1) % size : (last + 20 * (1 + randomInteger(random, 5))) % size;
      list.push(list.includes(next) ? randomInteger(random, size) : next);
    }
    return list;
  });
  return splitPlaylists({
    ...playlistsOf(lists),
    userIds: lists.map((_, p) => String(p)),
    trackIds: Array.from({ length: size }, (_, t) => String(t)),
  });
}
