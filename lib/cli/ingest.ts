/**
 * `segue ingest`: catalogue files of any known form into `tracks.parquet` and `rejects.csv`.
 *
 * @module
 */
import type { Command } from "commander";
import { type IngestAccount, ingestStage } from "../catalog/ingest.ts";
import { InputError } from "../errors.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  out: string;
  map?: Record<string, string>;
  tracks?: number;
  seed: number;
  onMissing: "impute" | "drop";
  force?: boolean;
}

/**
 * The command.
 *
 * @returns A commander command.
 */
export default function ingestCommand(): Command {
  const command = defineCommand(
    "ingest",
    "Read catalogue files (CSV, CSV.gz, Parquet; any known form), clean them, write tracks.parquet and rejects.csv.",
    "ingest spotify_songs.csv.gz --out data/work/mine",
  )
    .argument("<files...>", "catalogue files")
    .requiredOption("--out <dir>", "data folder to write to")
    .option("--map <canonical=column>", "name the column of a canonical column; repeat for several", addMapping)
    .option("--tracks <n>", "keep a seeded sample of that many tracks", numberOption("tracks"))
    .option("--seed <n>", "seed of the sample", numberOption("seed"), 42)
    .option("--on-missing <rule>", "rows with tempo 0, time signature 0 or year 0: impute or drop", "impute")
    .option("--force", "run even when the output is up to date");
  return onRun<Options>(command, async ({ out, ...options }, files) => {
    const report = await ingestStage(out, { ...options, files });
    const account = report.facts as unknown as IngestAccount;
    return { json: { ...report, out }, text: accountText(account, out) };
  });
}

function addMapping(text: string, map: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InputError(`--map ${text}: expected canonical=column, as in --map energy=Energy`);
  return { ...map, [text.slice(0, at)]: text.slice(at + 1) };
}

function accountText(account: IngestAccount, out: string): string {
  const { files, reasons, duplicates, imputed, works } = account;
  const rows: (string | number)[][] = [
    ["what", "rows", ""],
    ...files.map(({ file, form, rows, blankLines, ignored }) => [
      `in: ${file}`,
      rows,
      `form ${form}` + (blankLines > 0 ? `, ${blankLines} blank lines besides` : "") +
      (ignored.length > 0 ? `, not used: ${ignored.join(", ")}` : ""),
    ]),
    ["rejected", account.rejected, account.rejected > 0 ? `each one in ${out}/rejects.csv` : ""],
    ...Object.entries(reasons).map(([reason, count]) => [`  ${reason}`, count]),
    [
      "merged",
      account.merged,
      duplicates.ids > 0
        ? `${duplicates.ids} ids stood in several rows; popularity differed in ${duplicates.popularityConflicts}, ` +
          `audio features in ${duplicates.featureConflicts}`
        : "",
    ],
    ...(account.notSampled > 0 ? [["not sampled", account.notSampled]] : []),
    ["out", account.out, `${out}/tracks.parquet`],
    ...Object.entries(imputed).map(([name, count]) => [`  imputed ${name}`, count]),
    ["  key unknown", account.keyUnknown],
    ["  takes of works with several", works.tracks, `${works.several} works, at most ${works.largest} takes`],
  ];
  const left = account.notSampled > 0 ? ` + ${account.notSampled} not sampled` : "";
  return `${textTable(rows)}\n${account.rowsIn} in = ${account.out} out + ${account.merged} merged + ` +
    `${account.rejected} rejected${left}`;
}
