/** `segue history`: what a listener has played, from the exports of the services. */
import { join } from "node:path";
import { readCatalog } from "../catalog/catalog.ts";
import { writeListeningExport } from "../listening/account_export.ts";
import { InputError } from "../data/errors.ts";
import { applyHistory, HISTORY_FORMS, readHistory } from "../listening/history.ts";
import { UserState } from "../score/state.ts";
import { loadCollection, shuffleColumns } from "../score/collection.ts";
import { TERMS } from "../score/terms/registry.ts";
import { writeAtomic } from "../data/atomic.ts";
import { defineCommand, flag, oneOf, required, seed, text, textTable } from "./shared.ts";

export default defineCommand({
  name: "history",
  description: `Read a listening history: ${HISTORY_FORMS.map(({ title }) => title).join(", ")}.`,
  example: "history my_spotify_data.zip --data data/work/small --out state.json",
  files: ["[files...]", "files, folders or zip archives"],
  options: {
    data: required("<dir>", "data folder whose tracks are looked for"),
    dates: oneOf(["dmy", "mdy"], "what stands first in dates such as 04/03/2021, where the file itself does not tell"),
    out: text("<file>", "write the listener's state, for segue shuffle --history"),
    simulate: flag("first write the account export of a simulated listener to DIR/listening, and read that"),
    seed: seed("seed of the simulated listener"),
  },
  run: async ({ data, dates, out, simulate, seed }, files) => {
    if (files.length > 0 === Boolean(simulate)) throw new InputError("Expected either files to read or --simulate");
    if (simulate) {
      const folder = join(data, "listening");
      files = writeListeningExport(folder, await readCatalog(join(data, "tracks.parquet")), { seed }).files
        .filter((file) => !file.endsWith("YourLibrary.json"));
    }
    const state = new UserState(await loadCollection(data, shuffleColumns(TERMS)));
    const read = readHistory(files, { dates });
    const report = applyHistory(state, read);
    if (out !== undefined) writeAtomic(out, JSON.stringify(state) + "\n");
    const { notMusic, undated, leftOut } = read;
    const { matchedBy, period, mostUnmatched, doubles } = report;
    return {
      json: { files: read.files, leftOut, notMusic, undated, ...report, out },
      text: [
        textTable([
          ["file", "form", "entries", "read as"],
          ...read.files.map((f) => [f.path, f.form, f.entries, f.notes]),
          ...leftOut.map(({ path, reason }) => [path, "left out", 0, reason]),
        ]),
        "",
        textTable([
          ["plays", report.plays],
          ["of them of unknown length", report.unknown],
          ["skips", report.skips],
          ["different tracks", report.tracks],
          ["found by id", matchedBy.id],
          ["found by title and artist", matchedBy.title],
          ["found as another take", matchedBy.work],
          ["not in the catalogue", report.unmatched],
          ["not music", notMusic],
          ["without a time", undated],
          ["doubles: in two files", doubles.acrossFiles],
          ["doubles: same offline time", doubles.offline],
          ["doubles: overlapping", doubles.overlapping],
        ]),
        `from ${period?.[0] ?? "–"} to ${period?.[1] ?? "–"}`,
        ...(mostUnmatched.length === 0 ? [] : [
          "",
          textTable([
            ["not in the catalogue", "entries"],
            ...mostUnmatched.map(({ title, artist, entries }) => [`${title} by ${artist}`, entries]),
          ]),
        ]),
        ...(out === undefined ? [] : ["", `wrote ${out} with ${state.eventCount} events`]),
      ].join("\n"),
    };
  },
});
