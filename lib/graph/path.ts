/** Smooth walks from one track to another. */
import { minIndex, pairs, range, sort } from "d3-array";
import { expectInteger, InputError } from "../data/errors.ts";
import { cosine, type Matrix, matrix, row, takeRows, unitRows } from "../math/matrix.ts";
import { exactNeighbors } from "../math/neighbors.ts";
import type { NeighborGraph } from "./graph.ts";

/** Nearest tracks to each point of the straight line, where the graph offers no walk. */
const BRIDGE_CANDIDATES = 60;
/** How exactly the smallest largest edge of a walk over the graph is found. */
const PRECISION = 1e-4;
/** Rounds of moving single tracks to where their larger step is smaller. */
const SMOOTHING_ROUNDS = 20;

/**
 * Finds a walk from A to B in exactly `steps` steps whose largest step is as small as can be found.
 *
 * 1. Off the graph, for ends that few edges cannot join: tracks near equidistant points of the great circle from A to
 * B,
 *    chosen by dynamic programming for the smallest largest step. O(steps · n d).
 * 2. Over the graph the walk of at most `steps` edges with the smallest largest edge, to within 10⁻⁴, when there is one
 *    that is no worse: by bisection over breadth-first searches from both ends. It is kept then.
 * 3. While there are steps left, a track is put into the largest step that one can divide; then single tracks are
 *    exchanged as long as that makes the larger of their two steps smaller.
 *
 * @param steps Number of steps, in [1, n − 1].
 * @returns The tracks, both ends included, none twice; the cosine of each to the one before it; the largest step as
 * 1 − cosine, in [0, 2]; and whether every step before the filling-in was an edge of the graph: it was not when the graph
 * has no walk as smooth.
 * @throws {InputError} When an end is not in [0, n), both are the same, or there are more steps than tracks.
 */
export function smoothPath(
  graph: NeighborGraph,
  x: Matrix,
  from: number,
  to: number,
  steps: number,
): { tracks: Int32Array; similarities: Float32Array; largestStep: number; alongGraph: boolean } {
  const n = graph.nodeCount;
  if (x.rows !== n) throw new InputError(`Expected a matrix of ${n} rows, one a node, but found ${x.rows}`);
  expectInteger("from", from, 0, n - 1);
  expectInteger("to", to, 0, n - 1);
  expectInteger("steps", steps, 1, n - 1);
  if (from === to) throw new InputError(`Expected two different tracks but found track ${from} at both ends`);
  const step: Step = (a, b) => 1 - cosine(row(x, a), row(x, b));
  const largest = (walk: readonly number[]) => Math.max(0, ...pairs(walk, step));
  const finish = (walk: readonly number[]) => {
    const full = fillIn(graph, step, walk, steps);
    smooth(graph, step, full);
    return full;
  };
  let best = finish(bridge(x, step, from, to, steps));
  const found = bottleneckWalk(graph, step, from, to, steps, 1 - largest(best) - 1e-6);
  const along = found && finish(found);
  const isAlong = along !== undefined && largest(along) <= largest(best);
  if (isAlong) best = along;
  return {
    tracks: Int32Array.from(best),
    similarities: Float32Array.from(pairs(best, step), (size) => 1 - size),
    largestStep: largest(best),
    alongGraph: isAlong,
  };
}

/** 1 − cosine of two tracks. */
type Step = (a: number, b: number) => number;

/**
 * The walk of at most `steps` edges whose least similar edge is as similar as can be, and at least `least`; undefined
 * when there is none. From both ends the walk follows the lists of neighbours until the two halves meet. Whether a
 * least similarity can be held is a breadth-first search from both ends, over edges that hold it: where it is low they
 * meet soon, where it is high few edges are left. A track from which the other end cannot be reached with the steps
 * that are left, even along the great circle, is not gone on from.
 */
function bottleneckWalk(
  graph: NeighborGraph,
  step: Step,
  from: number,
  to: number,
  steps: number,
  least: number,
): number[] | undefined {
  const search = meetInTheMiddle(graph, step, from, to, steps);
  const nearest = (track: number) => graph.similarities[graph.offsets[track]] ?? -1;
  let best = search(least);
  if (!best) return undefined;
  for (let high = Math.min(nearest(from), nearest(to)); high - best.least > PRECISION;) {
    const middle = (best.least + high) / 2;
    const found = search(middle);
    if (found) best = found;
    else high = middle;
  }
  return best.walk;
}

/** One end of a search: how it came to each track. */
interface Side {
  /** Number of the search that last reached each track, and the track before. */
  seen: Int32Array;
  before: Int32Array;
  front: number[];
  depth: number;
  end: number;
}

function meetInTheMiddle(graph: NeighborGraph, step: Step, from: number, to: number, steps: number) {
  const { nodeCount: n, offsets, indices, similarities } = graph;
  const side = (end: number): Side => (
    { seen: new Int32Array(n), before: new Int32Array(n), front: [], depth: 0, end }
  );
  const sides = [side(from), side(to)];
  let round = 0;
  const trace = ({ before, end }: Side, track: number) => {
    const walk = [track];
    while (walk.at(-1) !== end) walk.push(before[walk.at(-1)!]);
    return walk;
  };
  return (least: number): { walk: number[]; least: number } | undefined => {
    round++;
    const angle = Math.acos(Math.max(-1, Math.min(1, least))) + 1e-6;
    for (const one of sides) {
      one.front = [one.end];
      one.depth = 0;
      one.seen[one.end] = round;
    }
    while (sides[0].depth + sides[1].depth < steps) {
      const near = sides[0].front.length <= sides[1].front.length ? sides[0] : sides[1];
      const far = near === sides[0] ? sides[1] : sides[0];
      const front: number[] = [];
      near.depth++;
      // How far the other end may be, as 1 − cosine.
      const rest = Math.min(Math.PI, (steps - near.depth) * angle);
      const farthest = 1 - Math.cos(rest) + 1e-6;
      for (const i of near.front) {
        for (let e = offsets[i]; e < offsets[i + 1] && similarities[e] >= least; e++) {
          const j = indices[e];
          if (near.seen[j] === round) continue;
          near.seen[j] = round;
          near.before[j] = i;
          if (far.seen[j] === round) {
            const walk = [...trace(sides[0], j).reverse(), ...trace(sides[1], j).slice(1)];
            const held = Math.min(1, ...pairs(walk, step).map((size) => 1 - size));
            return { walk, least: Math.max(held, least) };
          }
          if (step(j, far.end) <= farthest) front.push(j);
        }
      }
      if (front.length === 0) return undefined;
      near.front = front;
    }
    return undefined;
  };
}

/** Tracks near equidistant points of the great circle from A to B, one a point, with the smallest largest step. */
function bridge(x: Matrix, step: Step, from: number, to: number, steps: number): number[] {
  const layers = [[from], ...innerLayers(x, from, to, steps), [to]].filter((layer) => layer.length > 0);
  let costs = [0];
  const choices: number[][] = [];
  for (let l = 1; l < layers.length; l++) {
    const choice: number[] = [];
    const next = layers[l].map((track) => {
      const largest = layers[l - 1].map((before, b) => Math.max(costs[b], step(before, track)));
      const best = minIndex(largest);
      choice.push(best);
      return largest[best];
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
  const ends = unitRows(takeRows(x, [from, to]));
  const [a, b] = [row(ends, 0), row(ends, 1)];
  const angle = Math.acos(cosine(a, b));
  const points = matrix(steps - 1, x.columns);
  for (let layer = 0; layer < points.rows; layer++) {
    const t = (layer + 1) / steps;
    const [p, q] = angle < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle), Math.sin(t * angle)];
    row(points, layer).set(a.map((value, j) => p * value + q * b[j]));
  }
  const { indices, similarities, k } = exactNeighbors(x, points, Math.min(x.rows, BRIDGE_CANDIDATES));
  const best = new Map<number, { layer: number; similarity: number }>();
  indices.forEach((track, r) => {
    const known = best.get(track);
    if (track === from || track === to || (known && known.similarity >= similarities[r])) return;
    best.set(track, { layer: Math.floor(r / k), similarity: similarities[r] });
  });
  const layers: number[][] = Array.from({ length: points.rows }, () => []);
  for (const [track, { layer }] of best) layers[layer].push(track);
  return layers;
}

/** Divides steps, the largest first, until the walk has `steps` of them. */
function fillIn(graph: NeighborGraph, step: Step, walk: readonly number[], steps: number): number[] {
  const full = [...walk];
  const used = new Set(full);
  while (full.length - 1 < steps) {
    let best = { place: 0, track: -1, larger: Infinity };
    const sizes = pairs(full, step);
    const order = sort(range(sizes.length), (i) => -sizes[i]);
    for (const place of order) {
      const between = bestBetween(graph, step, full[place], full[place + 1], used);
      if (between.larger < best.larger) best = { place, ...between };
      if (between.larger <= sizes[place]) break;
    }
    // Neighbours of the walk are used up: any other track.
    if (best.track < 0) best.track = range(graph.nodeCount).find((track) => !used.has(track))!;
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
