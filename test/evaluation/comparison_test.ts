import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sessionExamples } from "../../lib/evaluation/examples.ts";
import { policyTable, writeComparison } from "../../lib/evaluation/files.ts";
import { describeFindings } from "../../lib/evaluation/findings.ts";
import { eachSession, type Metric } from "../../lib/metrics/metric.ts";
import { METRICS, metricTable } from "../../lib/metrics/registry.ts";
import { policyPlot } from "../../lib/plots/evaluation.ts";
import {
  ablationsOf,
  compareWith,
  curvesOf,
  gainsByListener,
  paretoPoints,
  summarize,
} from "../../lib/evaluation/summary.ts";
import { comparePolicies, type Comparison, valuesOf } from "../../lib/evaluation/comparison.ts";
import { runPython } from "../python.ts";
import { POLICIES, type Policy } from "../../lib/score/policies.ts";
import { randomCollection } from "../score/small_worlds.ts";

const collection = randomCollection(300, 20, 3);
const settings = {
  listeners: 12,
  variantListeners: 2,
  librarySize: 60,
  seed: 9,
  trainingListeners: 30,
  validationListeners: 3,
};
const comparison = await comparePolicies(collection, { ...settings, workers: 1 });

Deno.test("comparePolicies() gives the same numbers on two workers as on one, and to the first listeners of many as to few", async () => {
  const other = await comparePolicies(collection, { ...settings, listeners: 3, workers: 2 });
  for (const [name, runs] of Object.entries(other.runs)) {
    assert.deepEqual(runs, comparison.runs[name].slice(0, 3), name);
  }
  assert.deepEqual(other.listeners, comparison.listeners.slice(0, 3));
  assert.deepEqual(other.tuned, comparison.tuned);
});

Deno.test("comparePolicies() plays variants to some of the listeners and refuses more than all of them", async () => {
  const played = valuesOf(comparison, "temperature 0", "utility");
  assert.deepEqual(Array.from(played, (value) => Number.isNaN(value)), Array.from(played, (_, l) => l >= 2));
  await assert.rejects(comparePolicies(collection, { listeners: 4, variantListeners: 5 }), /variantListeners/);
});

Deno.test("summarize() gives the mean over the listeners of a group within its interval", () => {
  const rows = summarize(comparison, { byLibrary: true, metrics: ["diversity"] });
  assert.equal(rows.length, 4 * 9);
  const tiny = rows.find(({ library, policy }) => library === "tiny" && policy === "vanilla")!;
  const values = valuesOf(comparison, "vanilla", "diversity").filter((_, l) => l % 4 === 2);
  assert.ok(Math.abs(tiny.estimate - (values[0] + values[1] + values[2]) / 3) < 1e-12 && tiny.count === 3);
  for (const { estimate, lower, upper } of rows) assert.ok(lower <= estimate + 1e-12 && estimate <= upper + 1e-12);
});

Deno.test("a listener's value of a metric is the mean over the listener's sessions", () => {
  for (const { name: metric, ofSessions } of METRICS) {
    if (!ofSessions) continue;
    const own = valuesOf(comparison, "segue", metric);
    for (const l of [0, 6, 11]) {
      const values = comparison.runs.segue[l].sessions.map((session) => session[metric]!);
      assert.equal(values.length, [1, 10, 8][Math.floor(l / 4)]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(Math.abs(mean - own[l]) < 1e-5, `${metric} of listener ${l}: ${mean}, not ${own[l]}`);
    }
  }
});

/** The comparison with the coherence of vanilla, session by session, set by hand. */
function withCoherence(of: (listener: number, session: number) => number): Comparison {
  const vanilla = comparison.runs.vanilla.map((run, l) => {
    const sessions = run.sessions.map((session, s) => ({ ...session, similarity: of(l, s) }));
    const similarity = sessions.reduce((sum, session) => sum + session.similarity / sessions.length, 0);
    return { ...run, sessions, values: { ...run.values, similarity } };
  });
  return { ...comparison, runs: { ...comparison.runs, vanilla } };
}

Deno.test("drawing sessions instead of listeners is too bold where a listener's sessions are alike, and too shy where they balance", () => {
  const intervals = (hand: Comparison) =>
    (["listener", "session"] as const).map((unit) => summarize(hand, { metrics: ["similarity"], unit })[0]);
  // Every session of listener l has the value l: 12 numbers in truth, which 76 sessions only repeat.
  const [alike, bold] = intervals(withCoherence((l) => l));
  assert.ok(Math.abs(alike.estimate - 5.5) < 1e-6 && Math.abs(bold.estimate - 5.5) < 1e-6);
  assert.deepEqual([alike.count, bold.count], [12, 4 * (1 + 10 + 8)]);
  assert.ok(bold.upper - bold.lower < 0.9 * (alike.upper - alike.lower));
  // Sessions of 0 and 2 by turns (1 in a binge): every listener has the mean 1, whoever is drawn.
  const [balanced, shy] = intervals(withCoherence((l, s) => l < 4 ? 1 : 2 * (s % 2)));
  assert.deepEqual([balanced.lower, balanced.upper], [1, 1]);
  assert.ok(Math.abs(shy.estimate - 1) < 1e-6 && shy.lower < 0.9 && shy.upper > 1.1);
});

Deno.test("metrics that a session does not have are drawn by listener whatever is asked for", () => {
  const [a, b] = (["listener", "session"] as const).map((unit) =>
    compareWith(comparison, "vanilla", { metrics: ["coverage", "regret"], unit }).filter((r) => r.policy === "segue")
  );
  assert.deepEqual(a[0], b[0]);
  assert.equal(b[1].count, 4 * (1 + 10 + 8));
  assert.ok(Math.abs(a[1].estimate - b[1].estimate) < 1e-5);
});

Deno.test("the temperature is the highest whose regret on the other listeners is within a standard error of the least", () => {
  const { tried, temperature, listeners } = comparison.tuned;
  assert.equal(listeners, 3);
  assert.deepEqual(tried.map((entry) => entry.temperature), [1, 0.5, 0.25, 0]);
  const least = Math.min(...tried.map(({ regret }) => regret));
  for (const entry of tried) assert.ok(Math.abs(entry.excess - (entry.regret - least)) < 1e-9);
  const good = tried.filter(({ excess, standardError }) => excess <= standardError);
  assert.equal(temperature, Math.max(...good.map((entry) => entry.temperature)));
});

Deno.test("weights learned from each listener leave less regret than those learned from all at once", () => {
  const mean = (policy: string) => valuesOf(comparison, policy, "regret").reduce((sum, value) => sum + value / 12, 0);
  assert.ok(mean("segue-personal") < mean("segue-learned"), `${mean("segue-personal")} ${mean("segue-learned")}`);
});

Deno.test("compareWith() calls a lower repeat rate better and a lower variety worse", () => {
  const rows = compareWith(comparison, "similarity", { metrics: ["trackRepeat", "diversity"] });
  for (const { metric, estimate, lower, upper, verdict, count } of rows) {
    assert.equal(count, 12);
    const good = metric === "trackRepeat" ? estimate < 0 : estimate > 0;
    assert.equal(verdict, lower <= 0 && upper >= 0 ? "even" : good ? "better" : "worse");
  }
  assert.throws(
    () => compareWith(comparison, "random"),
    /Expected baseline to be one of vanilla, .* but found 'random'/,
  );
});

Deno.test("ablationsOf() leaves each term out, with and without the hard rules", () => {
  const rows = ablationsOf(comparison, { metrics: ["artistInRow"] });
  assert.equal(rows.length, 5 + 1 + 5);
  assert.ok(rows.every(({ count }) => count === 2));
  // Under the rule that no artist comes twice in a row the weight against it has nothing to do.
  assert.equal(rows.find(({ policy }) => policy === "sameArtist 0")!.estimate, 0);
  const plain = { ...comparison, policies: comparison.policies.filter(({ group }) => group === "main") };
  assert.throws(() => ablationsOf(plain), /without variants/);
});

Deno.test("paretoPoints() marks exactly the points that no other surpasses", () => {
  const points = paretoPoints(comparison);
  const surpasses = (b: typeof points[number], a: typeof points[number]) =>
    b.coherence.estimate >= a.coherence.estimate && b.variety.estimate >= a.variety.estimate &&
    b.coherence.estimate + b.variety.estimate > a.coherence.estimate + a.variety.estimate;
  for (const a of points) assert.equal(a.efficient, !points.some((b) => surpasses(b, a)));
  assert.deepEqual(points.filter(({ curve }) => curve === "temperature").map(({ value }) => value), [
    0,
    0.25,
    0.5,
    1,
    2,
    4,
    Infinity,
  ]);
});

Deno.test("curves agree with the metrics that they end in", () => {
  const mean = (policy: string, metric: "trackRepeat" | "coverage") =>
    valuesOf(comparison, policy, metric).reduce((sum, value) => sum + value / 12, 0);
  const repeats = curvesOf(comparison, "track").find(({ policy, x }) => policy === "freshest" && x === 50)!;
  assert.ok(Math.abs(repeats.estimate - mean("freshest", "trackRepeat")) < 1e-6);
  const heard = curvesOf(comparison, "heard").find(({ policy, x }) => policy === "segue" && x === 200)!;
  assert.ok(Math.abs(heard.estimate - mean("segue", "coverage")) < 1e-6);
  const total = curvesOf(comparison, "similarity").filter(({ policy }) => policy === "vanilla")
    .reduce((sum, { estimate }) => sum + estimate, 0);
  assert.ok(Math.abs(total - 1) < 1e-5);
});

Deno.test("gainsByListener() is the difference of utilities, listener by listener", () => {
  const gains = gainsByListener(comparison);
  const [a, b] = ["segue", "vanilla"].map((policy) => valuesOf(comparison, policy, "utility"));
  gains.forEach(({ gain, listener }, l) => assert.ok(gain === a[l] - b[l] && listener === l));
});

Deno.test("sessionExamples() gives the same examples again, from one start, with a note on every pick", async () => {
  const examples = await sessionExamples(collection, { seed: 9 });
  assert.deepEqual(examples, await sessionExamples(collection, { seed: 9 }));
  assert.equal(examples.length, 3);
  for (const example of examples) {
    const picks = Array.from(example.matchAll(/^\| (\d+) \| (.+) \| (.+) \|$/gm), ([, place, ...cells]) => {
      const told = cells.map((cell) => /^\*\*(.+)\*\*<br>(.+)<br>\*(.+)\*$/.exec(cell)!.slice(1));
      return { place: Number(place), told };
    });
    assert.deepEqual(picks.map(({ place }) => place), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const [[vanilla, segue]] = picks.map(({ told }) => told);
    assert.deepEqual(vanilla, segue);
    assert.ok(!/NaN|undefined/.test(example) && /By their own taste/.test(example.split("\n\n").at(-1)!), example);
  }
});

Deno.test("policyTable() has a row a metric and a column a policy", () => {
  const table = policyTable(comparison, ["trackRepeat", "similarity"]);
  assert.deepEqual(Object.keys(table[0]).slice(0, 2), ["metric", "Vanilla shuffle"]);
  assert.match(table[1]["Similarity walk"], /^0\.\d+ ± 0\.\d+ \+$/);
});

Deno.test("writeComparison() writes tables that pandas opens and that agree with the runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-comparison-"));
  try {
    const files = writeComparison(folder, comparison, ["An example"]);
    assert.deepEqual(
      files.toSorted(),
      [
        "ablation.csv",
        "evaluation.json",
        "examples.md",
        "heard.csv",
        "pareto.csv",
        "paired.csv",
        "repeats.csv",
        "runs.csv",
        "summary.csv",
      ].toSorted(),
    );
    const seen = JSON.parse(runPython(
      `
import json, sys, pandas as pd
d = sys.argv[1]
runs = pd.read_csv(d + "/runs.csv"); summary = pd.read_csv(d + "/summary.csv"); paired = pd.read_csv(d + "/paired.csv")
s = summary[(summary.library == "all") & (summary.pattern == "all")].pivot(index="policy", columns="metric", values="estimate")
r = runs[runs.group == "contest"].groupby("policy")[list(s.columns)].mean()
p = paired[(paired.library == "all") & (paired.pattern == "all")].pivot(index="policy", columns="metric", values="estimate")
print(json.dumps(dict(metrics=list(s.columns), gap=float((s - r).abs().max().max()),
  pairs=float((p - (s.loc[p.index] - s.loc["vanilla"])).abs().max().max()), rows=len(runs))))`,
      [folder],
    ));
    assert.deepEqual(seen.metrics.toSorted(), METRICS.map(({ name }) => name).toSorted());
    assert.ok(seen.gap < 1e-5 && seen.pairs < 1e-5, JSON.stringify(seen));
    const variants = comparison.policies.filter(({ group }) => group === "variant").length;
    assert.equal(seen.rows, 9 * 12 + variants * 2);
    assert.equal(JSON.parse(readFileSync(join(folder, "evaluation.json"), "utf8")).listeners, 12);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("a metric is one entry: a longer list shows it in tables, files, figure, definitions and sentences", async () => {
  const own: Metric = {
    name: "firstHalf",
    label: "Low rows",
    definition: "Share of plays from the first half of the catalogue",
    range: [0, 1],
    unit: "share",
    better: "lower",
    shown: "overview",
    ofSessions: (run) => eachSession(run, (plays) => plays.filter((track) => track < 20).length / plays.length),
  };
  const metrics = [...METRICS, own];
  const longer = await comparePolicies(collection, { ...settings, listeners: 3, variantListeners: 1, metrics });
  assert.deepEqual(valuesOf(longer, "segue", "regret"), valuesOf(comparison, "segue", "regret").subarray(0, 3));
  assert.ok(summarize(longer).some(({ metric, estimate }) => metric === own.name && estimate > 0 && estimate < 1));
  assert.ok(policyTable(longer).some(({ metric }) => metric === "Low rows ↓"));
  const { better, notBetter } = describeFindings(longer);
  assert.match(better + notBetter, /low rows \(0\.\d+ against/);
  assert.match(JSON.stringify(policyPlot(summarize(longer), longer.metrics)), /"Low rows".*share, lower is better/);
  assert.ok(metricTable(metrics).some(({ metric }) => metric === own.label));
  const folder = mkdtempSync(join(tmpdir(), "segue-comparison-"));
  try {
    writeComparison(folder, longer, []);
    for (const file of ["runs.csv", "summary.csv", "paired.csv", "ablation.csv"]) {
      assert.match(readFileSync(join(folder, file), "utf8"), /firstHalf/, file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("a policy is one entry: a longer list plays it and shows it in the tables and the figure", async () => {
  const backwards: Policy = {
    name: "backwards",
    label: "Last row first",
    description: "the library from its last row to its first",
    order: (library) => Int32Array.from(library).reverse(),
  };
  const policies = [...POLICIES, backwards];
  const longer = await comparePolicies(collection, { ...settings, listeners: 2, variantListeners: 0, policies });
  assert.deepEqual(valuesOf(longer, "segue", "regret"), valuesOf(comparison, "segue", "regret").subarray(0, 2));
  assert.ok(valuesOf(longer, "backwards", "coverage").every((coverage) => coverage === 1));
  assert.ok("Last row first" in policyTable(longer)[0]);
  assert.ok(compareWith(longer, "vanilla").some(({ policy }) => policy === "backwards"));
  assert.match(JSON.stringify(policyPlot(summarize(longer))), /"Last row first"/);
});
