import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fitConditionalLogit, fitConditionalLogitBatches } from "../../lib/choice/conditional_logit.ts";
import type { ChoiceColumns } from "../../lib/choice/choice_log.ts";
import { readChoices, withChoiceBatches } from "../../lib/choice/read_choices.ts";
import { InputError } from "../../lib/data/errors.ts";
import { seededRandom, shuffleInPlace } from "../../lib/math/random.ts";
import { writeParquet } from "../../lib/data/parquet.ts";
import { toCsv } from "./heating.ts";
import { randomChoices } from "./random_choices.ts";

/** Rows of random choices among car, bus and train; ids and chosen marks as the caller likes them. */
function rows(id: (n: number) => string | number, mark: (chosen: boolean, choice: string) => string | number) {
  const sets = randomChoices({ sets: 120, weights: [0.8, -0.5], size: 3, perListener: 6, seed: 5 });
  const names = ["car", "bus", "train"];
  return Array.from({ length: 360 }, (_, r) => {
    const n = Math.floor(r / 3);
    return {
      choice_id: id(n),
      user_id: `user ${Math.floor(n / 6)}`,
      alternative: names[r % 3],
      chosen: mark(sets.chosen[n] === r, names[sets.chosen[n] - 3 * n]),
      cost: sets.values[2 * r],
      time: sets.values[2 * r + 1],
      income: 10 + (n * 7) % 50,
    };
  });
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-choices-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function estimates(path: string, columns: ChoiceColumns): Promise<number[]> {
  const { sets } = await readChoices(path, columns);
  return fitConditionalLogit(sets).coefficients.map((c) => c.estimate);
}

function near(found: number[], expected: number[], tolerance = 1e-9): void {
  assert.equal(found.length, expected.length);
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < tolerance, `${found} is not ${expected}`));
}

Deno.test("readChoices() takes 1/0, true/false, yes/no and the name of the alternative for the chosen row", async () => {
  await inFolder(async (folder) => {
    const forms: [string, (chosen: boolean, choice: string) => string | number][] = [
      ["one", (chosen) => chosen ? 1 : 0],
      ["true", (chosen) => chosen ? "TRUE" : "FALSE"],
      ["yes", (chosen) => chosen ? "yes" : "no"],
      ["name", (_, choice) => choice],
    ];
    const found: number[][] = [];
    for (const [name, mark] of forms) {
      const path = join(folder, `${name}.csv`);
      writeFileSync(path, toCsv(rows((n) => n, mark)));
      found.push(await estimates(path, { features: ["cost", "time"] }));
    }
    const codes = ["car", "bus", "train"];
    const numbered = rows((n) => n, (_, choice) => codes.indexOf(choice) + 2)
      .map((row) => ({ ...row, alternative: codes.indexOf(row.alternative) + 2 }));
    writeFileSync(join(folder, "numbers.csv"), toCsv(numbered));
    found.push(await estimates(join(folder, "numbers.csv"), { features: ["cost", "time"] }));
    for (const other of found.slice(1)) near(other, found[0]);
  });
});

Deno.test("readChoices() takes ids that are texts, not contiguous, and rows in any order", async () => {
  await inFolder(async (folder) => {
    const columns = { features: ["cost", "time"], cluster: "user_id" };
    const plain = rows((n) => n, (chosen) => chosen ? 1 : 0);
    const path = (name: string) => join(folder, name);
    writeFileSync(path("plain.csv"), toCsv(plain));
    writeFileSync(path("texts.csv"), toCsv(rows((n) => `trip ${n * 17 % 120}`, (chosen) => chosen ? 1 : 0)));
    writeFileSync(path("mixed.csv"), toCsv(shuffleInPlace([...plain], seededRandom(1))));
    const expected = await estimates(path("plain.csv"), columns);
    near(await estimates(path("texts.csv"), columns), expected);
    near(await estimates(path("mixed.csv"), columns), expected);
    const streamed = await withChoiceBatches(path("mixed.csv"), columns, fitConditionalLogitBatches, 100);
    near(streamed.coefficients.map((c) => c.estimate), expected);
    const { sets } = await readChoices(path("mixed.csv"), columns);
    near(
      streamed.coefficients.map((c) => c.robustStandardError!),
      fitConditionalLogit(sets).coefficients.map((c) => c.robustStandardError!),
    );
  });
});

Deno.test("readChoices() reads Parquet like CSV, and finds the numeric features by itself", async () => {
  await inFolder(async (folder) => {
    const data = rows((n) => n, (chosen) => chosen ? 1 : 0);
    const csv = join(folder, "choices.csv");
    const parquet = join(folder, "choices.parquet");
    writeFileSync(csv, toCsv(data.map(({ income: _, ...row }) => row)));
    await writeParquet(parquet, [
      { name: "choice_id", type: "int32", values: data.map((row) => Number(row.choice_id)) },
      { name: "chosen", type: "boolean", values: data.map((row) => row.chosen === 1) },
      { name: "track_id", type: "text", values: data.map((row) => row.alternative) },
      { name: "cost", type: "float64", values: data.map((row) => row.cost) },
      { name: "time", type: "float64", values: data.map((row) => row.time) },
    ]);
    near(await estimates(parquet, {}), await estimates(csv, {}));
  });
});

Deno.test("constants and weights that differ by alternative are 0 at the base level", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "choices.csv");
    writeFileSync(path, toCsv(rows((n) => n, (chosen) => chosen ? 1 : 0)));
    const columns = { features: ["cost"], constants: "alternative", base: "car", byAlternative: ["income"] };
    const { sets, base } = await readChoices(path, columns);
    assert.equal(base, "car");
    assert.deepEqual(sets.features, ["alternative:bus", "alternative:train", "cost", "income:bus", "income:train"]);
    assert.deepEqual([...sets.values.subarray(0, 5)].map((v) => Math.abs(v) > 0), [false, false, true, false, false]);
    assert.deepEqual([...sets.values.subarray(5, 10)].map((v, k) => k === 2 ? 0 : v), [1, 0, 0, 10, 0]);
    const { statistics: s } = fitConditionalLogit({ ...sets });
    assert.equal(s.likelihoodRatioConstants!.degreesOfFreedom, 3);
  });
});

Deno.test("an offset column enters with coefficient 1: a constant of it changes nothing, a feature's part is taken off", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "choices.csv");
    const data = rows((n) => n, (chosen) => chosen ? 1 : 0);
    writeFileSync(path, toCsv(data.map((row) => ({ ...row, flat: 7, part: 0.25 * row.cost }))));
    const [cost, time] = await estimates(path, { features: ["cost", "time"] });
    near(await estimates(path, { features: ["cost", "time"], offset: "flat" }), [cost, time]);
    near(await estimates(path, { features: ["cost", "time"], offset: "part" }), [cost - 0.25, time]);
  });
});

Deno.test("what is wrong in a choice log is named, with the file", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "choices.csv");
    const data: Record<string, unknown>[] = rows((n) => n, (chosen) => chosen ? 1 : 0);
    const fails = async (
      change: (row: Record<string, unknown>, r: number) => Record<string, unknown>,
      columns: ChoiceColumns,
      message: RegExp,
    ) => {
      writeFileSync(path, toCsv(data.map(change)));
      await assert.rejects(readChoices(path, columns), (error: unknown) => {
        assert.ok(error instanceof InputError, String(error));
        assert.match(error.message, /choices\.csv: /);
        assert.match(error.message, message);
        return true;
      });
    };
    const same = (row: Record<string, unknown>) => row;
    const features = ["cost", "time"];
    await fails(same, { features: ["price"] }, /column price.*--features.*Columns found: choice_id/);
    await fails(same, { choiceId: "trip" }, /column trip/);
    await fails(same, { features: ["alternative"] }, /alternative to be numeric but found 'car'.*--constants/);
    await fails(same, { features, constants: "alternative", base: "plane" }, /found 'plane'; levels: bus, car, train/);
    await fails((row, r) => ({ ...row, chosen: r < 3 ? 0 : row.chosen }), { features }, /set 0 has no chosen row/);
    await fails(
      (row, r) => ({ ...row, chosen: r < 3 ? 1 : row.chosen }),
      { features },
      /set 0 has more than one chosen/,
    );
    await fails(
      (row, r) => ({ ...row, cost: r === 4 ? "NA" : row.cost }),
      { features },
      /cost.*missing value in choice set 1/,
    );
    await fails(
      (row) => ({ ...row, alternative: "x", chosen: "maybe" }),
      { features, alternative: "user_id" },
      /no chosen row/,
    );
    await fails(
      ({ alternative: _, ...row }) => ({ ...row, chosen: "maybe" }),
      { features },
      /found 'maybe'.*--alternative/,
    );
    await assert.rejects(readChoices(join(folder, "none.csv")), /none\.csv: no such file/);
  });
});
