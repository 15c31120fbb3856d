/** `segue train-sasrec`: the sequence model of a data folder. */
import { join } from "node:path";
import { compareWithSimple } from "../hybrid/compare.ts";
import type { MetricEstimate } from "../sequence/ranking.ts";
import { formatEstimate, resultTable } from "../sequence/report.ts";
import { sasrecStage } from "../sequence/sasrec_stage.ts";
import { defineCommand, factRows, flag, FORCE, number, oneOf, required, SEED, text, textTable } from "./shared.ts";

export default defineCommand({
  name: "train-sasrec",
  description: "Train SASRec on interactions.csv (or playlists/) of a data folder and measure it on held-out tracks.",
  example: "train-sasrec --data data/work/mpd --epochs 5",
  options: {
    data: required("<dir>", "data folder; the model is written to its sasrec/"),
    interactions: text(
      "<file>",
      "train on this file of user_id,track_id,timestamp instead of the folder's; also MovieLens' ratings.csv, " +
        "ratings.dat and u.data, RecBole's .inter, YOOCHOOSE's clicks, pairs 'user item'; plain or .gz",
    ),
    columns: text(
      "<list>",
      "which columns of --interactions are user, track and time, by name or number: 1,3,2; or what each column is: " +
        "user,timestamp,track,-",
    ),
    names: text(
      "<file>",
      "names of the tracks (default: MovieLens' movies.csv, movies.dat or u.item beside --interactions)",
    ),
    compare: flag("also rank the test targets by popularity, Markov chain, item-kNN and the hybrid"),
    epochs: number("<number>", "passes over the data (default: 5, or as many as 2000 steps take)", { from: 1 }),
    minSteps: number("<number>", "fewest optimiser steps when --epochs is not given", { from: 0 }),
    maxSteps: number("<number>", "most optimiser steps", { from: 1 }),
    dimensions: number("<number>", "width of embeddings and hidden states (default: 64)", { from: 4, to: 4096 }),
    blocks: number("<number>", "attention blocks (default: 2)", { from: 1, to: 64 }),
    heads: number("<number>", "attention heads of a block (default: 2)", { from: 1, to: 64 }),
    window: number("<number>", "tracks that the model looks back on (default: 50; 200 is usual for MovieLens)", {
      from: 2,
      to: 4096,
    }),
    batchSize: number("<number>", "windows of a batch (default: 128)", { from: 1 }),
    learningRate: number("<number>", "Adam's learning rate (default: 0.002)", { real: true, from: 1e-9, to: 10 }),
    dropout: number("<number>", "share of values dropped (default: 0.2)", { real: true, from: 0, to: 0.95 }),
    loss: oneOf(
      ["softmax", "sampled", "binary"],
      "softmax, sampled or binary (default: softmax up to 100,000 tracks, else sampled)",
    ),
    minCount: number("<number>", "fewest occurrences of a track in the training part (default: 5)", { from: 1 }),
    minLength: number("<number>", "fewest such tracks of a playlist (default: 5; at least 3)", { from: 1 }),
    patience: number("<number>", "evaluations without a better NDCG before it stops (default: 5)", { from: 1 }),
    seed: SEED,
    resume: flag("go on from the checkpoint of a run that was cut off"),
    force: FORCE,
  },
  run: async ({ data, compare, minCount, minLength, minSteps, maxSteps, ...given }) => {
    const named = { minimumCount: minCount, minimumLength: minLength, minimumSteps: minSteps, maximumSteps: maxSteps };
    const report = await sasrecStage(data, { ...given, ...named });
    const { curve, test, ...facts } = report.facts as { curve: unknown; test: Record<string, MetricEstimate | number> };
    const model = join(data, "sasrec");
    const { interactions, columns, seed } = given;
    const table = compare ? resultTable(await compareWithSimple(data, { interactions, columns, seed, ...named })) : [];
    const json = { model, up_to_date: report.upToDate, ...facts, curve, test, ...(compare ? { compared: table } : {}) };
    const metrics = Object.entries(test).map(([name, value]) => [name, describe(value)]);
    const told = textTable([["wrote", model], ...factRows(facts), ...metrics]);
    return { json, text: compare ? `${told}\n\n${comparison(table)}` : told };
  },
});

/** Recall and NDCG of the models. */
function comparison(rows: ReturnType<typeof resultTable>): string {
  const shown = Object.keys(rows[0]).filter((column) => /^(model|Recall|NDCG)/.test(column));
  return textTable([shown, ...rows.map((row) => shown.map((column) => row[column]))]);
}

function describe(value: MetricEstimate | number): string {
  return typeof value === "number" ? value.toFixed(4) : formatEstimate(value);
}
