import { seededRandom } from "../../lib/math/random.ts";
import type { Collection } from "../../lib/score/collection.ts";
import { smallCollection } from "../score/small_worlds.ts";

/** 300 tracks in six clusters of four dimensions, by 60 artists, in all keys. */
export function world300(): Collection {
  const random = seededRandom(9, "world");
  return smallCollection(
    Array.from({ length: 300 }, (_, i) => ({
      vector: Array.from({ length: 4 }, (_, d) => (i % 6 === d ? 1 : 0.3) + random()),
      artists: [`Artist ${i % 60}`],
      cluster: i % 6,
      key: Math.floor(random() * 12),
      mode: i % 2,
    })),
    30,
  );
}
