/** What all commands share: options that add or are refused, numbers out of range, nothing left of a refused command. */
import assert from "node:assert/strict";
import type { Command } from "commander";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand, flag, names, number, pairs, readNumber, text, texts } from "../../lib/cli/shared.ts";
import { InputError } from "../../lib/data/errors.ts";
import { segue } from "./segue.ts";

const COMMANDS = readdirSync(new URL("../../lib/cli/", import.meta.url))
  .filter((file) =>
    !["main.ts", "shared.ts", "engine.ts", "listener.ts", "shuffle_options.ts", "demo.ts"].includes(file)
  );

/** The values that a command line gives. */
async function parsed(...args: string[]): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> = {};
  const command = defineCommand({
    name: "try",
    description: "",
    example: "",
    options: {
      seed: number("<n>", "", { standard: 42 }),
      liked: texts("<file...>", ""),
      words: names("<a,b>", ""),
      weight: pairs("<group=number>", "", "a=1", readNumber),
      from: text("<text>", "", "here"),
      fast: flag(""),
    },
    run: (values) => {
      found = values;
      return Promise.resolve({ json: {}, text: "" });
    },
  });
  await command.exitOverride().parseAsync(args, { from: "user" });
  return found;
}

Deno.test("a repeated option adds, or it is refused; none wins in silence", async () => {
  const table: [args: string[], name: string, value: unknown][] = [
    [["--liked", "a", "--liked", "b"], "liked", ["a", "b"]],
    [["--liked", "a", "b", "--liked", "c"], "liked", ["a", "b", "c"]],
    [["--words", "live, remix", "--words", "demo"], "words", ["live", "remix", "demo"]],
    [["--weight", "a=1", "--weight", "b=2"], "weight", { a: 1, b: 2 }],
    [["--fast", "--fast"], "fast", true],
    [[], "seed", 42],
    [["--seed", "7"], "seed", 7],
    [[], "liked", undefined],
  ];
  for (const [args, name, value] of table) assert.deepEqual((await parsed(...args))[name], value, args.join(" "));
  for (const args of [["--seed", "1", "--seed", "1"], ["--from", "a", "--from", "b"]]) {
    await assert.rejects(
      parsed(...args),
      (error) =>
        error instanceof InputError &&
        error.message === `Expected ${args[0]} once but found it again with '${args[3]}'`,
    );
  }
});

Deno.test("every number of every command is refused when it is out of its range, in a line that names the option", async (t) => {
  /** Nothing that any of the options takes. */
  const wrong = ["-1e30", "NaN", "x", ""];
  for (const file of COMMANDS) {
    const command: Command = (await import(new URL(`../../lib/cli/${file}`, import.meta.url).href)).default;
    await t.step(command.name(), () => {
      for (const option of command.options) {
        if (!/^<(n|number|share|m|t|s|d|h|x|k|hours)>$/.test(/<.*>/.exec(option.flags)?.[0] ?? "")) continue;
        if (option.long === "--repeat") continue;
        for (const value of wrong) {
          assert.throws(
            () => option.parseArg!(value, undefined),
            (error) => error instanceof InputError && error.message.startsWith(`Expected ${option.long} to be `),
            `${command.name()} ${option.long} ${value}`,
          );
        }
      }
    });
  }
});

Deno.test("ranges: the ends are taken, what lies beyond is not", () => {
  const read = (range: Parameters<typeof number>[2], value: string) => number("<n>", "", range).read!(value, "--it");
  const table: [range: Parameters<typeof number>[2], good: string[], bad: string[]][] = [
    [{ from: 0, to: 65535 }, ["0", "65535"], ["-1", "65536", "1.5", "Infinity"]],
    [{ real: true, above: 0 }, ["0.001", "7"], ["0", "-5", "Infinity"]],
    [{ real: true, from: 0, to: Infinity }, ["0", "Infinity", "2.5"], ["-0.1"]],
    [{ real: true, above: 0, to: 1 }, ["0.5", "1"], ["0", "1.01"]],
  ];
  for (const [range, good, bad] of table) {
    for (const value of good) assert.equal(read(range, value), Number(value));
    for (const value of bad) assert.throws(() => read(range, value), InputError, `${JSON.stringify(range)} ${value}`);
  }
});

Deno.test("a refused command leaves nothing behind, not even a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-refused-"));
  const at = (name: string) => join(folder, name);
  try {
    mkdirSync(at("empty"));
    writeFileSync(at("table.csv"), "a,b\n1,2\n");
    writeFileSync(at("slice.json"), '{"playlists": []}');
    const before = readdirSync(folder).sort();
    const inside = at("new/deep");
    const table: string[][] = [
      ["world", "--tracks", "5", "--out", inside],
      ["ingest", at("table.csv"), "--out", inside],
      ["ingest", at("missing.csv"), "--out", inside],
      ["features", "--data", inside],
      ["pca", "--data", inside],
      ["pca", "--matrix", at("table.csv"), "--out", join(inside, "x.npy")],
      ["embed", "--data", inside],
      ["graph", "--data", inside],
      ["graph", "--matrix", at("table.csv"), "--out", join(inside, "g.npz")],
      ["path", "--data", inside, "--from", "a", "--to", "b"],
      ["simulate", "--data", inside],
      ["choices", at("table.csv"), "--data", inside, "--out", join(inside, "c.parquet")],
      ["train-choice-model", "--logs", at("table.csv"), "--out", join(inside, "w.json")],
      ["history", at("table.csv"), "--data", inside, "--out", join(inside, "s.json")],
      ["shuffle", "--data", inside, "--out", join(inside, "p.m3u8")],
      ["evaluate", "--data", inside, "--out", join(inside, "e")],
      ["train-sasrec", "--data", inside],
      ["train-sasrec", "--data", inside, "--interactions", at("table.csv")],
      ["predict-next", "--data", inside, "--tracks", "1"],
      ["mpd", at("slice.json"), "--out", inside],
      ["mpd", at("empty"), "--out", inside],
      ["serve", "--data", inside, "--port", "0"],
    ];
    const left = COMMANDS.map((file) => file.replace(".ts", "").replaceAll("_", "-"))
      .filter((name) => !table.some(([command]) => command === name));
    assert.deepEqual(left, [], "every command is tried");
    for (const args of table) {
      const { status, stderr, stdout } = segue(...args);
      assert.deepEqual([status, stdout, stderr.trim().split("\n").length], [2, "", 1], `${args.join(" ")}: ${stderr}`);
      assert.ok(!existsSync(at("new")), `${args.join(" ")} left ${at("new")}`);
    }
    assert.deepEqual(readdirSync(folder).sort(), before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
