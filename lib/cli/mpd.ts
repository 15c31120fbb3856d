/** `segue mpd`: slices of the Million Playlist Dataset as ordered interactions and a table of names. */
import { join } from "node:path";
import { distributedMpd } from "../spark/mpd.ts";
import { InputError } from "../data/errors.ts";
import { type MpdReport, readMpd } from "../sequence/read_mpd.ts";
import { ENGINE, onEngine } from "./engine.ts";
import { defineCommand, factRows, flag, number, required, textTable } from "./shared.ts";

export default defineCommand({
  name: "mpd",
  description: "Read slices of the Million Playlist Dataset into interactions.csv and track_names.parquet.",
  example: "mpd spotify_million_playlist_dataset.zip --out data/work/mpd",
  files: ["<files...>", "mpd.slice.*.json files, plain or .gz, or folders or the zip archive that hold them"],
  options: {
    out: required("<dir>", "folder to write to"),
    keepRepeats: flag("keep a track at every place it has in a playlist, not only at its first"),
    coOccurrence: number(
      "<k>",
      "with --engine, also write cooccurrence.npz: the k tracks that stand in most playlists with each track",
      { from: 1 },
    ),
    ...ENGINE,
  },
  run: async ({ out, keepRepeats, coOccurrence, ...choice }, files) => {
    if (coOccurrence !== undefined && choice.engine === undefined) {
      throw new InputError("Expected --co-occurrence with --engine spark only");
    }
    const { result: report, costs, told } = await onEngine(
      choice,
      (engine): Promise<MpdReport> =>
        engine
          ? distributedMpd(files, out, engine, { keepRepeats, companions: coOccurrence })
          : readMpd(files, out, { keepRepeats }),
    );
    const written = { interactions_file: join(out, "interactions.csv"), names_file: join(out, "track_names.parquet") };
    return { json: { ...written, ...report, ...costs }, text: describe(written, report) + told };
  },
});

function describe(written: Record<string, string>, report: MpdReport): string {
  const { damages, damaged, leftOut, ...counts } = report;
  const lines = [textTable([
    ...Object.values(written).map((file) => ["wrote", file]),
    ...factRows(counts),
    ["damaged", String(damaged)],
  ])];
  if (leftOut.length > 0) {
    const more = leftOut.length > 5 ? ", …" : "";
    lines.push(`left out, since they are no slices: ${leftOut.slice(0, 5).join(", ")}${more} (${leftOut.length})`);
  }
  for (const { file, offset, reason, pid, name } of damages) {
    const which = pid === undefined ? "" : `, playlist ${pid}${name ? ` "${name}"` : ""}`;
    lines.push(`${file}, byte ${offset}${which}: ${reason}`);
  }
  if (damaged > damages.length) lines.push(`… and ${damaged - damages.length} more`);
  return lines.join("\n");
}
