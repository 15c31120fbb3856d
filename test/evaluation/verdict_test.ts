import assert from "node:assert/strict";
import { METRIC_NAMES } from "../../lib/evaluation/metrics.ts";
import { runTournament, type Tournament } from "../../lib/evaluation/comparison.ts";
import { describeLearning, describeVerdict, formatInterval } from "../../lib/evaluation/verdict.ts";
import { randomCollection } from "../score/small_worlds.ts";

const tournament = await runTournament(randomCollection(200, 20, 3), {
  listeners: 12,
  variantListeners: 0,
  librarySize: 60,
  teachers: 30,
  validators: 3,
  workers: 1,
});

type Values = Tournament["runs"][string][number]["values"];

/** The same tournament with other values of a policy, made from those of another. */
function withValues(policy: string, from: string, change: (values: Values, own: Values) => Values): Tournament {
  const own = tournament.runs[policy].map((run, l) => ({
    ...run,
    values: change(tournament.runs[from][l].values, run.values),
  }));
  return { ...tournament, runs: { ...tournament.runs, [policy]: own } };
}

/** The same tournament with the metrics of Segue set to those of vanilla plus a difference. */
function shifted(difference: number): Tournament {
  return withValues("segue", "vanilla", (values) => {
    const moved = { ...values };
    for (const name of METRIC_NAMES) moved[name] += difference;
    return moved;
  });
}

Deno.test("describeVerdict() names a metric on one side alone", () => {
  const { better, sober } = describeVerdict(tournament);
  assert.match(better, /Segue, hand-set is better than vanilla\*\* in .*coherence \(0\.\d+ against/);
  assert.ok(!sober.includes("coherence ("));
  assert.ok(!/NaN|undefined/.test(better + sober));
});

Deno.test("describeVerdict() claims nothing when there is no difference", () => {
  const { better, sober } = describeVerdict(shifted(0));
  assert.match(better, /^In none of the 17 metrics is Segue, hand-set shown to be better/);
  assert.match(sober, /In none of the 17 metrics is vanilla shown to be better .*By their own taste no listener/);
});

Deno.test("describeVerdict() says so when vanilla is what everyone would choose", () => {
  const { sober } = describeVerdict(shifted(-0.01));
  assert.match(sober, /12 of 12 listeners \(100 %\) are better served by vanilla/);
});

/** The tournament with the regret of a policy set to that of the hand-set weights plus a difference. */
function withRegret(policy: string, difference: number): Tournament {
  return withValues(policy, "segue", ({ regret }, own) => ({ ...own, regret: regret + difference }));
}

Deno.test("describeLearning() says more regret, less, or neither, as the numbers have it", () => {
  const cases = [[0.5, "more than the"], [-0.5, "less than the"], [0, "not shown to differ from the"]] as const;
  for (const [difference, words] of cases) {
    const { learned } = describeLearning(withRegret("segue-learned", difference));
    assert.ok(learned.split("**Weights learned from each")[0].includes(words), learned);
    assert.ok(!/NaN|undefined/.test(learned));
  }
  assert.equal(describeLearning(tournament).sequence, "");
});

Deno.test("describeVerdict() tells windows that were shortened from rules that were dropped", () => {
  const withDropped = (dropped: number) =>
    describeVerdict(withValues("segue", "segue", (values) => ({ ...values, dropped }))).sober;
  assert.match(withDropped(0), /each time a window was shortened, and never was a rule dropped\.$/);
  assert.match(withDropped(0.12), /for 12\.0 % one was dropped altogether, else a window was shortened\.$/);
});

Deno.test("formatInterval() writes three significant digits and a true minus", () => {
  assert.equal(
    formatInterval({ estimate: -0.0739, lower: -0.0951, upper: -0.0524, count: 9 }),
    "−0.0739 [−0.0951, −0.0524]",
  );
  assert.equal(formatInterval({ estimate: 12.34, lower: 10, upper: 15.27, count: 9 }), "12.3 [10.0, 15.3]");
  assert.equal(formatInterval({ estimate: 0, lower: -0.00001, upper: 0.2, count: 9 }), "0.000 [0.000, 0.200]");
});
