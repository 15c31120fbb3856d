/** `segue choices`: a choice log from real histories, to learn one's own weights from. */
import { basename } from "node:path";
import { historyChoices, type ListenerHistory } from "../choice/history_choices.ts";
import { writeChoices, writeSkips } from "../choice/write_choices.ts";
import { readLibrary } from "../listening/library.ts";
import { loadCollection } from "../score/collection.ts";
import { readState } from "./listener.ts";
import { defineCommand, number, required, SEED, text, texts, textTable } from "./shared.ts";

export default defineCommand({
  name: "choices",
  description: "Build choice sets from real histories: the next play against sampled tracks of the listener's library.",
  example: "choices state.json --data data/work/small --out my_choices.parquet\n" +
    "  $ deno task segue train-choice-model --logs my_choices.parquet --out weights.json",
  files: ["<histories...>", "one a listener: what segue history wrote, or a file that it reads"],
  options: {
    data: required("<dir>", "data folder with the tracks"),
    liked: texts("<file>", "tracks the listener likes beyond those played; data/README.md lists the forms"),
    out: required("<file>", "Parquet file to write"),
    skips: text("<file>", "Parquet file for the second outcome: whether the track that came next was kept or skipped"),
    near: number("<number>", "rows of a set drawn from the 50 most similar tracks", { from: 1, standard: 20 }),
    far: number("<number>", "rows of a set drawn from the rest of the library", { from: 1, standard: 20 }),
    gap: number("<hours>", "longest time between starts within a session, hours", {
      real: true,
      from: 0,
      standard: 0.5,
    }),
    seed: SEED,
  },
  run: async ({ data, liked: likedFiles, out, skips, near, far, gap, seed }, files) => {
    const collection = await loadCollection(data);
    const library = likedFiles && readLibrary(collection, likedFiles);
    for (const note of library?.notes ?? []) console.error(`segue: ${note}`);
    const histories = files.map((path): ListenerHistory => ({
      user: basename(path),
      state: readState(collection, [path]),
      liked: library?.tracks ?? [],
    }));
    const built = await historyChoices(collection, histories, { near, far, sessionGap: gap, seed });
    if (skips !== undefined) await writeSkips(skips, built);
    await writeChoices(out, collection, built);
    const facts = {
      listeners: histories.length,
      choices: built.steps.length,
      rows: built.tracks.length,
      left_out: built.leftOut,
      streams: built.streams.length,
      skipped: built.streams.filter(({ skipped }) => skipped).length,
    };
    return {
      json: { out, skips: skips ?? null, ...facts },
      text: textTable([
        ["wrote", out],
        ...Object.entries(facts).map(([name, n]) => [name.replace("_", " "), String(n)]),
      ]),
    };
  },
});
