/**
 * Small hand-made worlds for the tests of the shuffle.
 *
 * @module
 */
import { type Collection, createCollection } from "../../lib/score/collection.ts";
import type { NeighborGraph } from "../../lib/graph/graph.ts";
import { cosine, type Matrix, matrix, row } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";

/** A track of a hand-made collection; what is left out is plain. */
export interface SmallTrack {
  id?: string;
  title?: string;
  artists?: string[];
  album?: string;
  work?: string;
  genres?: string[];
  vector: number[];
  cluster?: number;
  key?: number;
  mode?: number;
  tempo?: number;
  energy?: number;
  year?: number;
  minutes?: number;
  explicit?: number;
  disc?: number;
  number?: number;
}

/** A collection of the given tracks; the graph joins each with its `k` nearest, or as `edges` says. */
export function smallCollection(tracks: SmallTrack[], k: number = tracks.length - 1, edges?: number[][]): Collection {
  const n = tracks.length;
  const numbers = (value: (track: SmallTrack) => number) => Float64Array.from(tracks, value);
  const embedding = matrix(n, tracks[0].vector.length, Float32Array.from(tracks.flatMap((t) => t.vector)));
  return createCollection({
    catalog: {
      length: n,
      numbers: {
        key: numbers((t) => t.key ?? NaN),
        mode: numbers((t) => t.mode ?? 1),
        tempo: numbers((t) => t.tempo ?? 120),
        energy: numbers((t) => t.energy ?? 0.5),
        year: numbers((t) => t.year ?? 2000),
        duration_ms: numbers((t) => (t.minutes ?? 3) * 60_000),
        explicit: numbers((t) => t.explicit ?? 0),
        disc_number: numbers((t) => t.disc ?? NaN),
        track_number: numbers((t) => t.number ?? NaN),
      },
      texts: {
        track_id: tracks.map((t, i) => t.id ?? `id${i}`),
        title: tracks.map((t, i) => t.title ?? `Title ${i}`),
        album: tracks.map((t, i) => t.album ?? `Album ${i}`),
        work_id: tracks.map((t, i) => t.work ?? `work${i}`),
      },
      lists: {
        artists: tracks.map((t, i) => t.artists ?? [`Artist ${i}`]),
        genres: tracks.map((t) => t.genres ?? ["pop"]),
      },
    },
    graph: graphOf(embedding, k, edges),
    embedding,
    clusters: Int32Array.from(tracks, (t) => t.cluster ?? 0),
  });
}

/** A collection of n random tracks in 4 dimensions, 3 clusters, n / 3 artists. */
export function randomCollection(n: number, k: number, seed: number): Collection {
  const random = seededRandom(seed, "random collection");
  return smallCollection(
    Array.from({ length: n }, (_, i) => ({
      explicit: i % 2,
      vector: Array.from({ length: 4 }, () => random() * 2 - 1),
      artists: [`Artist ${Math.floor(random() * n / 3)}`],
      cluster: Math.floor(random() * 3),
      key: Math.floor(random() * 12),
      mode: Math.floor(random() * 2),
      tempo: 80 + 80 * random(),
      energy: random(),
      year: 1980 + Math.floor(random() * 40),
      genres: [["pop", "rock", "jazz"][Math.floor(random() * 3)]],
      minutes: 2 + 4 * random(),
    })),
    Math.min(k, n - 1),
  );
}

function graphOf(embedding: Matrix, k: number, edges?: number[][]): NeighborGraph {
  const n = embedding.rows;
  const offsets = new Int32Array(n + 1);
  const indices: number[] = [];
  const similarities: number[] = [];
  for (let i = 0; i < n; i++) {
    const neighbors = (edges?.[i] ?? Array.from({ length: n }, (_, j) => j).filter((j) => j !== i))
      .map((j) => ({ j, s: cosine(row(embedding, i), row(embedding, j)) }))
      .sort((a, b) => b.s - a.s || a.j - b.j).slice(0, k);
    for (const { j, s } of neighbors) {
      indices.push(j);
      similarities.push(s);
    }
    offsets[i + 1] = indices.length;
  }
  return { nodeCount: n, offsets, indices: Int32Array.from(indices), similarities: Float32Array.from(similarities) };
}
