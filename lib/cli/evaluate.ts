/** `segue evaluate`: the comparison of shuffles. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readWeights } from "../choice/weights_file.ts";
import { engineRunner } from "../spark/comparison.ts";
import { sessionExamples } from "../evaluation/examples.ts";
import { policyTable, writeComparison } from "../evaluation/files.ts";
import { type WeighedSequenceTerm, weighSequenceTerm } from "../hybrid/sequence_term.ts";
import { compareWith, summarize } from "../evaluation/summary.ts";
import { comparePolicies, type ComparisonOptions } from "../evaluation/comparison.ts";
import { formatInterval } from "../evaluation/findings.ts";
import { SMALL_SASREC } from "../prepare.ts";
import { sasrecStage } from "../sequence/sasrec_stage.ts";
import { type Collection, loadCollection } from "../score/collection.ts";
import { ENGINE, onEngine } from "./engine.ts";
import { defineCommand, negated, number, oneOf, required, SEED, text, textTable } from "./shared.ts";

export default defineCommand({
  name: "evaluate",
  description: "Play every shuffle to the same simulated listeners and compare them; writes tables",
  example: "evaluate --data data/work/small --listeners 96",
  options: {
    data: required("<dir>", "data folder with tracks, embedding, clusters and graph"),
    listeners: number("<n>", "simulated listeners; they go round 12 kinds", { from: 1, standard: 96 }),
    variants: number("<n>", "on how many of them Segue's variants are played (default: half)", { from: 1 }),
    librarySize: number("<n>", "tracks of a listener's library", { from: 20, standard: 300 }),
    seed: SEED,
    workers: number("<n>", "workers", { from: 1, to: 64, standard: 2 }),
    weights: text("<file>", "weights.json instead of what is learned from all simulated listeners at once"),
    sequence: negated("leave the sequence term out (default: SASRec, trained on the folder's playlists if need be)"),
    unit: oneOf(["listener", "session"], "what the bootstrap draws: listener or session", "listener"),
    out: text("<dir>", "where to write (default: evaluation/ in the data folder)"),
    ...ENGINE,
  },
  run: async (options) => {
    const { data, listeners, librarySize, seed, workers, unit, out = join(data, "evaluation") } = options;
    const learned = options.weights ? readWeights(options.weights) : undefined;
    const collection = await loadCollection(data);
    const { term, note } = options.sequence
      ? await findSequenceTerm(data, collection, seed)
      : { term: undefined, note: "Played without the sequence term, as --no-sequence says." };
    const rules: ComparisonOptions = {
      listeners,
      variantListeners: options.variants,
      librarySize,
      seed,
      workers,
      learned,
      sequence: term,
    };
    const { result: comparison, costs, told } = await onEngine(
      options,
      (engine) => comparePolicies(collection, { ...rules, runner: engine && engineRunner(engine, term) }),
    );
    const files = writeComparison(out, comparison, await sessionExamples(collection, { seed }), unit);
    const table = policyTable(comparison, undefined, unit);
    const columns = Object.keys(table[0]);
    const { policies, variantListeners, plays, seconds } = comparison;
    return {
      json: {
        listeners,
        variant_listeners: variantListeners,
        plays,
        policies: policies.filter(({ group }) => group === "main").map(({ name }) => name),
        variants: policies.filter(({ group }) => group === "variant").length,
        learned_weights: comparison.learned.pooled,
        tuned_temperature: comparison.tuned,
        sequence: comparison.sequence ?? null,
        unit,
        tournament_seconds: Number(seconds.toFixed(3)),
        summary: summarize(comparison, { unit }),
        against_vanilla: compareWith(comparison, "vanilla", { unit }),
        out,
        files,
        ...costs,
      },
      text: [
        textTable([columns, ...table.map((row) => columns.map((column) => row[column] ?? ""))]),
        "",
        `Mean over ${listeners} simulated listeners of ${plays} plays each ± half the 95 % bootstrap interval over ${unit}s.`,
        "Against vanilla on the same listeners: + better, − worse, = even (the interval of the difference holds 0).",
        note,
        `${seconds.toFixed(1)} s on ${workers} worker${workers === 1 ? "" : "s"}; wrote ${files.join(", ")} to ${out}`,
      ].join("\n") + told,
    };
  },
});

/** The sequence model of the folder, trained first where there are playlists and no model; and a sentence about it. */
async function findSequenceTerm(
  data: string,
  collection: Collection,
  seed: number,
): Promise<{ term?: WeighedSequenceTerm; note: string }> {
  const has = (name: string) => existsSync(join(data, name));
  if (!has("sasrec/model.json") && (has("interactions.csv") || has("playlists"))) {
    await sasrecStage(data, { ...SMALL_SASREC, seed });
  }
  const term = await weighSequenceTerm(data, collection, { seed });
  if (!term) {
    return {
      note: `Played without the sequence term: ${data} has no playlists that SASRec could learn from (segue mpd).`,
    };
  }
  const { weight, standardError, choices, gain, testChoices } = term.estimate!;
  const note = `Weight of the sequence term: ${weight.toFixed(3)} ± ${standardError.toFixed(3)}, estimated on the ` +
    `validation targets of ${choices} playlists; on ${testChoices} test targets it adds ${formatInterval(gain)} nats.`;
  return { term, note };
}
