import assert from "node:assert/strict";
import { InputError } from "../../lib/data/errors.ts";
import { introduceTrack } from "../../lib/evaluation/new_tracks.ts";
import { row } from "../../lib/math/matrix.ts";
import { randomCollection } from "../score/small_worlds.ts";

Deno.test("a track that is taken out and introduced anew enters the lists that it stood in, and has its old neighbours", () => {
  const { embedding, graph } = randomCollection(200, 12, 3);
  for (const track of [0, 17, 199]) {
    const { neighbors, listedBy, similarities } = introduceTrack(embedding, graph, row(embedding, track), {
      leaveOut: track,
    });
    assert.deepEqual([...neighbors].sort(), [...graph.indices.subarray(12 * track, 12 * track + 12)].sort());
    const stood = Array.from({ length: 200 }, (_, i) => i).filter((i) =>
      graph.indices.subarray(12 * i, 12 * i + 12).includes(track)
    );
    assert.deepEqual([...listedBy], stood);
    assert.ok(similarities.every((s, e) => e === 0 || s <= similarities[e - 1]));
  }
});

Deno.test("a new track on top of another has that one as its nearest", () => {
  const { embedding, graph } = randomCollection(50, 5, 3);
  assert.equal(introduceTrack(embedding, graph, row(embedding, 7)).neighbors[0], 7);
});

Deno.test("introduceTrack() refuses a graph of another size and a vector of another length", () => {
  const { embedding, graph } = randomCollection(50, 5, 3);
  assert.throws(() => introduceTrack(embedding, { ...graph, nodeCount: 49 }, row(embedding, 7)), InputError);
  assert.throws(() => introduceTrack(embedding, graph, [1]), InputError);
});
