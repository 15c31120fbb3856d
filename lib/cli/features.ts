/** `segue features`: encodes the catalogue of a data folder as numbers. */
import type { FeatureSpec, GroupWeights } from "../features/spec.ts";
import { featuresStage } from "../features/features_stage.ts";
import { ENGINE, onEngine } from "./engine.ts";
import { defineCommand, FORCE, number, pairs, readNumber, required, textTable } from "./shared.ts";

export default defineCommand({
  name: "features",
  description: "Encode tracks.parquet as numbers: writes X_raw.npy and features.json.",
  example: "features --data data/work/small --weight genre=0.5",
  options: {
    data: required("<dir>", "data folder with tracks.parquet"),
    weight: pairs(
      "<group=number>",
      "weight of a group of columns; repeat for several",
      "genre=0.5",
      (text, group) => readNumber(text, `weight ${group}`),
    ),
    maxGenres: number("<n>", "most genres that get a column", { from: 1 }),
    force: FORCE,
    ...ENGINE,
  },
  run: async ({ data, weight, maxGenres, force, ...choice }) => {
    const options = { weights: weight, maxGenres, force };
    const { result: report, costs, told } = await onEngine(choice, async (engine) => {
      const encode = engine && (await import("../spark/features.ts")).featuresOn(engine);
      return await featuresStage(data, options, encode);
    });
    const { tracks, columns, groups, weights, dropped } = report.facts as {
      tracks: number;
      columns: number;
      groups: Record<string, number>;
      weights: GroupWeights;
      dropped: FeatureSpec["dropped"];
    };
    const rows: (string | number)[][] = [
      ["group", "columns", "weight"],
      ...Object.entries(groups).map(([group, count]) => [group, count, weights[group as keyof GroupWeights]]),
    ];
    const notes = dropped.map(({ name, reason }) => `\ndropped ${name}: ${reason}`).join("");
    return {
      json: { ...report, data, ...costs },
      text: `${textTable(rows)}${notes}\n${data}/X_raw.npy: ${tracks} x ${columns}${told}`,
    };
  },
});
