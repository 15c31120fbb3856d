import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWeights } from "../../lib/choice/weights_file.ts";
import { segue, segueJson } from "../cli/segue.ts";
import { HAS_HEATING, heatingRows, toCsv } from "./heating.ts";

async function inFolder(use: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-command-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "segue train-choice-model prints and writes the published Heating estimates",
  ignore: !HAS_HEATING,
  async fn() {
    await inFolder((folder) => {
      const logs = join(folder, "heating.csv");
      const out = join(folder, "weights.json");
      writeFileSync(logs, toCsv(heatingRows()));
      const options = ["--logs", logs, "--features", "ic,oc", "--constants", "alternative", "--base", "hp"];
      const { status, stdout } = segue("train-choice-model", ...options, "--out", out);
      assert.equal(status, 0);
      for (
        const number of ["1.6588459", "0.4484194", "1.8534370", "1.7109793", "0.3082632", "-0.0069964", "-1008.2287"]
      ) {
        assert.ok(stdout.includes(number), `${number} is not in\n${stdout}`);
      }
      const written = JSON.parse(readFileSync(out, "utf8"));
      assert.equal(written.format, "segue-weights");
      assert.equal(written.provenance.sha256.length, 64);
      assert.equal(written.coefficients[4].standard_error.toFixed(7), "0.0006209");
      assert.throws(() => readWeights(out), /shuffle's terms/);
      const byName = segueJson("train-choice-model", ...options, "--chosen", "choice") as {
        weights: Record<string, number>;
      };
      assert.deepEqual(byName.weights, written.weights);
      // What the fit cannot learn, on one line, with exit code 2.
      const wrong = segue("train-choice-model", "--logs", logs, "--features", "ic,income");
      assert.equal(wrong.status, 2);
      assert.match(wrong.stderr, /^segue: Feature income never varies within a choice set[^\n]*\n$/);
    });
  },
});

Deno.test("a world's listeners choose, their weights are learned, and a history becomes choices", async () => {
  await inFolder((folder) => {
    const data = join(folder, "world");
    segueJson("world", "--tracks", "600", "--seed", "5", "--out", data);
    segueJson("features", "--data", data);
    segueJson("pca", "--data", data);
    segueJson("graph", "--data", data, "--k", "30");
    const simulated = segueJson(
      "simulate",
      "--data",
      data,
      "--users",
      "60",
      "--steps",
      "30",
      "--weights",
      "similarity=6",
    );
    assert.equal(simulated.choices, 1800);
    assert.equal(
      segueJson("simulate", "--data", data, "--users", "60", "--steps", "30", "--weights", "similarity=6").up_to_date,
      true,
    );
    const out = join(folder, "weights.json");
    const logs = join(data, "choices.parquet");
    // Without clusters.npy the feature clusterDiversity is 0 everywhere, and the model says so.
    assert.match(segue("train-choice-model", "--logs", logs).stderr, /clusterDiversity never varies/);
    const features = "similarity,recency,sameArtist,keyMatch";
    const model = segueJson(
      "train-choice-model",
      "--logs",
      logs,
      "--features",
      features,
      "--cluster",
      "user_id",
      "--out",
      out,
    );
    const truth: Record<string, number> = { similarity: 6, recency: 4, sameArtist: -1, keyMatch: 1 };
    for (const c of model.coefficients as { feature: string; estimate: number; robust_standard_error: number }[]) {
      assert.ok(Math.abs(c.estimate - truth[c.feature]) < 4.5 * c.robust_standard_error, JSON.stringify(c));
    }
    assert.equal(readWeights(out).clusterDiversity, 0);
    assert.equal(segue("shuffle", "--data", data, "-n", "5", "--weights", out).status, 0);
    const state = join(folder, "state.json");
    segueJson("history", "--simulate", "--data", data, "--out", state);
    const own = join(folder, "own.parquet");
    const skips = join(folder, "skips.parquet");
    const choices = segueJson("choices", state, "--data", data, "--out", own, "--skips", skips);
    assert.ok(Number(choices.choices) > 1000);
    const mine = segueJson("train-choice-model", "--logs", own, "--features", features);
    assert.ok(Number.isFinite((mine.statistics as { log_likelihood: number }).log_likelihood));
    const kept = segueJson(
      ...[
        "train-choice-model",
        "--logs",
        skips,
        "--features",
        "recency",
        "--constants",
        "alternative",
        "--base",
        "skip",
      ],
    );
    assert.deepEqual(kept.features, ["alternative:keep", "recency"]);
  });
});
