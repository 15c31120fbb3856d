/**
 * `segue mpd`: slices of the Million Playlist Dataset as ordered interactions and a table of names.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { distributedMpd } from "../distributed/mpd.ts";
import { InputError } from "../errors.ts";
import { type MpdReport, readMpd } from "../sequence/mpd.ts";
import { describeCosts, type EngineChoice, onEngine, withEngine } from "./engine.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options extends EngineChoice {
  out: string;
  keepRepeats?: boolean;
  coOccurrence?: number;
}

/** @returns The command. */
export default function mpd(): Command {
  const command = defineCommand(
    "mpd",
    "Read slices of the Million Playlist Dataset into interactions.csv and track_names.parquet.",
    "mpd data/raw/mpd/mpd.slice.*.json --out data/work/mpd",
  )
    .argument("<files...>", "mpd.slice.*.json files, or folders that hold them")
    .requiredOption("--out <dir>", "folder to write to")
    .option("--keep-repeats", "keep a track at every place it has in a playlist, not only at its first")
    .option(
      "--co-occurrence <k>",
      "with --engine, also write cooccurrence.npz: the k tracks that stand in most playlists with each track",
      numberOption("--co-occurrence"),
    );
  return onRun<Options>(withEngine(command), async ({ out, keepRepeats, coOccurrence, ...choice }, files) => {
    if (coOccurrence !== undefined && choice.engine === undefined) {
      throw new InputError("Expected --co-occurrence with --engine only; --engine local needs nothing installed");
    }
    const on = await onEngine(choice, (engine) => {
      return distributedMpd(files, out, engine, { keepRepeats, companions: coOccurrence });
    });
    const report = on?.result ?? await readMpd(files, out, { keepRepeats });
    const written = { interactions_file: join(out, "interactions.csv"), names_file: join(out, "track_names.parquet") };
    const text = describe(written, report);
    return { json: { ...written, ...report, ...on?.costs }, text: on ? `${text}\n${describeCosts(on.costs)}` : text };
  });
}

function describe(written: Record<string, string>, report: MpdReport): string {
  const { damages, damaged, ...counts } = report;
  const lines = [textTable([
    ...Object.values(written).map((file) => ["wrote", file]),
    ...Object.entries(counts).map(([name, value]) => [name, String(value)]),
    ["damaged", String(damaged)],
  ])];
  for (const { file, offset, reason, pid, name } of damages) {
    const which = pid === undefined ? "" : `, playlist ${pid}${name ? ` "${name}"` : ""}`;
    lines.push(`${file}, byte ${offset}${which}: ${reason}`);
  }
  if (damaged > damages.length) lines.push(`… and ${damaged - damages.length} more`);
  return lines.join("\n");
}
