/**
 * Ordered interactions: `interactions.csv` in memory, as one run of tracks a playlist.
 *
 * @module
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { InputError } from "../errors.ts";
import { readParquet } from "../storage/parquet.ts";
import { type NameColumns, readNameColumns } from "./item_names.ts";
import { headerNames, splitFields, textLines } from "./text_rows.ts";

/** Playlists as runs of tracks: playlist p is `tracks[offsets[p]] … tracks[offsets[p + 1] - 1]`, in order. */
export interface Playlists {
  /** Where each playlist begins, length (number of playlists) + 1. */
  readonly offsets: Int32Array;
  /** Track codes from 0, playlist after playlist. */
  readonly tracks: Int32Array;
}

/** Interactions with the ids that their codes stand for. */
export interface Interactions extends Playlists {
  /** `user_id` of each playlist. */
  readonly userIds: readonly string[];
  /** `track_id` of each track code. */
  readonly trackIds: readonly string[];
}

/** Names of tracks, as `track_names.parquet` holds them. */
export interface TrackNames {
  /**
   * A track as `title · artist`.
   *
   * @param trackId Its `track_id` in `interactions.csv`.
   * @returns The name; the id itself when nothing is known of it.
   */
  label(trackId: string): string;
  /** Row of each `track_id`. */
  readonly rows: ReadonlyMap<string, number>;
  /** URI of each row; null where unknown. */
  readonly uris: readonly (string | null)[];
  /** Title of each row. */
  readonly titles: readonly (string | null)[];
  /** Artist of each row. */
  readonly artists: readonly (string | null)[];
  /** Album of each row. */
  readonly albums: readonly (string | null)[];
}

const USER_COLUMNS = ["user_id", "userid", "user", "playlist_id", "pid"];
const TRACK_COLUMNS = ["track_id", "trackid", "track", "item_id", "itemid", "movieid", "movie_id", "track_uri"];
const TIME_COLUMNS = ["timestamp", "time", "date", "datetime", "pos", "position"];

/**
 * Reads `interactions.csv` (`user_id,track_id,timestamp`, columns in any order, more of them allowed, ids any text).
 * Rows may come in any order: they are sorted by time within each user; rows of one time keep the order of the file. A
 * time is a number in any unit, or a date (`2019-05-03`, `2019-05-03 10:11:12`, `2019-05-03T10:11:12+02:00`; UTC where
 * it names no zone); without such a column the order of the file is the order of time.
 *
 * Fields are parted by comma, semicolon or tab, whichever the header has, and may be quoted. The public forms of
 * MovieLens are read as they are: `ratings.csv` (`userId,movieId,…`), `u.data` and `ratings.dat` (no header, tab or
 * `::`), RecBole's `.inter` (`user_id:token`, …), and pairs `user item` in order of time. Without a header there are
 * four fields (user, track, rating, time), three (user, track, Unix time) or two numbers (user, track). Every rating
 * counts as an interaction.
 *
 * @param path The file, plain or gzipped; a gzipped one is unpacked in memory.
 * @returns One playlist a user, in order of first appearance. Cost O(rows), 16 bytes a row.
 * @throws {InputError} When the file is missing or empty, lacks a column, or holds a row that is not complete.
 */
export function readInteractions(path: string): Interactions {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; make it with segue mpd`);
  const users = new Codes();
  const tracks = new Codes();
  let userOf = new Int32Array(1 << 16);
  let trackOf = new Int32Array(1 << 16);
  let timeOf = new Float64Array(1 << 16);
  let form: Form | undefined;
  let row = 0;
  let line = 0;
  for (const text of textLines(path)) {
    line++;
    if (!form) {
      form = findForm(text, path);
      if (form.header) continue;
    }
    if (text === "") continue;
    const fields = splitFields(text, form.separator);
    const time = form.time < 0 ? row : timeOfText(fields[form.time] ?? "");
    const user = fields[form.user]?.trim();
    const track = fields[form.track]?.trim();
    if (!user || !track || !Number.isFinite(time)) {
      throw new InputError(
        `${path}, line ${line}: expected user_id,track_id,timestamp but found '${text.slice(0, 80)}'`,
      );
    }
    if (row === userOf.length) {
      userOf = grow(userOf, new Int32Array(2 * row));
      trackOf = grow(trackOf, new Int32Array(2 * row));
      timeOf = grow(timeOf, new Float64Array(2 * row));
    }
    userOf[row] = users.code(user);
    trackOf[row] = tracks.code(track);
    timeOf[row++] = time;
  }
  if (row === 0) throw new InputError(`${path}: expected user_id,track_id,timestamp and rows below, but found no row`);
  return {
    ...groupByUser(userOf.subarray(0, row), trackOf, timeOf, users.ids.length),
    userIds: users.ids,
    trackIds: tracks.ids,
  };
}

/**
 * Lays playlists one behind the other.
 *
 * @param lists Track codes of each playlist, from 0.
 * @returns The playlists: copies.
 */
export function playlistsOf(lists: readonly ArrayLike<number>[]): Playlists {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, p) => offsets[p + 1] = offsets[p] + list.length);
  const tracks = new Int32Array(offsets[lists.length]);
  lists.forEach((list, p) => tracks.set(list, offsets[p]));
  return { offsets, tracks };
}

/**
 * Reads names of tracks.
 *
 * @param path `track_names.parquet` (or another Parquet file with a column `track_id`, numbers or texts); or text: a
 * table with ids and titles (MovieLens' `movies.csv`), `movies.dat`, `u.item`. Where it is missing, every id is its own
 * name.
 * @returns The names.
 * @throws {InputError} When the file has no ids, or is text without titles.
 */
export async function readTrackNames(path: string): Promise<TrackNames> {
  const { ids, uris, titles, artists, albums } = existsSync(path) && !isParquet(path)
    ? readNameColumns(path)
    : await readNameTable(path);
  const rows = new Map(ids.map((id, r) => [id, r]));
  return {
    rows,
    titles,
    artists,
    uris,
    albums,
    label(trackId) {
      const r = rows.get(trackId);
      if (r === undefined || !titles[r]) return trackId;
      return artists[r] ? `${titles[r]} · ${artists[r]}` : titles[r]!;
    },
  };
}

async function readNameTable(path: string): Promise<NameColumns> {
  const columns = existsSync(path)
    ? await readParquet(path, ["track_id", "track_uri", "title", "artist", "album"])
    : { track_id: new Float64Array(0) };
  if (!columns.track_id) throw new InputError(`${path}: expected a column track_id but found none`);
  const ids = Array.from(columns.track_id as ArrayLike<number | string>, String);
  const texts = (name: string) =>
    (columns as Record<string, unknown>)[name] as (string | null)[] ?? ids.map(() => null);
  return { ids, uris: texts("track_uri"), titles: texts("title"), artists: texts("artist"), albums: texts("album") };
}

/** Whether a file begins as Parquet does, or is called so. */
function isParquet(path: string): boolean {
  if (path.endsWith(".parquet")) return true;
  const file = openSync(path, "r");
  try {
    const magic = new Uint8Array(4);
    readSync(file, magic);
    return new TextDecoder().decode(magic) === "PAR1";
  } finally {
    closeSync(file);
  }
}

/** Codes from 0 in order of first appearance. */
class Codes {
  readonly ids: string[] = [];
  #codes = new Map<string, number>();

  code(id: string): number {
    let code = this.#codes.get(id);
    if (code === undefined) {
      code = this.ids.length;
      this.#codes.set(id, code);
      this.ids.push(id);
    }
    return code;
  }
}

/** How a file is written, and which of its columns are wanted. */
interface Form {
  separator: string;
  header: boolean;
  user: number;
  track: number;
  /** −1 where the file has none. */
  time: number;
}

/** What parts the fields of files without a header. */
const BARE_SEPARATORS = ["::", "\t", ",", ";", " "];

function findForm(first: string, path: string): Form {
  const separator = BARE_SEPARATORS.find((separator) => first.includes(separator)) ?? ",";
  const time = bareTime(splitFields(first, separator).map((field) => field.trim()));
  if (time !== undefined) return { separator, header: false, user: 0, track: 1, time };
  const head = headerNames(first);
  const find = (wanted: string[]) => head.names.findIndex((name) => wanted.includes(name));
  const form = { separator: head.separator, header: true, user: find(USER_COLUMNS), track: find(TRACK_COLUMNS) };
  if (form.user < 0 || form.track < 0) {
    throw new InputError(`${path}: expected columns user_id,track_id,timestamp but found '${first.slice(0, 80)}'`);
  }
  return { ...form, time: find(TIME_COLUMNS) };
}

/** Column of the time when these fields are data, not a header: −1 for pairs in order of time; nothing for a header. */
function bareTime(fields: string[]): number | undefined {
  const isNumber = (text: string) => /^\d+(\.\d+)?$/.test(text);
  if (fields.length === 4 && isNumber(fields[2]) && isNumber(fields[3])) return 3;
  // A rating is smaller than any time since 1970 in seconds.
  if (fields.length === 3 && isNumber(fields[2]) && Number(fields[2]) > 1e6) return 2;
  return fields.length === 2 && fields.every((field) => /^\d+$/.test(field)) ? -1 : undefined;
}

/** A number, or milliseconds of a date; NaN for anything else. */
function timeOfText(text: string): number {
  const trimmed = text.trim();
  if (trimmed === "") return NaN;
  const number = Number(trimmed);
  if (Number.isFinite(number)) return number;
  const date = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/.exec(
    trimmed,
  );
  if (!date) return NaN;
  const [, day, time = "00:00", zone = "Z"] = date;
  return Date.parse(`${day}T${time}${zone === "UTC" ? "Z" : zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2")}`);
}

function grow<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Counting sort by user, then each user's rows by time where they are not in order already. */
function groupByUser(userOf: Int32Array, trackOf: Int32Array, timeOf: Float64Array, users: number): Playlists {
  const offsets = new Int32Array(users + 1);
  for (const user of userOf) offsets[user + 1]++;
  for (let u = 0; u < users; u++) offsets[u + 1] += offsets[u];
  const at = offsets.slice();
  const order = new Int32Array(userOf.length);
  for (let r = 0; r < userOf.length; r++) order[at[userOf[r]]++] = r;
  for (let u = 0; u < users; u++) {
    const rows = order.subarray(offsets[u], offsets[u + 1]);
    for (let i = 1; i < rows.length; i++) {
      if (timeOf[rows[i]] < timeOf[rows[i - 1]]) {
        rows.sort((a, b) => timeOf[a] - timeOf[b] || a - b);
        break;
      }
    }
  }
  return { offsets, tracks: order.map((r) => trackOf[r]) };
}
