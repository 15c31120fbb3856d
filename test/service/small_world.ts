import type { Catalog } from "../../lib/catalog/catalog.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { type Collection, createCollection } from "../../lib/score/collection.ts";

const TITLES = ["Café Noir", "Wonderful Day", "Blue Train", "Memory Lane", "Night Drive", "O'Clock", "Ночь", "Run"];

/** A collection of n tracks on a ring: the neighbours of a track are the 20 nearest ones on either side. */
export function smallCollection(n: number = 200): Collection {
  const random = seededRandom(5);
  const column = (draw: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => draw(i));
  const catalog: Catalog = {
    length: n,
    numbers: {
      popularity: column((i) => 100 - i % 100),
      duration_ms: column(() => 180_000 + Math.round(random() * 60_000)),
      energy: column(() => random()),
      tempo: column(() => 80 + random() * 80),
      key: column((i) => i % 12),
      mode: column((i) => i % 2),
      year: column((i) => 1960 + i % 60),
    },
    texts: {
      track_id: Array.from({ length: n }, (_, i) => `t${i}`),
      title: Array.from({ length: n }, (_, i) => i < TITLES.length ? TITLES[i] : `${TITLES[i % TITLES.length]} ${i}`),
    },
    lists: {
      artists: Array.from({ length: n }, (_, i) => [`Artist ${i % 40}`]),
      genres: Array.from({ length: n }, (_, i) => [i % 3 ? "rock" : "pop"]),
    },
  };
  const k = 40;
  const offsets = Int32Array.from({ length: n + 1 }, (_, i) => i * k);
  const indices = new Int32Array(n * k);
  const similarities = new Float32Array(n * k);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < k; r++) {
      const step = Math.floor(r / 2) + 1;
      indices[i * k + r] = (i + (r % 2 ? step : n - step)) % n;
      similarities[i * k + r] = Math.cos(2 * Math.PI * step / n);
    }
  }
  const data = new Float32Array(n * 2);
  for (let i = 0; i < n; i++) data.set([Math.cos(2 * Math.PI * i / n), Math.sin(2 * Math.PI * i / n)], 2 * i);
  return createCollection({
    catalog,
    graph: { nodeCount: n, offsets, indices, similarities },
    embedding: { data, rows: n, columns: 2 },
    clusters: Int32Array.from({ length: n }, (_, i) => Math.floor(i / 50)),
  });
}
