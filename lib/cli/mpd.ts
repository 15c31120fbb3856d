/**
 * `segue mpd`: slices of the Million Playlist Dataset as ordered interactions and a table of names.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { type MpdReport, readMpd } from "../sequence/mpd.ts";
import { defineCommand, onRun, textTable } from "./shared.ts";

interface Options {
  out: string;
  keepRepeats?: boolean;
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
    .option("--keep-repeats", "keep a track at every place it has in a playlist, not only at its first");
  return onRun<Options>(command, async ({ out, keepRepeats }, files) => {
    const report = await readMpd(files, out, { keepRepeats });
    const written = { interactions_file: join(out, "interactions.csv"), names_file: join(out, "track_names.parquet") };
    return { json: { ...written, ...report }, text: describe(written, report) };
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
