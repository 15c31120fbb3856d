/** `segue world`: makes a synthetic world. */
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { writeListeningExport } from "../listening/account_export.ts";
import { readManifest } from "../data/stages.ts";
import { FORMS } from "../catalog/forms.ts";
import { worldStage } from "../catalog/synthetic/world_stage.ts";
import { defineCommand, factRows, flag, number, oneOf, required, seed, textTable } from "./shared.ts";

const NAMES = FORMS.map(({ name }) => name);

export default defineCommand({
  name: "world",
  description: "Make a synthetic world: a catalogue with the statistics of real ones, and playlists in MPD's form.",
  example: "world --tracks 2000 --seed 42 --out data/work/small",
  options: {
    tracks: number("<n>", "number of tracks, 100 or more", { from: 100, to: 20_000_000, standard: 20000 }),
    seed: seed("the same seed gives the same bytes"),
    out: required("<dir>", "data folder to write to"),
    playlists: number("<n>", "number of playlists (default: 2000 for 20000 tracks; 0 for none)", { from: 0 }),
    form: oneOf(NAMES, `form of the raw CSV: ${NAMES.join(", ")}`, "segue"),
    listening: flag("also write one simulated listener's account export to <dir>/listening"),
  },
  run: async ({ tracks, seed, out, playlists, form, listening }) => {
    const world = await worldStage(out, { tracks, seed, playlists, form });
    if (listening) {
      writeListeningExport(join(out, "listening"), await readCatalog(join(out, "tracks.parquet")), { seed });
    }
    const ingest = readManifest(out).ingest;
    const facts = { ...world.facts, ingest: ingest?.facts };
    return {
      json: { directory: out, up_to_date: world.upToDate, ...facts },
      text: textTable(factRows(world.facts)),
    };
  },
});
