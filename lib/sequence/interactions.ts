/**
 * Ordered interactions: `interactions.csv` in memory, as one run of tracks a playlist.
 *
 * @module
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { InputError } from "../errors.ts";
import { readParquet } from "../storage/parquet.ts";

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
 * Rows may come in any order: they are sorted by time within each user; rows of one time keep the order of the file. A time is
 * a number in any unit, or a date (`2019-05-03`, `2019-05-03 10:11:12`, `2019-05-03T10:11:12+02:00`; UTC where it
 * names no zone); without such a column the order of the file is the order of time.
 *
 * Fields are parted by comma, semicolon or tab, whichever the header has, and may be quoted. The public forms of MovieLens are
 * read as they are: `ratings.csv` (`userId,movieId,…`), `u.data` and `ratings.dat` (no header, tab or `::`), and
 * RecBole's `.inter` (`user_id:token`, …).
 *
 * @param path The file.
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
  for (const text of lines(path)) {
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
 * Makes playlists of arrays, for tests and small examples.
 *
 * @param lists Track codes of each playlist.
 * @returns The playlists.
 */
export function playlistsOf(lists: readonly (readonly number[])[]): Playlists {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, p) => offsets[p + 1] = offsets[p] + list.length);
  return { offsets, tracks: Int32Array.from(lists.flat()) };
}

/**
 * Reads `track_names.parquet`.
 *
 * @param path The file; where it is missing, every id is its own name. Only its column `track_id` (numbers or texts) must be
 * there.
 * @returns The names.
 * @throws {InputError} When the file is no Parquet file or lacks `track_id`.
 */
export async function readTrackNames(path: string): Promise<TrackNames> {
  const columns = existsSync(path)
    ? await readParquet(path, ["track_id", "track_uri", "title", "artist", "album"])
    : { track_id: new Float64Array(0) };
  if (!columns.track_id) throw new InputError(`${path}: expected a column track_id but found none`);
  const ids = Array.from(columns.track_id as ArrayLike<number | string>, String);
  const texts = (name: string) =>
    (columns as Record<string, unknown>)[name] as (string | null)[] ?? ids.map(() => null);
  const rows = new Map(ids.map((id, r) => [id, r]));
  const titles = texts("title");
  const artists = texts("artist");
  return {
    rows,
    titles,
    artists,
    uris: texts("track_uri"),
    albums: texts("album"),
    label(trackId) {
      const r = rows.get(trackId);
      if (r === undefined || !titles[r]) return trackId;
      return artists[r] ? `${titles[r]} · ${artists[r]}` : titles[r]!;
    },
  };
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

/** Lines of a text file, read in pieces. */
function* lines(path: string): Generator<string> {
  const file = openSync(path, "r");
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(1 << 22);
  let rest = "";
  try {
    for (;;) {
      const count = readSync(file, chunk);
      const parts = (rest + decoder.decode(chunk.subarray(0, count), { stream: count > 0 })).split(/\r?\n/);
      rest = count > 0 ? parts.pop()! : "";
      yield* parts;
      if (count === 0) return;
    }
  } finally {
    closeSync(file);
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

/** MovieLens' files without a header: user, movie, rating, time. */
const HEADERLESS = /^\d+(\t|::)\d+\1[\d.]+\1\d+$/;

function findForm(first: string, path: string): Form {
  const bare = HEADERLESS.exec(first);
  if (bare) return { separator: bare[1], header: false, user: 0, track: 1, time: 3 };
  const separator = [",", "\t", ";"].find((character) => first.includes(character)) ?? ",";
  const names = splitFields(first.replace(/^\uFEFF/, ""), separator).map((name) =>
    name.trim().replace(/:(token|float)$/, "").toLowerCase()
  );
  const find = (wanted: string[]) => names.findIndex((name) => wanted.includes(name));
  const [user, track, time] = [find(USER_COLUMNS), find(TRACK_COLUMNS), find(TIME_COLUMNS)];
  if (user < 0 || track < 0) {
    throw new InputError(`${path}: expected columns user_id,track_id,timestamp but found '${first.slice(0, 80)}'`);
  }
  return { separator, header: true, user, track, time };
}

/** The fields of a line; quotes around a field are taken off, doubled ones within it are one. */
function splitFields(text: string, separator: string): string[] {
  const parts = text.split(separator);
  if (!text.includes('"')) return parts;
  const fields: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    let field = parts[i];
    if (field.trimStart().startsWith('"')) {
      // A separator within quotes is part of the field.
      while (field.replace(/[^"]/g, "").length % 2 === 1 && i + 1 < parts.length) field += separator + parts[++i];
      field = field.trim().replace(/^"|"$/g, "").replaceAll('""', '"');
    }
    fields.push(field);
  }
  return fields;
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
