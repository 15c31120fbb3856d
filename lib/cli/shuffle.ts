/** `segue shuffle`: a playlist that walks the song graph. */
import { sum } from "d3-array";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { trackName } from "../catalog/find.ts";
import { InputError } from "../data/errors.ts";
import { formatPlaylist, PLAYLIST_FORMATS, type PlaylistRow, playlistRows, readRecipe } from "../score/playlist.ts";
import { durationOf, Session } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import { loadCollection, restrictCollection, shuffleColumns } from "../score/collection.ts";
import { TERMS } from "../score/terms/registry.ts";
import { writeAtomic } from "../data/atomic.ts";
import { shorten } from "../plots/theme.ts";
import { type CommandResult, DATA, defineCommand, flag, oneOf, text, textTable } from "./shared.ts";
import { RECIPE, sessionOptions, type ShuffleRecipe } from "./shuffle_options.ts";

export default defineCommand({
  name: "shuffle",
  description: "Make a playlist: a walk on the song graph that remembers what was played.",
  example: 'shuffle --data data/work/small --from "Title" -n 15 --seed 7 --format m3u8 --out walk.m3u8\n' +
    "  $ deno task segue shuffle --data data/work/small --by album -n 30\n" +
    "  $ deno task segue shuffle --data data/work/small --after walk.m3u8 --exclude-words live,remix,christmas\n" +
    "  $ deno task segue shuffle --data data/work/small --ratings stars.csv",
  options: {
    data: DATA,
    ...RECIPE,
    format: oneOf(["table", ...PLAYLIST_FORMATS], `table, ${PLAYLIST_FORMATS.join(", ")}`, "table"),
    out: text("<file>", "file to write the playlist to (default: print it)"),
    again: text("<file>", "make the playlist of this JSON, M3U8 or JSPF file again; other options go over it"),
    explain: flag("print why each track was chosen"),
    save: text("<file>", "write the listener's state after the session, for --history"),
  },
  run: async ({ data, format, out, again, explain, save, ...given }, _, isWritten) => {
    const written = Object.entries(given).filter(([name]) => isWritten(name as keyof typeof given));
    const recipe = again === undefined
      ? given
      : { ...listsIn(readRecipe(again)), ...Object.fromEntries(written) } as ShuffleRecipe;
    const whole = await loadCollection(data, shuffleColumns(TERMS));
    // The code that reads libraries and histories is loaded only when it is needed.
    const read = async (files: string[] | undefined) =>
      files === undefined
        ? undefined
        : (await load<typeof import("../listening/library.ts")>("../listening/library.ts")).readLibrary(whole, files);
    const library = await read(recipe.liked);
    const before = await read(recipe.after);
    const ratings = recipe.ratings === undefined
      ? undefined
      : (await load<typeof import("../listening/ratings.ts")>("../listening/ratings.ts")).readRatings(
        whole,
        recipe.ratings,
      );
    const collection = library ? await restrictCollection(whole, library.tracks) : whole;
    const notes = [library, before, ratings].flatMap((read) => read?.notes ?? []);
    for (const note of notes) console.error(`segue: ${note}`);
    const state = recipe.history === undefined
      ? new UserState(collection)
      : (await load<typeof import("./listener.ts")>("./listener.ts")).readState(collection, recipe.history);
    const start = startTime(recipe.now, state);
    const options = { ...sessionOptions(collection, recipe), start, after: before?.found.at(-1) };
    playBefore(state, before?.found ?? [], start);
    for (const track of ratings?.likes ?? []) state.like(track, start);
    if (ratings) options.rules = { ...options.rules, excludedTracks: ratings.dislikes };
    const session = new Session(state, options);
    const picks = session.run();
    const locations = library && await load<typeof import("../listening/locations.ts")>("../listening/locations.ts");
    const files = locations?.locateFiles(library!.locations, out === undefined ? undefined : dirname(out));
    const rows = playlistRows(collection.catalog, picks, files?.paths);
    const unmoved = rows.filter(({ track_id }) => files?.unmoved.has(track_id)).length;
    if (unmoved > 0 && format !== "table") {
      console.error(`segue: ${recipe.liked!.join(", ")}: ${locations!.unmovedNote(unmoved, rows.length)}`);
    }
    const complete = { ...recipe, ...absolute(recipe), from: rows[0].track_id, now: new Date(start).toISOString() };
    const title = `Segue from ${trackName(collection.catalog, picks[0].track)}`;
    if (save !== undefined) writeAtomic(save, JSON.stringify(state) + "\n");
    const playlistText = format === "table"
      ? table(rows, explain)
      : formatPlaylist({ title, rows, recipe: complete }, format);
    const tracks = explain
      ? rows.map((row, i) => ({ ...row, explanation: picks[i].distribution?.explain(picks[i].track) }))
      : rows;
    const result: CommandResult = {
      json: { title, recipe: complete, notes, tracks },
      text: playlistText.trimEnd(),
    };
    if (out === undefined) return result;
    writeAtomic(out, playlistText.replace(/\n?$/, "\n"));
    return { json: { ...result.json, out }, text: `wrote ${out} with ${rows.length} tracks` };
  },
});

/** Plays tracks one after the other, so that the last ends at a time. */
function playBefore(state: UserState, tracks: readonly number[], end: number): void {
  let at = end - sum(tracks, (track) => durationOf(state.collection, track));
  for (const track of tracks) {
    state.play(track, at);
    at += durationOf(state.collection, track);
  }
}

/** Imports a module. Deno cannot see its path beforehand, and so does not load it with the others. */
async function load<Module>(path: string): Promise<Module> {
  return await import(path);
}

/** A recipe with lists for the options that add; older files have one text there. */
function listsIn(recipe: Record<string, unknown>): Record<string, unknown> {
  const adds = (name: string) => (RECIPE as Record<string, { adds?: boolean }>)[name]?.adds;
  return Object.fromEntries(
    Object.entries(recipe).map(([name, value]) => [name, adds(name) ? [value].flat() : value]),
  );
}

/** The files of a recipe by absolute path, so that it works from any folder. */
function absolute({ liked, after, ratings, history, weights }: ShuffleRecipe): Partial<ShuffleRecipe> {
  return {
    liked: liked?.map((path) => resolve(path)),
    after: after?.map((path) => resolve(path)),
    ratings: ratings?.map((path) => resolve(path)),
    history: history?.map((path) => resolve(path)),
    weights: weights !== undefined && existsSync(weights) ? resolve(weights) : weights,
  };
}

/** When the playlist starts. Only the command line reads the clock; the library gets the time as a parameter. */
function startTime(now: string | undefined, state: UserState): number {
  if (now === undefined) return Math.max(Date.now(), state.now);
  const time = Date.parse(now);
  if (Number.isNaN(time)) {
    throw new InputError(`Expected --now to be a time such as 2026-03-01T18:00Z but found '${now}'`);
  }
  return time;
}

function table(rows: PlaylistRow[], explain: boolean = false): string {
  const header = ["#", "title", "artists", "length", "key", "BPM", "energy", "probability", "why"];
  const lines = rows.map((row) => [
    row.place,
    shorten(row.title, 40),
    shorten(row.artists, 32),
    row.seconds === null ? "" : `${Math.floor(row.seconds / 60)}:${String(row.seconds % 60).padStart(2, "0")}`,
    row.key,
    row.tempo === null ? "" : row.tempo.toFixed(0),
    row.energy === null ? "" : row.energy.toFixed(2),
    row.probability === null ? "–" : row.probability.toPrecision(2),
    row.relaxed === "" ? row.why : `${row.why} [relaxed: ${row.relaxed}]`,
  ]);
  return textTable([header, ...lines].map((line) => explain ? line : line.slice(0, -1)));
}
