/**
 * `segue simulate`: listeners with known weights choose tracks; their choices become a log to learn from.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { simulateStage } from "../choice/stage.ts";
import { InputError } from "../errors.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../shuffle/weights.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data?: string;
  users: number;
  steps: number;
  seed: number;
  weights?: Partial<Weights>;
  spread?: number;
  temperature: number;
  noise: number;
  neighbors: number;
  familiar?: number;
  pause: number;
  force?: boolean;
}

/** @returns The command. */
export default function simulate(): Command {
  const command = defineCommand(
    "simulate",
    "Let simulated listeners with known weights choose tracks, and write their choices as a log.",
    "simulate --data data/work/small --users 500 --steps 60",
  )
    .option("--data <dir>", "data folder: reads its tracks and graph, writes choices.parquet and choices_truth.json")
    .option("--users <number>", "listeners", numberOption("--users"), 500)
    .option("--steps <number>", "choices of each listener", numberOption("--steps"), 60)
    .option("--seed <number>", "seed of everything random", numberOption("--seed"), 42)
    .option("--weights <list>", "true weights where they differ, e.g. similarity=6,recency=3", weightList)
    .option(
      "--spread <share>",
      "standard deviation of the listeners' weights, as a share of each weight",
      numberOption("--spread"),
    )
    .option("--temperature <number>", "temperature of the choices", numberOption("--temperature"), 1)
    .option("--noise <share>", "share of listeners who choose at random", numberOption("--noise"), 0)
    .option("--neighbors <number>", "graph neighbours on offer at each step", numberOption("--neighbors"), 30)
    .option("--familiar <number>", "liked tracks on offer as well (default: 20)", numberOption("--familiar"))
    .option("--pause <hours>", "median pause between sessions, hours", numberOption("--pause"), 14)
    .option("--force", "run even when the log is up to date");
  return onRun<Options>(command, async (options) => {
    const { data, users, steps, seed, spread, temperature, noise, neighbors, familiar, pause, force } = options;
    if (data === undefined) {
      throw new InputError("Expected --data DIR, a data folder with tracks.parquet and graph.npz");
    }
    const weights = { ...DEFAULT_WEIGHTS, ...options.weights };
    const spreads = spread === undefined ? undefined : Object.fromEntries(
      Object.keys(DEFAULT_WEIGHTS).map((k) => [k, Math.abs(weights[k as keyof Weights]!) * spread]),
    );
    const stage = await simulateStage(data, {
      ...{ users, steps, seed, weights, temperature, noise, neighbors, familiar, force },
      spread: spreads,
      pauseHours: pause,
    });
    const out = join(data, "choices.parquet");
    const { listeners, choices, rows } = stage.facts;
    return {
      json: { out, truth: join(data, "choices_truth.json"), up_to_date: stage.upToDate, ...stage.facts },
      text: textTable([
        ["wrote", out],
        ["listeners", String(listeners)],
        ["choices", String(choices)],
        ["rows", String(rows)],
        ...Object.entries(weights).map(([name, value]) => [`true ${name}`, String(value)]),
      ]),
    };
  });
}

function weightList(text: string): Partial<Weights> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [name, value] = part.split("=").map((piece) => piece.trim());
      if (!(name in DEFAULT_WEIGHTS) || value === undefined) {
        const known = Object.keys(DEFAULT_WEIGHTS).join(", ");
        throw new InputError(`Expected --weights NAME=NUMBER,… with names of ${known} but found '${part}'`);
      }
      return [name, numberOption(`weight ${name}`)(value)];
    }),
  );
}
