/** `segue simulate`: listeners with known weights choose tracks; their choices become a log to learn from. */
import { join } from "node:path";
import { simulateStage } from "../choice/simulate_stage.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../score/weights.ts";
import { defineCommand, factRows, FORCE, number, required, SEED, text, textTable } from "./shared.ts";
import { readWeightList } from "./shuffle_options.ts";

export default defineCommand({
  name: "simulate",
  description: "Let simulated listeners with known weights choose tracks, and write their choices as a log.",
  example: "simulate --data data/work/small --users 500 --steps 60",
  options: {
    data: required(
      "<dir>",
      "data folder: reads its tracks and graph, writes choices.parquet and choices_truth.json",
    ),
    users: number("<number>", "listeners", { from: 1, standard: 500 }),
    steps: number("<number>", "choices of each listener", { from: 1, standard: 60 }),
    seed: SEED,
    weights: text("<list>", "true weights where they differ, e.g. similarity=6,recency=3"),
    spread: number("<share>", "standard deviation of the listeners' weights, as a share of each weight", {
      real: true,
      from: 0,
    }),
    temperature: number("<number>", "temperature of the choices", { real: true, from: 1e-6, standard: 1 }),
    noise: number("<share>", "share of listeners who choose at random", { real: true, from: 0, to: 1, standard: 0 }),
    neighbors: number("<number>", "graph neighbours on offer at each step", { from: 1, to: 10_000, standard: 30 }),
    familiar: number("<number>", "liked tracks on offer as well (default: 20)", { from: 0 }),
    pause: number("<hours>", "median pause between sessions, hours", { real: true, from: 0, standard: 14 }),
    force: FORCE,
  },
  run: async ({ data, weights: list, spread, pause, ...options }) => {
    const weights = readWeightList(list ?? "", DEFAULT_WEIGHTS, Object.keys(DEFAULT_WEIGHTS));
    const spreads = spread === undefined ? undefined : Object.fromEntries(
      Object.keys(DEFAULT_WEIGHTS).map((k) => [k, Math.abs(weights[k as keyof Weights]!) * spread]),
    );
    const stage = await simulateStage(data, { ...options, weights, spread: spreads, pauseHours: pause });
    const out = join(data, "choices.parquet");
    const { listeners, choices, rows } = stage.facts;
    return {
      json: { out, truth: join(data, "choices_truth.json"), up_to_date: stage.upToDate, ...stage.facts },
      text: textTable([
        ["wrote", out],
        ...factRows({ listeners, choices, rows }),
        ...factRows(weights).map(([name, value]) => [`true ${name}`, value]),
      ]),
    };
  },
});
