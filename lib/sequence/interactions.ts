/** Ordered interactions: `interactions.csv` in memory, the tracks of one playlist after the other. */
import { cumsum } from "d3-array";
import { existsSync } from "node:fs";
import { InputError } from "../data/errors.ts";
import { queryColumns } from "../data/parquet.ts";
import { fieldsOf, findColumns, type TextForm, withTextTable } from "../data/text_table.ts";

/** Playlists one after the other: playlist p is `tracks[offsets[p]] … tracks[offsets[p + 1] - 1]`, in order. */
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

/** Names that the columns may have. */
const COLUMNS = {
  user: ["user_id", "userid", "user", "playlist_id", "pid"],
  track: ["track_id", "trackid", "track", "item_id", "itemid", "movieid", "movie_id", "track_uri"],
  time: ["timestamp", "time", "date", "datetime", "pos", "position"],
};

/**
 * Reads `interactions.csv` (`user_id,track_id,timestamp`, columns in any order, more of them allowed, ids any text).
 * Rows may come in any order: they are sorted by time within each user; rows of one time keep the order of the file. A
 * time is a number in any unit, or a date (`2019-05-03`, `2019-05-03 10:11:12`, `2019-05-03T10:11:12+02:00`; UTC where
 * it names no zone); without such a column the order of the file is the order of time.
 *
 * Fields have commas, semicolons or tabs between them, as in the header, and may be quoted. Public files are read as
 * they are: MovieLens' `ratings.csv` (`userId,movieId,…`), `u.data` and `ratings.dat` (no header, tab or `::`),
 * RecBole's `.inter` (`user_id:token`, …), and pairs `user item` in order of time. Without a header there are four
 * fields (user, track, rating, time), three (user, track, Unix time) or two numbers (user, track). Every rating counts
 * as an interaction.
 *
 * @param path The file, plain or gzipped.
 * @returns One playlist a user, in order of first appearance. Cost O(rows log rows); beyond 4 GB DuckDB keeps
 * rows on disk.
 * @throws {InputError} When the file is missing or empty, lacks a column, or holds a row that is not complete.
 */
export async function readInteractions(path: string): Promise<Interactions> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; make it with segue mpd`);
  return await withTextTable(path, (first) => findForm(first, path), async ({ connection, source, form, lineOf }) => {
    const time = `c${form.time}`;
    const when = form.time < 0 ? "0" : `coalesce(TRY_CAST(${time} AS DOUBLE), epoch(TRY_CAST(${time} AS TIMESTAMPTZ)))`;
    await connection.run(
      `SET TimeZone = 'UTC';
       CREATE TABLE rows AS SELECT row_number() OVER () AS row, trim(c${form.user}) AS "user", trim(c${form.track}) AS track,
         ${when} AS time FROM ${source};
       CREATE TABLE users AS SELECT "user", row_number() OVER (ORDER BY min(row)) - 1 AS code FROM rows GROUP BY "user";
       CREATE TABLE tracks AS SELECT track, row_number() OVER (ORDER BY min(row)) - 1 AS code FROM rows GROUP BY track`,
    );
    const texts = async (sql: string) => (await queryColumns(connection, sql)).text as string[];
    const numbers = async (sql: string) => (await queryColumns(connection, sql)).number as Float64Array;
    const [incomplete] = await numbers(
      `SELECT min(row) AS number FROM rows
         WHERE NOT coalesce("user" <> '' AND track <> '' AND isfinite(time), false)`,
    );
    if (incomplete > 0) {
      const { line, text } = await lineOf(incomplete);
      throw new InputError(
        `${path}, line ${line}: expected user_id,track_id,timestamp but found '${text.slice(0, 80)}'`,
      );
    }
    const userIds = await texts(`SELECT "user" AS text FROM users ORDER BY code`);
    if (userIds.length === 0) {
      throw new InputError(`${path}: expected user_id,track_id,timestamp and rows below, but found no row`);
    }
    const lengths = await numbers(
      `SELECT count(*) AS number FROM rows JOIN users USING ("user") GROUP BY code ORDER BY code`,
    );
    const offsets = new Int32Array(userIds.length + 1);
    offsets.set(cumsum(lengths), 1);
    return {
      offsets,
      tracks: Int32Array.from(
        await numbers(
          `SELECT tracks.code AS number FROM rows JOIN users USING ("user") JOIN tracks USING (track)
             ORDER BY users.code, time, row`,
        ),
      ),
      userIds,
      trackIds: await texts("SELECT track AS text FROM tracks ORDER BY code"),
    };
  });
}

/** Copies playlists, each given as its track codes, one after the other. */
export function playlistsOf(lists: readonly ArrayLike<number>[]): Playlists {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, p) => offsets[p + 1] = offsets[p] + list.length);
  const tracks = new Int32Array(offsets[lists.length]);
  lists.forEach((list, p) => tracks.set(list, offsets[p]));
  return { offsets, tracks };
}

/** What may stand between the fields of a file without a header. */
const BARE_SEPARATORS = ["::", "\t", ",", ";", " "];

/** How a file is written, and the indices of its columns; that of the time is −1 where the file has none. */
function findForm(first: string, path: string): TextForm & Record<keyof typeof COLUMNS, number> {
  const separator = BARE_SEPARATORS.find((separator) => first.includes(separator)) ?? ",";
  const fields = fieldsOf(first, separator).map((field) => field.trim());
  const time = bareTime(fields);
  if (time !== undefined) return { separator, header: false, user: 0, track: 1, time };
  const form = findColumns(first, COLUMNS);
  if (form.user < 0 || form.track < 0) {
    throw new InputError(`${path}: expected columns user_id,track_id,timestamp but found '${first.slice(0, 80)}'`);
  }
  return form;
}

/** Column of the time when these fields are data: −1 for pairs in order of time. Nothing when they are a header. */
function bareTime(fields: string[]): number | undefined {
  const isNumber = (text: string) => /^\d+(\.\d+)?$/.test(text);
  if (fields.length === 4 && isNumber(fields[2]) && isNumber(fields[3])) return 3;
  // A rating is smaller than any time since 1970 in seconds.
  if (fields.length === 3 && isNumber(fields[2]) && Number(fields[2]) > 1e6) return 2;
  return fields.length === 2 && fields.every((field) => /^\d+$/.test(field)) ? -1 : undefined;
}
