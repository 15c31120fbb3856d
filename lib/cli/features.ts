/**
 * `segue features`: encodes the catalogue of a data folder as numbers.
 *
 * @module
 */
import type { Command } from "commander";
import { InputError } from "../errors.ts";
import type { FeatureSpec, GroupWeights } from "../features/spec.ts";
import { featuresStage } from "../features/stage.ts";
import { describeCosts, type EngineChoice, onEngine, withEngine } from "./engine.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options extends EngineChoice {
  data: string;
  weight?: Partial<GroupWeights>;
  maxGenres?: number;
  force?: boolean;
}

/**
 * The command.
 *
 * @returns A commander command.
 */
export default function featuresCommand(): Command {
  const command = defineCommand(
    "features",
    "Encode tracks.parquet as numbers: writes X_raw.npy and features.json.",
    "features --data data/work/small --weight genre=0.5",
  )
    .requiredOption("--data <dir>", "data folder with tracks.parquet")
    .option("--weight <group=w>", "weight of a group of columns; repeat for several", addWeight)
    .option("--max-genres <n>", "most genres that get a column", numberOption("max-genres"))
    .option("--force", "run even when the output is up to date");
  return onRun<Options>(withEngine(command), async ({ data, weight, maxGenres, force, ...choice }) => {
    const options = { weights: weight, maxGenres, force };
    const on = await onEngine(choice, async (engine) => {
      const { featuresOn } = await import("../distributed/features.ts");
      return await featuresStage(data, options, featuresOn(engine));
    });
    const report = on?.result ?? await featuresStage(data, options);
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
    const costs = on ? `\n${describeCosts(on.costs)}` : "";
    return {
      json: { ...report, data, ...on?.costs },
      text: `${textTable(rows)}${notes}\n${data}/X_raw.npy: ${tracks} x ${columns}${costs}`,
    };
  });
}

function addWeight(text: string, weights: Record<string, number> = {}): Record<string, number> {
  const at = text.indexOf("=");
  if (at < 1) throw new InputError(`--weight ${text}: expected group=number, as in --weight genre=0.5`);
  return { ...weights, [text.slice(0, at)]: numberOption(`weight ${text.slice(0, at)}`)(text.slice(at + 1)) };
}
