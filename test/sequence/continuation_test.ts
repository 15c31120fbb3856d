import assert from "node:assert/strict";
import { fitItemKnn, fitPopularity } from "../../lib/sequence/baselines.ts";
import { evaluateContinuation, holdOutPlaylists } from "../../lib/sequence/continuation.ts";
import { twoWays } from "./contract.ts";

Deno.test("evaluateContinuation() judges playlists that training did not hold", () => {
  const split = twoWays();
  const { heldOut, rest } = holdOutPlaylists(split, 50);
  assert.equal(rest.userIds.length, split.userIds.length - 50);
  assert.ok([...heldOut].every((p) => !rest.userIds.includes(split.userIds[p])));
  assert.equal(rest.train.tracks.length, rest.tracks.length - 2 * rest.userIds.length);
  const tracks = split.trackIds.length;
  const [knn, popularity] = [fitItemKnn(rest.train, tracks), fitPopularity(rest.train, tracks)]
    .map((model) => evaluateContinuation(model, split, heldOut));
  assert.ok(knn.rPrecision.value > popularity.rPrecision.value && knn.clicks.value < popularity.clicks.value);
});
