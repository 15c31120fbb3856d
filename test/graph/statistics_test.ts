import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/data/errors.ts";
import { expectEdgeCount, type NeighborGraph, neighborsOf } from "../../lib/graph/graph.ts";
import { correctHubness } from "../../lib/graph/hubness.ts";
import { buildKnnGraph } from "../../lib/graph/knn.ts";
import {
  components,
  groupMixing,
  hasEdge,
  hubness,
  inDegrees,
  mutualGraph,
  similarityByRank,
} from "../../lib/graph/statistics.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";

/** 0 ⇄ 1 → 2, 3 ⇄ 4: two components, one of them with an edge that is not mutual. */
const small: NeighborGraph = {
  nodeCount: 5,
  offsets: Int32Array.of(0, 1, 3, 3, 4, 5),
  indices: Int32Array.of(1, 0, 2, 4, 3),
  similarities: Float32Array.of(0.9, 0.9, 0.5, 0.8, 0.8),
};

async function noise(rows: number, columns: number, k: number, seed: number): Promise<NeighborGraph> {
  const random = seededRandom(seed);
  const data = Float32Array.from(
    { length: rows * columns },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
  return (await buildKnnGraph(matrix(rows, columns, data), { k })).graph;
}

Deno.test("neighborsOf() gives a row of the graph", () => {
  assert.deepEqual([...neighborsOf(small, 1)], [0, 2]);
});

Deno.test("expectEdgeCount() lets a graph have 2³¹ − 1 edges and says which k is possible, by hand", () => {
  // 2³¹ − 1 is prime; 42,949,672 x 50 = 2,147,483,600 is the last multiple of 50 below it.
  expectEdgeCount(2 ** 31 - 1, 1);
  expectEdgeCount(42_949_672, 50);
  assert.throws(() => expectEdgeCount(42_949_673, 50), /42949673 rows x 50 neighbours; take a k of at most 49, or cut/);
  assert.throws(() => expectEdgeCount(100e6, 50), {
    name: "InputError",
    message: /take a k of at most 21, or cut the/,
  });
  assert.throws(() => expectEdgeCount(2 ** 31, 1), /x 1 neighbours; cut the matrix into parts$/);
});

Deno.test("inDegrees(), mutualGraph() and components() agree with a graph drawn by hand", () => {
  assert.deepEqual([...inDegrees(small)], [1, 1, 1, 1, 1]);
  assert.deepEqual([...mutualGraph(small).offsets], [0, 1, 2, 2, 3, 4]);
  assert.deepEqual([...mutualGraph(small).indices], [1, 0, 4, 3]);
  const parts = components(small);
  assert.deepEqual([parts.count, [...parts.labels], [...parts.sizes]], [2, [0, 0, 0, 1, 1], [3, 2]]);
});

Deno.test("mutualGraph() is symmetric and components() labels both ends of an edge alike", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 5 }), async (seed, k) => {
      const graph = await noise(60, 3, k, seed);
      const mutual = mutualGraph(graph);
      const { labels, sizes } = components(graph);
      for (let i = 0; i < 60; i++) {
        for (const j of neighborsOf(mutual, i)) assert.ok(hasEdge(mutual, j, i));
        for (const j of neighborsOf(graph, i)) assert.equal(labels[i], labels[j]);
      }
      assert.equal(sizes.reduce((a, b) => a + b, 0), 60);
      assert.equal(inDegrees(graph).reduce((a, b) => a + b, 0), 60 * k);
    }),
    { numRuns: 20 },
  );
});

Deno.test("hubness() is 0 when every track is listed equally often and finds the hub when one is not", () => {
  const even = hubness(small);
  assert.deepEqual([even.skewness, even.gini, even.orphans, even.max], [0, 0, 0, 1]);
  // All point at node 0, which points at node 1: in-degrees 3, 1, 0, 0.
  const star = hubness({
    nodeCount: 4,
    offsets: Int32Array.of(0, 1, 2, 3, 4),
    indices: Int32Array.of(1, 0, 0, 0),
    similarities: new Float32Array(4),
  });
  assert.deepEqual([star.hub, star.max, star.orphans, star.mean], [0, 3, 0.5, 1]);
  // Deviations 2, 0, -1, -1: variance 1.5, third moment 1.5. Gini (-3·0 - 1·0 + 1·1 + 3·3) / (4·4).
  assert.ok(Math.abs(star.skewness - 1.5 / 1.5 ** 1.5) < 1e-12);
  assert.equal(star.gini, 10 / 16);
});

for (const method of ["local-scaling", "mutual-proximity"] as const) {
  Deno.test(`correctHubness() by ${method} lowers the skewness of noise in 30 dimensions`, async () => {
    const graph = await noise(1500, 30, 40, 5);
    const corrected = correctHubness(graph, { method, keep: 10 });
    const plain = hubness(correctHubnessNot(graph, 10));
    const after = hubness(corrected);
    assert.ok(after.skewness < 0.7 * plain.skewness, `${after.skewness} against ${plain.skewness}`);
    assert.ok(after.max < plain.max && after.gini < plain.gini, `${after.gini} against ${plain.gini}`);
    for (let i = 0; i < 1500; i++) {
      const row = corrected.similarities.subarray(i * 10, i * 10 + 10);
      assert.ok(row.every((value, r) => r === 0 || value <= row[r - 1]), "rows stay sorted by cosine");
      for (const j of neighborsOf(corrected, i)) assert.ok(hasEdge(graph, i, j));
    }
  });
}

/** The first `keep` neighbours of each row. */
function correctHubnessNot(graph: NeighborGraph, keep: number): NeighborGraph {
  const edges = Array.from({ length: graph.nodeCount }, (_, i) => [...neighborsOf(graph, i).subarray(0, keep)]).flat();
  return {
    nodeCount: graph.nodeCount,
    offsets: Int32Array.from({ length: graph.nodeCount + 1 }, (_, i) => i * keep),
    indices: Int32Array.from(edges),
    similarities: new Float32Array(edges.length),
  };
}

Deno.test("correctHubness() refuses to keep more neighbours than there are", async () => {
  const graph = await noise(20, 3, 5, 1);
  assert.throws(
    () => correctHubness(graph, { method: "local-scaling", keep: 6 }),
    /Expected keep to be an integer in \[1, 5\] but found 6/,
  );
});

Deno.test("groupMixing() counts edges between groups, by hand", () => {
  // Edges 0→1, 1→0, 1→2, 3→4, 4→3 with groups a a b b –: a→a 2, a→b 1; node 4 has no group.
  const mixing = groupMixing(small, [0, 0, 1, 1, -1], 2);
  assert.deepEqual([...mixing.shares], [2 / 3, 1 / 3, 0, 0]);
  assert.deepEqual([...mixing.lifts], [1, 1, 0, 0]);
  assert.deepEqual([...mixing.sizes], [2, 2]);
  assert.equal(mixing.within, 2 / 3);
  assert.ok(Math.abs(mixing.assortativity) < 1e-12);
  assert.throws(() => groupMixing(small, [0], 1), InputError);
});

Deno.test("similarityByRank() falls with the rank", async () => {
  const ranks = similarityByRank(await noise(300, 4, 10, 2));
  assert.equal(ranks.length, 10);
  for (let r = 1; r < 10; r++) assert.ok(ranks[r].mean < ranks[r - 1].mean && ranks[r].low <= ranks[r].high);
});
