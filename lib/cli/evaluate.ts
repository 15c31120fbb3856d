/**
 * `segue evaluate`: the tournament of shuffles.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { readWeights } from "../choice/weights_file.ts";
import { tellStories } from "../evaluation/examples.ts";
import { contestTable, writeTournament } from "../evaluation/files.ts";
import { loadSequenceTerm } from "../evaluation/sequence_term.ts";
import { compareWith, summarize } from "../evaluation/summary.ts";
import { runTournament } from "../evaluation/tournament.ts";
import { loadShuffleWorld } from "../shuffle/world.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  data: string;
  listeners: number;
  variants?: number;
  librarySize: number;
  seed: number;
  workers: number;
  weights?: string;
  out?: string;
}

/**
 * Defines the command.
 *
 * @returns The command.
 */
export default function evaluateCommand(): Command {
  const command = defineCommand(
    "evaluate",
    "Play every shuffle to the same simulated listeners and compare them; writes tables",
    "evaluate --data data/work/small --listeners 96",
  )
    .requiredOption("--data <dir>", "data folder with tracks, embedding, clusters and graph")
    .option("--listeners <n>", "simulated listeners; they go round 12 kinds", numberOption("--listeners"), 96)
    .option(
      "--variants <n>",
      "on how many of them Segue's variants are played (default: half)",
      numberOption("--variants"),
    )
    .option("--library-size <n>", "tracks of a listener's library", numberOption("--library-size"), 300)
    .option("--seed <n>", "seed of everything random", numberOption("--seed"), 42)
    .option("--workers <n>", "workers", numberOption("--workers"), 2)
    .option("--weights <file>", "learned weights (default: learned from simulated choices)")
    .option("--out <dir>", "where to write (default: evaluation/ in the data folder)");
  return onRun<Options>(command, async (options) => {
    const { data, listeners, librarySize, seed, workers, out = join(data, "evaluation") } = options;
    const learned = options.weights ? readWeights(options.weights) : undefined;
    const world = await loadShuffleWorld(data);
    const tournament = await runTournament(world, {
      listeners,
      variantListeners: options.variants,
      librarySize,
      seed,
      workers,
      learned,
      sequence: await loadSequenceTerm(data),
    });
    const files = writeTournament(out, tournament, tellStories(world, { seed }));
    const table = contestTable(tournament);
    const columns = Object.keys(table[0]);
    const { policies, variantListeners, plays, seconds } = tournament;
    return {
      json: {
        listeners,
        variant_listeners: variantListeners,
        plays,
        policies: policies.filter(({ group }) => group === "contest").map(({ name }) => name),
        variants: policies.filter(({ group }) => group === "variant").length,
        learned_weights: tournament.learned,
        tournament_seconds: Number(seconds.toFixed(3)),
        summary: summarize(tournament),
        against_vanilla: compareWith(tournament),
        out,
        files,
      },
      text: [
        textTable([columns, ...table.map((row) => columns.map((column) => row[column] ?? ""))]),
        "",
        `Mean over ${listeners} simulated listeners of ${plays} plays each ± half the 95 % bootstrap interval.`,
        "Against vanilla on the same listeners: + better, − worse, = even (the interval of the difference holds 0).",
        `${seconds.toFixed(1)} s on ${workers} worker${workers === 1 ? "" : "s"}; wrote ${files.join(", ")} to ${out}`,
      ].join("\n"),
    };
  });
}
