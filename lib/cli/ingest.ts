/** `segue ingest`: catalogue files of any known form into `tracks.parquet` and `rejects.csv`. */
import { groups } from "d3-array";
import { FORMS } from "../catalog/forms.ts";
import { ingestStage } from "../catalog/ingest.ts";
import type { IngestAccount } from "../catalog/sql_ingest.ts";
import { defineCommand, FORCE, number, oneOf, pairs, required, seed, textTable } from "./shared.ts";

export default defineCommand({
  name: "ingest",
  description:
    "Read catalogue files (tables in text, Parquet, gzip, zip), clean them, write tracks.parquet and rejects.csv. Forms: " +
    `${FORMS.map(({ name }) => name).join(", ")}; any other table by its column names or --map.`,
  example: "ingest spotify_songs.csv.gz --out data/work/mine",
  files: ["<files...>", "catalogue files"],
  options: {
    out: required("<dir>", "data folder to write to"),
    map: pairs(
      "<canonical=column>",
      "name the column of a canonical column, or none to leave it out; repeat for several",
      "energy=Energy",
      (text) => text,
    ),
    tracks: number("<n>", "keep a seeded sample of that many tracks", { from: 1 }),
    seed: seed("seed of the sample"),
    onMissing: oneOf(
      ["impute", "drop"],
      "rows with tempo 0, time signature 0 or year 0: impute or drop",
      "impute",
    ),
    force: FORCE,
  },
  run: async ({ out, ...options }, files) => {
    const report = await ingestStage(out, { ...options, files });
    const account = report.facts as unknown as IngestAccount;
    return { json: { ...report, out }, text: accountText(account, out) };
  },
});

function accountText(account: IngestAccount, out: string): string {
  const { files, leftOut, reasons, odd, credits, duplicates, imputed, works } = account;
  const rows: (string | number)[][] = [
    ["what", "rows", ""],
    ...files.map(({ file, form, rows, written, blankLines, ignored }) => [
      `in: ${file}`,
      rows,
      `form ${form}` + (written === "" ? "" : `, ${written}`) +
      (blankLines > 0 ? `, ${blankLines} blank lines besides` : "") +
      (ignored.length > 0 ? `, not used: ${ignored.join(", ")}` : ""),
    ]),
    ...files.flatMap(({ readings }) => readTexts(readings).map((text) => ["  read", "", text])),
    ...leftOut.map(({ file, reason }) => [`left out: ${file}`, "", reason]),
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
    ...(credits.separated > 0 ? [["credits of several artists", credits.separated, "taken apart"]] : []),
    ...(credits.inDoubt > 0
      ? [[
        "credits in doubt",
        credits.inDoubt,
        `left whole, for no part stands alone elsewhere: ${credits.examples.join("; ")}`,
      ]]
      : []),
    ["out", account.out, `${out}/tracks.parquet`],
    ...Object.entries(imputed).map(([name, count]) => [`  imputed ${name}`, count]),
    ...Object.entries(odd).map((
      [what, { count, example }],
    ) => [`  odd values left out, ${what}`, count, `such as ${example}`]),
    ["  key unknown", account.keyUnknown],
    ["  takes of works with several", works.tracks, `${works.several} works, at most ${works.largest} takes`],
  ];
  const left = account.notSampled > 0 ? ` + ${account.notSampled} not sampled` : "";
  return `${textTable(rows)}\n${account.rowsIn} in = ${account.out} out + ${account.merged} merged + ` +
    `${account.rejected} rejected${left}`;
}

/** Columns that are read in one way, in one line. */
function readTexts(readings: readonly string[]): string[] {
  const split = readings.map((reading) => reading.split(/: (?=[^:]*$)/));
  return groups(split, ([, way]) => way).map(([way, columns]) => `${columns.map(([name]) => name).join(", ")}: ${way}`);
}
