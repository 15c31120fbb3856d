import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fitConditionalLogit } from "../../lib/choice/conditional_logit.ts";
import { readWeights, weightsOfFit, writeWeights } from "../../lib/choice/weights_file.ts";
import { InputError } from "../../lib/data/errors.ts";
import { randomChoices } from "./random_choices.ts";

function fitOf(names: string[]) {
  const sets = randomChoices({ sets: 200, weights: names.map((_, k) => 1 / (k + 1)), perListener: 5 });
  return fitConditionalLogit({ ...sets, features: names }, { holdout: 0.2 });
}

Deno.test("weights.json holds estimates, errors, statistics and provenance, and is read back", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-weights-"));
  try {
    const path = join(folder, "weights.json");
    const fit = fitOf(["similarity", "keyMatch"]);
    writeWeights(path, fit, { logs: "choices.parquet", sha256: "0".repeat(64), options: { seed: 1 } });
    const content = JSON.parse(readFileSync(path, "utf8"));
    assert.deepEqual(content.features, ["similarity", "keyMatch"]);
    assert.equal(content.coefficients[1].robust_standard_error, fit.coefficients[1].robustStandardError);
    assert.equal(content.statistics.choice_sets, 200);
    assert.equal(content.statistics.clusters, 40);
    assert.equal(content.holdout.by, "cluster");
    assert.equal(content.provenance.logs, "choices.parquet");
    assert.equal(content.covariance[0][1], fit.covariance[1]);
    assert.deepEqual(readWeights(path), weightsOfFit(fit));
    assert.equal(readWeights(path).recency, 0);
    writeFileSync(path, "{");
    assert.throws(() => readWeights(path), /expected JSON/);
    writeFileSync(path, "{}");
    assert.throws(() => readWeights(path), /another format/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("weightsOfFit() refuses a model of something else", () => {
  assert.throws(() => weightsOfFit(fitOf(["ic", "oc"])), InputError);
  assert.throws(() => readWeights("/nowhere/weights.json"), /no such file/);
});
