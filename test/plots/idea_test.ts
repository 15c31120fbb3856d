import assert from "node:assert/strict";
import { collectStatistics } from "../../lib/features/statistics.ts";
import { makeFeatureSpec } from "../../lib/features/spec.ts";
import { encodeCatalog } from "../../lib/features/encode.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { ideaPlot, type IdeaSource } from "../../lib/plots/idea.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { themed } from "../../lib/plots/theme.ts";
import { seededRandom } from "../../lib/math/random.ts";
import { recommendNext } from "../../lib/score/recommend.ts";
import { UserState } from "../../lib/score/state.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { randomCollection } from "../score/small_worlds.ts";

function source(neighbors: number): IdeaSource {
  const collection = randomCollection(40, neighbors, 1);
  const state = new UserState(collection);
  const first = collection.graph.indices[0];
  state.play(first, 0);
  state.play(0, 3_600_000);
  const distribution = recommendNext(0, state, DEFAULT_WEIGHTS, { now: 7_200_000 });
  const spec = makeFeatureSpec(collectStatistics(collection.catalog));
  const random = seededRandom(1, "layout");
  const layout = matrix(40, 2, Float32Array.from({ length: 80 }, () => random()));
  const features = encodeCatalog(collection.catalog, spec);
  return { distribution, spec, features, layout, picked: distribution.top(1)[0].track };
}

Deno.test("ideaPlot() says of every candidate it shows the chance that the softmax gives it", async () => {
  const idea = source(12);
  const svg = await renderSvg(themed(ideaPlot(idea)));
  const chances = [...svg.matchAll(/>(\d+\.\d) %</g)].map(([, percent]) => percent);
  assert.equal(chances.length, 5);
  const known = Array.from(idea.distribution.probabilities, (p) => (100 * p).toFixed(1));
  assert.ok(chances.every((percent) => known.includes(percent)), chances.join());
  assert.equal(chances[0], (100 * idea.distribution.top(1)[0].probability).toFixed(1));
  for (const text of ["40 tracks", `Title ${idea.picked}`, "sequence (once a model is trained)"]) {
    assert.ok(svg.includes(text), text);
  }
});

Deno.test("ideaPlot() shows among the candidates the one that its last play holds back", async () => {
  const idea = source(12);
  const played = idea.distribution.state.playedTrack(0);
  assert.ok(!idea.distribution.top(5).some(({ track }) => track === played));
  assert.ok((await renderSvg(themed(ideaPlot(idea)))).includes(`Title ${played}`));
});

Deno.test("ideaPlot() refuses a moment with too few candidates", () => {
  assert.throws(() => ideaPlot(source(3)), /Expected 5 candidates or more to draw but found 3/);
});
