/**
 * `segue world`: makes a synthetic world.
 *
 * @module
 */
import type { Command } from "commander";
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { writeListeningExport } from "../catalog/world/listening.ts";
import { readManifest } from "../storage/stages.ts";
import { InputError } from "../errors.ts";
import { WORLD_FORMS, type WorldForm } from "../catalog/world/forms.ts";
import { worldStage } from "../catalog/world/stage.ts";
import { defineCommand, numberOption, onRun, textTable } from "./shared.ts";

interface Options {
  tracks: number;
  seed: number;
  out: string;
  playlists?: number;
  form: string;
  listening?: boolean;
}

/** The command. */
export default function worldCommand(): Command {
  const command = defineCommand(
    "world",
    "Make a synthetic world: a catalogue with the statistics of real ones, and playlists in MPD's form.",
    "world --tracks 2000 --seed 42 --out data/work/small",
  )
    .option("--tracks <n>", "number of tracks, 100 or more", numberOption("--tracks"), 20000)
    .option("--seed <s>", "the same seed gives the same bytes", numberOption("--seed"), 42)
    .requiredOption("--out <dir>", "data folder to write to")
    .option(
      "--playlists <n>",
      "number of playlists (default: 2000 for 20000 tracks; 0 for none)",
      numberOption("--playlists"),
    )
    .option("--form <form>", `header of the raw CSV: ${WORLD_FORMS.join(", ")}`, "segue")
    .option("--listening", "also write one simulated listener's account export to <dir>/listening");
  return onRun<Options>(command, async ({ tracks, seed, out, playlists, form, listening }) => {
    if (!WORLD_FORMS.includes(form as WorldForm)) {
      throw new InputError(`Expected --form to be one of ${WORLD_FORMS.join(", ")} but found '${form}'`);
    }
    const world = await worldStage(out, { tracks, seed, playlists, form: form as WorldForm });
    if (listening) {
      writeListeningExport(join(out, "listening"), await readCatalog(join(out, "tracks.parquet")), { seed });
    }
    const ingest = readManifest(out).ingest;
    const facts = { ...world.facts, ingest: ingest?.facts };
    return {
      json: { directory: out, up_to_date: world.upToDate, ...facts },
      text: textTable([["", ""], ...Object.entries(world.facts).map(([name, value]) => [name, String(value)])])
        .trimStart(),
    };
  });
}
