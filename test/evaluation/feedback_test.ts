import assert from "node:assert/strict";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { BayesianWeights } from "../../lib/choice/online.ts";
import { fitTastePrior } from "../../lib/choice/personal.ts";
import { drawTastes } from "../../lib/listening/tastes.ts";
import { InputError } from "../../lib/data/errors.ts";
import {
  feedbackSets,
  fixedPlayer,
  learningPlayer,
  playWithFeedback,
  regretBySession,
  weightsFrom,
} from "../../lib/evaluation/feedback.ts";
import { DEFAULT_WEIGHTS } from "../../lib/score/weights.ts";
import { randomCollection } from "../score/small_worlds.ts";

const collection = randomCollection(600, 20, 6);
const USERS = 60;
const own = drawTastes({ users: 2 * USERS, centre: DEFAULT_WEIGHTS, seed: 5 }).weights;
const tastes = (u: number) => own.subarray(5 * u, 5 * u + 5);
const blind = weightsFrom([0, 0, 0, 0, 0]);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

Deno.test("the same seed gives the same sessions, and a policy that switches later the same sessions until then", () => {
  const options = { listeners: 5, sessions: 4, plays: 6, tastes, seed: 3 };
  const log = playWithFeedback(collection, () => fixedPlayer(DEFAULT_WEIGHTS), options);
  assert.deepEqual(playWithFeedback(collection, () => fixedPlayer(DEFAULT_WEIGHTS), options), log);
  const switched = playWithFeedback(collection, () => ({ weights: (s) => s < 2 ? DEFAULT_WEIGHTS : blind }), options);
  log.session.forEach((session, p) => session < 2 && assert.equal(switched.keep[p], log.keep[p]));
  assert.notDeepEqual(switched.keep, log.keep);
});

Deno.test("listeners skip as often as their keep probabilities say, and replay only what they keep", () => {
  const log = playWithFeedback(collection, () => fixedPlayer(DEFAULT_WEIGHTS), { listeners: 60, sessions: 6, tastes });
  const variance = mean(log.keep.map((p) => p * (1 - p))) / log.keep.length;
  assert.ok(Math.abs(1 - mean(log.skipped) - mean(log.keep)) < 4 * Math.sqrt(variance));
  log.replayed.forEach((again, p) => assert.ok(!again || !log.skipped[p]));
  log.bestKeep.forEach((best, p) => assert.ok(best >= log.keep[p]));
});

Deno.test("blind picks are skipped about every second time, and knowing weights are skipped less", () => {
  const skips = (player: (u: number) => ReturnType<typeof fixedPlayer>) =>
    mean(playWithFeedback(collection, player, { listeners: 60, sessions: 5, tastes }).skipped);
  const [none, all, each] = [
    skips(() => fixedPlayer(blind)),
    skips(() => fixedPlayer(DEFAULT_WEIGHTS)),
    skips((u) => fixedPlayer(weightsFrom(tastes(u)))),
  ];
  assert.ok(none > 0.4 && none < 0.6, `${none}`);
  assert.ok(none > all + 0.1 && all > each, `${none}, ${all}, ${each}`);
});

Deno.test("the weights of listeners who are alike are learned from skips and replays", () => {
  const alike = playWithFeedback(collection, () => fixedPlayer(blind), {
    listeners: 80,
    sessions: 8,
    tastes: () => Object.values(DEFAULT_WEIGHTS).slice(0, 5),
  });
  const truth: Record<string, number> = { ...DEFAULT_WEIGHTS, keep: -0.7, replay: -5.5 };
  for (const c of fitConditionalLogit(feedbackSets(alike)).coefficients) {
    assert.ok(Math.abs(c.estimate - truth[c.feature]) < 4 * c.robustStandardError!, `${c.feature}: ${c.estimate}`);
  }
});

Deno.test("a player who learns from every skip loses less than one who does not", () => {
  const before = playWithFeedback(collection, () => fixedPlayer(DEFAULT_WEIGHTS), {
    listeners: USERS,
    sessions: 6,
    tastes,
  });
  const prior = fitTastePrior(feedbackSets(before), { rounds: 15 });
  const later = { listeners: USERS, first: USERS, sessions: 6, tastes };
  const lost = (player: (u: number) => ReturnType<typeof fixedPlayer>) =>
    mean(regretBySession(playWithFeedback(collection, player, later)).slice(1).map(({ regret }) => mean(regret)));
  const still = lost(() => fixedPlayer(weightsFrom(prior.mean.subarray(2))));
  const learning = lost(() => learningPlayer(new BayesianWeights(prior)));
  assert.ok(learning < still, `${learning} against ${still}`);
});

Deno.test("playWithFeedback() refuses tastes of another length and counts below 1", () => {
  const play = (options: object) =>
    playWithFeedback(collection, () => fixedPlayer(blind), { listeners: 1, sessions: 1, tastes, ...options });
  assert.throws(() => play({ tastes: () => [1] }), /5 weights of listener 0 but found 1/);
  assert.throws(() => play({ sessions: 0 }), InputError);
  const familiar = { ...blind, familiarity: 1 };
  assert.throws(
    () => playWithFeedback(collection, () => fixedPlayer(familiar), { listeners: 1, sessions: 1, tastes }),
    /alone/,
  );
});
