/**
 * `segue train-sasrec`: the sequence model of a data folder.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { InputError } from "../errors.ts";
import type { MetricEstimate, NextTrackResult } from "../sequence/ranking.ts";
import { resultTable } from "../sequence/report.ts";
import { compareWithSimple, sasrecStage, type SasrecStageOptions } from "../sequence/stage.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

type Options =
  & { data: string; compare?: boolean; minCount?: number; minLength?: number; minSteps?: number; maxSteps?: number }
  & Omit<
    SasrecStageOptions,
    "minimumCount" | "minimumLength"
  >;

/** @returns The command. */
export default function trainSasrecCommand(): Command {
  const number = (name: string) => numberOption(`--${name}`);
  const command = defineCommand(
    "train-sasrec",
    "Train SASRec on interactions.csv (or playlists/) of a data folder and measure it on held-out tracks.",
    "train-sasrec --data data/work/mpd --epochs 5",
  )
    .requiredOption("--data <dir>", "data folder; the model is written to its sasrec/")
    .option(
      "--interactions <file>",
      "train on this file of user_id,track_id,timestamp instead of the folder's; also MovieLens' ratings.csv, " +
        "ratings.dat and u.data, RecBole's .inter, pairs 'user item'; plain or .gz",
    )
    .option(
      "--names <file>",
      "names of the tracks (default: MovieLens' movies.csv, movies.dat or u.item beside --interactions)",
    )
    .option("--compare", "also rank the test targets by popularity, Markov chain, item-kNN and the hybrid")
    .option("--epochs <number>", "passes over the data (default: 5, or as many as 2000 steps take)", number("epochs"))
    .option("--min-steps <number>", "fewest optimiser steps when --epochs is not given", number("min-steps"))
    .option("--max-steps <number>", "most optimiser steps", number("max-steps"))
    .option("--dimensions <number>", "width of embeddings and hidden states (default: 64)", number("dimensions"))
    .option("--blocks <number>", "attention blocks (default: 2)", number("blocks"))
    .option("--heads <number>", "attention heads of a block (default: 2)", number("heads"))
    .option(
      "--window <number>",
      "tracks that the model looks back on (default: 50; 200 is usual for MovieLens)",
      number("window"),
    )
    .option("--batch-size <number>", "windows of a batch (default: 128)", number("batch-size"))
    .option("--learning-rate <number>", "Adam's learning rate (default: 0.002)", number("learning-rate"))
    .option("--dropout <number>", "share of values dropped (default: 0.2)", number("dropout"))
    .option("--loss <name>", "softmax, sampled or binary (default: softmax up to 100,000 tracks, else sampled)")
    .option(
      "--min-count <number>",
      "fewest occurrences of a track in the training part (default: 5)",
      number("min-count"),
    )
    .option("--min-length <number>", "fewest such tracks of a playlist (default: 5)", number("min-length"))
    .option("--patience <number>", "evaluations without a better NDCG before it stops (default: 5)", number("patience"))
    .option("--seed <number>", "seed of everything random", number("seed"), 42)
    .option("--resume", "go on from the checkpoint of a run that was cut off")
    .option("--force", "train even when the model is up to date");
  return onRun<Options>(command, async (options) => {
    const { data, compare, minCount, minLength, minSteps, maxSteps, ...rest } = options;
    const { json: _, ...given } = rest as typeof rest & { json?: boolean };
    if (given.loss && !["softmax", "sampled", "binary"].includes(given.loss)) {
      throw new InputError(`Expected --loss to be softmax, sampled or binary but found '${given.loss}'`);
    }
    const named = { minimumCount: minCount, minimumLength: minLength, minimumSteps: minSteps, maximumSteps: maxSteps };
    const report = await sasrecStage(data, { ...given, ...named });
    const { curve, test, ...facts } = report.facts as { curve: unknown; test: Record<string, MetricEstimate | number> };
    const model = join(data, "sasrec");
    const { interactions, seed } = given;
    const results = compare ? await compareWithSimple(data, { interactions, seed, ...named }) : [];
    const table = resultTable(results);
    const json = { model, up_to_date: report.upToDate, ...facts, curve, test, ...(compare ? { compared: table } : {}) };
    const metrics = Object.entries(test).map(([name, value]) => [name, describe(value)]);
    const lines = Object.entries(facts).map(([name, value]) => [name, String(value)]);
    const text = textTable([["wrote", model], ...lines, ...metrics]);
    return { json, text: compare ? `${text}\n\n${comparison(results)}` : text };
  });
}

/** The models with recall and NDCG, the best first. */
function comparison(results: NextTrackResult[]): string {
  const best = [...results].sort((a, b) => b.recall.value - a.recall.value);
  const rows = best.map(({ name, recall, ndcg }) => [name, describe(recall), describe(ndcg)]);
  return textTable([["model", `Recall@${best[0].k}`, `NDCG@${best[0].k}`], ...rows]);
}

function describe(value: MetricEstimate | number): string {
  if (typeof value === "number") return value.toFixed(4);
  return `${value.value.toFixed(4)}  [${value.lower.toFixed(4)}, ${value.upper.toFixed(4)}]`;
}
