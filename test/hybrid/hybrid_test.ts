import assert from "node:assert/strict";
import { fitItemKnn, fitMarkov, fitPopularity } from "../../lib/sequence/baselines.ts";
import {
  affinityRecommender,
  eraRecommender,
  nameCodes,
  playlistFeatures,
  similarityRecommender,
  timeAwareRecommender,
} from "../../lib/hybrid/content.ts";
import { fitHybrid, hybridRecommender, type HybridTerm } from "../../lib/hybrid/hybrid.ts";
import { compareResults, evaluateNext } from "../../lib/sequence/ranking.ts";
import type { SequenceRecommender } from "../../lib/sequence/recommender.ts";
import { splitPlaylists } from "../../lib/sequence/split.ts";
import { hybridTerms } from "../../lib/hybrid/evidence.ts";
import type { TrackNames } from "../../lib/sequence/track_names.ts";
import { randomCollection, smallCollection } from "../score/small_worlds.ts";
import { CONTRACT_TRACKS, testContract, twoWays } from "../sequence/contract.ts";

/** A catalogue that lacks every seventh track of the contract's vocabulary. */
const WORLD = randomCollection(CONTRACT_TRACKS, 5, 11);
const ROWS = Int32Array.from({ length: CONTRACT_TRACKS }, (_, t) => t % 7 === 6 ? -1 : t);
const YEARS = Float64Array.from(ROWS, (r) => r < 0 ? NaN : WORLD.catalog.numbers.year![r]);
const NAMES: TrackNames = {
  byId: new Map(Array.from(ROWS, (r, t) => [String(t), {
    uri: r < 0 ? null : `spotify:track:id${r}`,
    title: `Title ${r}`,
    artist: `Artist ${t % 9}`,
    album: `Album ${t % 18}`,
  }])),
  label: (id) => id,
};

testContract("affinity", () => affinityRecommender("artist", Int32Array.from(ROWS, (_, t) => t % 7 - 1)));
testContract("era", () => eraRecommender(YEARS));
testContract("era of unknown years", () => eraRecommender(YEARS.map(() => NaN)));
testContract("similarity graph", () => similarityRecommender(WORLD, ROWS));
testContract("taste", () => similarityRecommender(WORLD, ROWS, { halfLife: 4 }));
testContract("time-aware score", () => timeAwareRecommender(WORLD, ROWS));
testContract("key match", () => timeAwareRecommender(WORLD, ROWS, { weights: { keyMatch: 1 }, missing: 0 }));
testContract("hybrid", (train, tracks) =>
  hybridRecommender([
    { name: "popularity", model: fitPopularity(train, tracks) },
    { name: "markov", model: fitMarkov(train, tracks), standardize: true },
  ], [0.5, 1]));
testContract("hybrid of all terms", (train, tracks) => {
  const trackIds = Array.from({ length: tracks }, (_, t) => String(t));
  const split = splitPlaylists({ ...train, userIds: Array.from(train.offsets.subarray(1), String), trackIds });
  const terms = hybridTerms(split, { sequence: fitMarkov(train, tracks), names: NAMES, collection: WORLD });
  return hybridRecommender(terms, terms.map((_, f) => 0.3 + 0.1 * f));
});

Deno.test("hybridTerms() leaves out what the data do not tell", () => {
  const split = twoWays();
  const features = (terms: HybridTerm[]) => terms.map(({ name }) => name).join(" ");
  assert.equal(features(hybridTerms(split)), "markov popularity itemKnn itemKnnRecent");
  const elsewhere = {
    ...NAMES,
    byId: new Map([...NAMES.byId].map(([id, name]) => [id, { ...name, uri: null, album: null }])),
  };
  assert.equal(
    features(hybridTerms(split, { sequence: fitMarkov(split.train, 120), names: elsewhere, collection: WORLD })),
    "sequence markov popularity itemKnn itemKnnRecent sameArtist artistBefore",
  );
  assert.equal(
    features(hybridTerms(split, { names: NAMES, collection: WORLD })).split(" sameAlbum ")[1],
    "similarity taste keyMatch clusterDiversity genre era",
  );
});

Deno.test("eraRecommender() and similarityRecommender() score by hand", () => {
  const scores = (model: SequenceRecommender, history: number[]) => {
    const out = new Float32Array(model.tracks);
    model.score(Int32Array.from(history), out);
    return out;
  };
  const near = (found: number, expected: number) =>
    assert.ok(Math.abs(found - expected) < 1e-6, `${found} ${expected}`);
  const era = scores(eraRecommender(Float64Array.of(1990, 2000, NaN), 10, 1), [0, 1]);
  near(era[0], Math.log(0.01 + (0.5 + Math.exp(-1)) / 1.5));
  near(era[1], Math.log(0.01 + (0.5 * Math.exp(-1) + 1) / 1.5));
  near(era[2], Math.log(0.01));
  const collection = smallCollection([{ vector: [2, 0] }, { vector: [0, 3] }, { vector: [1, 1] }]);
  const rows = Int32Array.of(0, 1, 2, -1);
  const last = scores(similarityRecommender(collection, rows), [0, 1, 3]);
  [0, 1, Math.SQRT1_2, -1].forEach((value, t) => near(last[t], value));
  const taste = scores(similarityRecommender(collection, rows, { halfLife: 1 }), [0, 1]);
  near(taste[0], 0.5 / Math.hypot(0.5, 1));
  near(taste[2], 1.5 * Math.SQRT1_2 / Math.hypot(0.5, 1));
});

Deno.test("fitHybrid() weighs two sources of evidence so that both together beat each by more than chance", () => {
  const split = twoWays();
  const tracks = split.trackIds.length;
  const circle = fitMarkov(split.train, tracks);
  const artist = affinityRecommender("artist", Int32Array.from(split.trackIds, (id) => Number(id) % 20), 0.5);
  const { model, logit } = fitHybrid([
    { name: "markov", model: circle },
    { name: "artist", model: artist },
  ], split);
  for (const { feature, estimate, standardError } of logit.coefficients) {
    assert.ok(estimate > 4 * standardError, `${feature}: ${estimate} ± ${standardError}`);
  }
  const [both, ...alone] = [model, circle, artist].map((m) => evaluateNext(m, split, { k: 5 }));
  for (const one of alone) {
    const { ndcg } = compareResults(both, one);
    assert.ok(ndcg.lower > 0, `${one.name}: ${JSON.stringify(ndcg)}`);
  }
  const knn = evaluateNext(fitItemKnn(split.train, tracks), split, { k: 5 });
  assert.ok(knn.recall.value < both.recall.value);
});

Deno.test("playlistFeatures() takes each track's row, zeros where the catalogue lacks it", () => {
  const features = { rows: 2, columns: 2, data: Float32Array.of(1, 2, 3, 4) };
  assert.deepEqual([...playlistFeatures(features, Int32Array.of(1, -1, 0, 1)).data], [3, 4, 0, 0, 1, 2, 3, 4]);
});

Deno.test("nameCodes() tells albums of one name by different artists apart", () => {
  const names = {
    byId: new Map(["X", "Y", "X"].map((artist, t) => [String(5 + t), {
      uri: null,
      title: "abc"[t],
      artist,
      album: "Greatest Hits",
    }])),
    label: (id: string) => id,
  };
  assert.deepEqual([...nameCodes(["5", "6", "7", "8"], names, "albums")], [0, 1, 0, -1]);
  assert.deepEqual([...nameCodes(["5", "6", "7", "8"], names, "artists")], [0, 1, 0, -1]);
});
