/**
 * Smooth walks from one track to another.
 *
 * @module
 */
import { expectInteger, InputError } from "../errors.ts";
import { type Matrix, row } from "../matrix.ts";
import { connectTrack } from "./connect.ts";
import type { NeighborGraph } from "./graph.ts";

/** A walk from one track to another. */
export interface SmoothPath {
  /** The tracks, both ends included: one more than there are steps, none twice. */
  tracks: Int32Array;
  /** Cosine similarity of each track to the one before it, one a step. */
  similarities: Float32Array;
  /** The largest step, as 1 − cosine, in [0, 2]. */
  largestStep: number;
  /** True when every step before the filling-in was an edge of the graph, false when the graph has no such walk. */
  alongGraph: boolean;
}

/** Nearest tracks to each point of the straight line, where the graph offers no walk. */
const BRIDGE_CANDIDATES = 60;
/** Rounds of moving single tracks to where their larger step is smaller. */
const SMOOTHING_ROUNDS = 20;

/**
 * Finds a walk from A to B in exactly `steps` steps whose largest step is as small as can be found.
 *
 * 1. Over the edges of the graph, in both directions, the walk of at most `steps` edges with the smallest largest edge:
 *    `steps` rounds of Bellman–Ford with max in place of +. O(steps · edges), and exact.
 * 2. Beside it a walk off the graph, for ends that few edges cannot join: tracks near equidistant points of the great
 *    circle from A to B, chosen by dynamic programming for the smallest largest step. The better of the two is kept.
 * 3. While there are steps left, a track is put into the largest step that one can divide; then single tracks are
 *    exchanged as long as that makes the larger of their two steps smaller.
 *
 * @param graph The neighbour graph.
 * @param x The matrix [n, d] on which it was built.
 * @param from Row of track A.
 * @param to Row of track B, another track.
 * @param steps Number of steps, in [1, n − 1].
 * @returns The walk.
 * @throws {InputError} When an end is not in [0, n), both are the same, or there are more steps than tracks.
 */
export function smoothPath(graph: NeighborGraph, x: Matrix, from: number, to: number, steps: number): SmoothPath {
  const n = graph.nodeCount;
  if (x.rows !== n) throw new InputError(`Expected a matrix of ${n} rows, one a node, but found ${x.rows}`);
  expectInteger("from", from, 0, n - 1);
  expectInteger("to", to, 0, n - 1);
  expectInteger("steps", steps, 1, n - 1);
  if (from === to) throw new InputError(`Expected two different tracks but found track ${from} at both ends`);
  const step = stepSize(x);
  const largest = (walk: readonly number[]) => {
    let most = 0;
    for (let i = 1; i < walk.length; i++) most = Math.max(most, step(walk[i - 1], walk[i]));
    return most;
  };
  const walks = [bridge(x, step, from, to, steps)];
  const along = bottleneckWalk(graph, from, to, steps);
  if (along) walks.push(along);
  const finished = walks.map((walk) => {
    const full = fillIn(graph, step, walk, steps);
    smooth(graph, step, full);
    return full;
  });
  const best = finished.reduce((a, b) => largest(b) <= largest(a) ? b : a);
  return {
    tracks: Int32Array.from(best),
    similarities: Float32Array.from({ length: steps }, (_, i) => 1 - step(best[i], best[i + 1])),
    largestStep: largest(best),
    alongGraph: along !== undefined && best === finished[1],
  };
}

type Step = (a: number, b: number) => number;

/** 1 − cosine of two rows. */
function stepSize(x: Matrix): Step {
  const d = x.columns;
  return (a, b) => {
    let [ab, aa, bb] = [0, 0, 0];
    for (let j = 0; j < d; j++) {
      const [p, q] = [x.data[a * d + j], x.data[b * d + j]];
      ab += p * q;
      aa += p * p;
      bb += q * q;
    }
    return aa === 0 || bb === 0 ? 1 : 1 - Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb)));
  };
}

/** The walk of at most `steps` edges whose least similar edge is most similar; undefined when there is none. */
function bottleneckWalk(graph: NeighborGraph, from: number, to: number, steps: number): number[] | undefined {
  const { nodeCount: n, offsets, indices, similarities } = graph;
  let reached = new Float32Array(n).fill(-2);
  reached[from] = 2;
  const parents: Int32Array[] = [];
  for (let round = 0; round < steps; round++) {
    const next = reached.slice();
    const parent = new Int32Array(n).fill(-1);
    let changed = false;
    for (let i = 0; i < n; i++) {
      for (let e = offsets[i]; e < offsets[i + 1]; e++) {
        const j = indices[e];
        const forward = Math.min(reached[i], similarities[e]);
        const backward = Math.min(reached[j], similarities[e]);
        if (forward > next[j]) {
          next[j] = forward;
          parent[j] = i;
          changed = true;
        }
        if (backward > next[i]) {
          next[i] = backward;
          parent[i] = j;
          changed = true;
        }
      }
    }
    if (!changed) break;
    parents.push(parent);
    reached = next;
  }
  if (reached[to] === -2) return undefined;
  const walk = [to];
  for (let round = parents.length - 1, at = to; round >= 0 && at !== from; round--) {
    if (parents[round][at] < 0) continue;
    at = parents[round][at];
    walk.push(at);
  }
  return walk.reverse();
}

/** Tracks near equidistant points of the great circle from A to B, one a point, with the smallest largest step. */
function bridge(x: Matrix, step: Step, from: number, to: number, steps: number): number[] {
  const layers = [[from], ...innerLayers(x, from, to, steps), [to]].filter((layer) => layer.length > 0);
  let costs = [0];
  const choices: number[][] = [];
  for (let l = 1; l < layers.length; l++) {
    const choice: number[] = [];
    const next = layers[l].map((track) => {
      let best = 0;
      let cost = Infinity;
      layers[l - 1].forEach((before, b) => {
        const largest = Math.max(costs[b], step(before, track));
        if (largest < cost) [best, cost] = [b, largest];
      });
      choice.push(best);
      return cost;
    });
    choices.push(choice);
    costs = next;
  }
  const walk = [to];
  for (let l = layers.length - 1, at = 0; l > 0; l--) {
    at = choices[l - 1][at];
    walk.push(layers[l - 1][at]);
  }
  return walk.reverse();
}

/** Candidates for each inner point; a track that is near several points stands where it is nearest. */
function innerLayers(x: Matrix, from: number, to: number, steps: number): number[][] {
  const [a, b] = [unit(row(x, from)), unit(row(x, to))];
  const angle = Math.acos(Math.max(-1, Math.min(1, a.reduce((sum, value, j) => sum + value * b[j], 0))));
  const best = new Map<number, { layer: number; similarity: number }>();
  for (let layer = 0; layer < steps - 1; layer++) {
    const t = (layer + 1) / steps;
    const [p, q] = angle < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle), Math.sin(t * angle)];
    const point = a.map((value, j) => p * value + q * b[j]);
    const { indices, similarities } = connectTrack(x, point, Math.min(x.rows, BRIDGE_CANDIDATES));
    indices.forEach((track, r) => {
      const known = best.get(track);
      if (track === from || track === to || (known && known.similarity >= similarities[r])) return;
      best.set(track, { layer, similarity: similarities[r] });
    });
  }
  const layers: number[][] = Array.from({ length: Math.max(0, steps - 1) }, () => []);
  for (const [track, { layer }] of best) layers[layer].push(track);
  return layers;
}

function unit(vector: Float32Array): Float64Array {
  const norm = Math.hypot(...vector) || 1;
  return Float64Array.from(vector, (value) => value / norm);
}

/** Divides steps, the largest first, until the walk has `steps` of them. */
function fillIn(graph: NeighborGraph, step: Step, walk: readonly number[], steps: number): number[] {
  const full = [...walk];
  const used = new Set(full);
  while (full.length - 1 < steps) {
    let best = { place: 0, track: -1, larger: Infinity };
    const order = Array.from({ length: full.length - 1 }, (_, i) => i)
      .sort((a, b) => step(full[b], full[b + 1]) - step(full[a], full[a + 1]));
    for (const place of order) {
      const between = bestBetween(graph, step, full[place], full[place + 1], used);
      if (between.larger < best.larger) best = { place, ...between };
      if (between.larger <= step(full[place], full[place + 1])) break;
    }
    if (best.track < 0) best.track = anyUnused(graph.nodeCount, used);
    full.splice(best.place + 1, 0, best.track);
    used.add(best.track);
  }
  return full;
}

/** The unused neighbour of either track that makes the larger of the two steps smallest. */
function bestBetween(graph: NeighborGraph, step: Step, a: number, b: number, used: Set<number>) {
  let best = { track: -1, larger: Infinity };
  for (const end of [a, b]) {
    for (let e = graph.offsets[end]; e < graph.offsets[end + 1]; e++) {
      const track = graph.indices[e];
      if (used.has(track)) continue;
      const larger = Math.max(step(a, track), step(track, b));
      if (larger < best.larger) best = { track, larger };
    }
  }
  return best;
}

function anyUnused(count: number, used: Set<number>): number {
  for (let track = 0; track < count; track++) if (!used.has(track)) return track;
  throw new InputError(`Expected fewer steps than the ${count} tracks`);
}

/** Exchanges inner tracks while that makes the larger of their two steps smaller. */
function smooth(graph: NeighborGraph, step: Step, walk: number[]): void {
  const used = new Set(walk);
  for (let round = 0; round < SMOOTHING_ROUNDS; round++) {
    let changed = false;
    for (let i = 1; i < walk.length - 1; i++) {
      const now = Math.max(step(walk[i - 1], walk[i]), step(walk[i], walk[i + 1]));
      const { track, larger } = bestBetween(graph, step, walk[i - 1], walk[i + 1], used);
      if (larger >= now - 1e-9) continue;
      used.delete(walk[i]);
      used.add(track);
      walk[i] = track;
      changed = true;
    }
    if (!changed) return;
  }
}
