import assert from "node:assert/strict";
import { METRICS } from "../../lib/metrics/registry.ts";
import { comparePolicies, type Comparison } from "../../lib/evaluation/comparison.ts";
import { describeFindings, describeLearning, formatInterval } from "../../lib/evaluation/findings.ts";
import { randomCollection } from "../score/small_worlds.ts";

const comparison = await comparePolicies(randomCollection(200, 20, 3), {
  listeners: 12,
  variantListeners: 0,
  librarySize: 60,
  trainingListeners: 30,
  validationListeners: 3,
  workers: 1,
});

type Values = Comparison["runs"][string][number]["values"];

/** The same comparison with other values of a policy, made from those of another. */
function withValues(policy: string, from: string, change: (values: Values, own: Values) => Values): Comparison {
  const own = comparison.runs[policy].map((run, l) => ({
    ...run,
    values: change(comparison.runs[from][l].values, run.values),
  }));
  return { ...comparison, runs: { ...comparison.runs, [policy]: own } };
}

/** The same comparison with the metrics of Segue set to those of vanilla plus a difference. */
function shifted(difference: number): Comparison {
  return withValues("segue", "vanilla", (values) => {
    const moved = { ...values };
    for (const { name } of METRICS) moved[name] += difference;
    return moved;
  });
}

Deno.test("describeFindings() names a metric on one side alone", () => {
  const { better, notBetter } = describeFindings(comparison);
  assert.match(better, /Segue, hand-set is better than vanilla\*\* in .*coherence \(0\.\d+ against/);
  assert.ok(!notBetter.includes("coherence ("));
  assert.ok(!/NaN|undefined/.test(better + notBetter));
});

Deno.test("describeFindings() claims nothing when there is no difference", () => {
  const { better, notBetter } = describeFindings(shifted(0));
  assert.match(better, /^In none of the 17 metrics is Segue, hand-set shown to be better/);
  assert.match(notBetter, /In none of the 17 metrics is vanilla shown to be better .*By their own taste no listener/);
});

Deno.test("describeFindings() says so when vanilla is what everyone would choose", () => {
  const { notBetter } = describeFindings(shifted(-0.01));
  assert.match(notBetter, /12 of 12 listeners \(100 %\) are better served by vanilla/);
});

/** The comparison with the regret of a policy set to that of the hand-set weights plus a difference. */
function withRegret(policy: string, difference: number): Comparison {
  return withValues(policy, "segue", ({ regret }, own) => ({ ...own, regret: regret + difference }));
}

Deno.test("describeLearning() says more regret, less, or neither, as the numbers have it", () => {
  const cases = [[0.5, "more than the"], [-0.5, "less than the"], [0, "not shown to differ from the"]] as const;
  for (const [difference, words] of cases) {
    const { learned } = describeLearning(withRegret("segue-learned", difference));
    assert.ok(learned.split("**Weights learned from each")[0].includes(words), learned);
    assert.ok(!/NaN|undefined/.test(learned));
  }
  assert.equal(describeLearning(comparison).sequence, "");
});

Deno.test("describeFindings() tells windows that were shortened from rules that were dropped", () => {
  const withDropped = (dropped: number) =>
    describeFindings(withValues("segue", "segue", (values) => ({ ...values, dropped }))).notBetter;
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
