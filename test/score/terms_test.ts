import assert from "node:assert/strict";
import { InputError } from "../../lib/data/errors.ts";
import { contributionsPlot, explanationPlot, livePlot, termColor } from "../../lib/plots/score.ts";
import { recommendNext } from "../../lib/score/recommend.ts";
import { Session } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { checkTerms, fillTerms, TERMS } from "../../lib/score/terms/registry.ts";
import type { OptionalTerm, Term } from "../../lib/score/terms/term.ts";
import { DEFAULT_WEIGHTS, sessionWeights, weightsForDiscovery } from "../../lib/score/weights.ts";
import { weightsSchema } from "../../lib/service/schemas.ts";
import { termViews } from "../../lib/service/views.ts";
import { randomCollection } from "./small_worlds.ts";

const HOUR = 3_600_000;

/** A new term as its file would have it: newer tracks before older ones. */
const novelty: OptionalTerm<"novelty"> = {
  name: "novelty",
  optional: true,
  formula: "(year − 2000) / 20",
  range: [-1, 1],
  weight: { value: 3, basis: "wish", unit: 1, means: "a track of 2020, against one of 2000", inSessions: true },
  label: "novelty of the year",
  plainLabel: "New music",
  slider: [-2, 6],
  phrases: [{ place: 10, say: ({ value }) => value > 0 ? "of these years" : undefined }],
  discover: (weight, t) => weight + t,
  fill({ collection, candidates }, out, first, step) {
    const years = collection.catalog.numbers.year!;
    for (let c = 0; c < candidates.length; c++) out[first + c * step] = (years[candidates[c]] - 2000) / 20;
  },
};
const terms: readonly Term[] = [...TERMS, novelty];

Deno.test("recipe: a term in a longer list appears in utility, words, figures, schema, sliders and sessions", () => {
  const collection = randomCollection(40, 20, 3);
  const state = new UserState(collection);
  const weights = sessionWeights(terms);
  assert.deepEqual(weights, { ...DEFAULT_WEIGHTS, feedback: 1, novelty: 3 });
  assert.equal(
    ("novelty" in weightsForDiscovery(1, weights, terms)) && weightsForDiscovery(1, weights, terms).recency,
    8,
  );
  assert.equal((weightsForDiscovery(1, weights, terms) as typeof weights & { novelty: number }).novelty, 4);

  const next = recommendNext(0, state, weights, { terms });
  assert.equal(next.terms.at(-1), novelty);
  const years = collection.catalog.numbers.year!;
  const best = next.top(1)[0].track;
  const why = next.explain(best);
  const { term, value, weight } = why.contributions.at(-1)!;
  assert.deepEqual([term.name, value, weight], ["novelty", (years[best] - 2000) / 20, 3]);
  const young = next.candidates.find((track) => years[track] > 2000)!;
  assert.match(next.explain(young).sentence, /, of these years$/);

  for (const figure of [contributionsPlot(next), explanationPlot(collection, why), livePlot(next)]) {
    assert.match(JSON.stringify(figure), /novelty of the year/);
  }
  const colors = terms.map(termColor);
  assert.equal(new Set(colors).size, terms.length, "a colour each");
  assert.match(JSON.stringify(livePlot(next)), /"min":-2,"max":6/);

  assert.ok(weightsSchema(terms).safeParse(weights).success);
  assert.ok(!weightsSchema().safeParse(weights).success, "unknown to a list without it");
  assert.deepEqual(termViews(true, terms).at(-1), { name: "novelty", label: "New music", slider: [-2, 6] });

  const heard = new Session(new UserState(collection), { terms, from: 0, count: 5 }).run();
  assert.equal(heard[1].distribution!.terms.at(-1), novelty);
});

Deno.test("an optional term without a weight takes no part", () => {
  const state = new UserState(randomCollection(20, 10, 5));
  const plain = recommendNext(0, state, DEFAULT_WEIGHTS);
  const longer = recommendNext(0, state, DEFAULT_WEIGHTS, { terms });
  assert.deepEqual(longer.probabilities, plain.probabilities);
  assert.deepEqual(longer.terms, plain.terms);
});

Deno.test("the registry refuses what is the same for all candidates; a product with a term that differs is taken", () => {
  const skippedBefore: Term = {
    ...novelty,
    name: "skippedBefore",
    optional: false,
    sameForAll: true,
    fill({ state, candidates }, out, first, step) {
      const skipped = state.events(1)[0]?.type === "skip" ? 1 : 0;
      for (let c = 0; c < candidates.length; c++) out[first + c * step] = skipped;
    },
  };
  const state = new UserState(randomCollection(20, 10, 5));
  const call = (term: Term) =>
    recommendNext(0, state, { ...DEFAULT_WEIGHTS, [term.name]: 2 }, { terms: [...TERMS, term] });
  assert.throws(
    () => call(skippedBefore),
    (error) => error instanceof InputError && /skippedBefore/.test(error.message),
  );
  assert.throws(() => checkTerms([...TERMS, TERMS[0]]), /similarity twice/);

  const product: Term = {
    ...skippedBefore,
    name: "novelty × skippedBefore",
    sameForAll: false,
    fill(moment, out, first, step) {
      const skipped = moment.state.events(1)[0]?.type === "skip" ? 1 : 0;
      novelty.fill(moment, out, first, step);
      for (let c = 0; c < moment.candidates.length; c++) out[first + c * step] *= skipped;
    },
  };
  state.play(3, HOUR);
  const before = call(product).probabilities;
  state.skip(3, HOUR);
  assert.notDeepEqual(call(product).probabilities, before);
});

Deno.test("every term stays in its range, differs between candidates, and has a default weight on its slider", () => {
  const collection = randomCollection(60, 20, 8);
  const state = new UserState(collection);
  for (let i = 0; i < 15; i++) state.play(i * 3, i * HOUR);
  state.like(6, 20 * HOUR);
  state.skip(9, 21 * HOUR);
  const candidates = Int32Array.from({ length: 59 }, (_, c) => c + 1);
  const options = {
    targetEnergy: 0.5,
    sequence: (found: Int32Array, out: Float64Array) => found.forEach((track, c) => out[c] = -track),
  };
  const values = fillTerms(0, state, candidates, options, TERMS);
  TERMS.forEach(({ name, range: [low, high], slider, weight }: Term, f) => {
    const column = Array.from(candidates, (_, c) => values[c * TERMS.length + f]);
    assert.ok(column.every((value) => value >= low && value <= high), `${name} leaves [${low}, ${high}]`);
    assert.ok(new Set(column).size > 1, `${name} is the same for all candidates`);
    if (slider) assert.ok(weight.value >= slider[0] && weight.value <= slider[1], name);
  });
});
