/** Ordered interactions: `interactions.csv` in memory, the tracks of one playlist after the other. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { cumsum } from "d3-array";
import { existsSync } from "node:fs";
import { InputError } from "../data/errors.ts";
import { queryColumns } from "../data/parquet.ts";
import { withTextTable } from "../data/text_table.ts";
import { type InteractionForm, interactionForm } from "./interaction_columns.ts";

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
  /** Which columns of the file were read as what, by name or number: `user: 1, track: 3, time: 2`. */
  readonly columns?: string;
}

/**
 * Reads `interactions.csv` (`user_id,track_id,timestamp`, columns in any order, more of them allowed, ids any text).
 * Rows may come in any order: they are sorted by time within each user; rows of one time keep the order of the file. A
 * time is a number in any unit, or a date (`2019-05-03`, `2019-05-03 10:11:12`, `2019-05-03T10:11:12+02:00`; UTC where
 * it names no zone); without such a column the order of the file is the order of time.
 *
 * Fields have commas, semicolons, tabs, `::`, bars or blanks between them, and may be quoted. Public files are read as
 * they are: MovieLens' `ratings.csv`, `u.data` and `ratings.dat`, YOOCHOOSE's clicks, RecBole's `.inter` (also with
 * blanks, and with the tracks so far in one field: `item_id_list`), and pairs `user item` in order of time. How columns
 * are told, {@linkcode interactionForm} says. Every rating counts as an interaction.
 *
 * @param path The file, plain or gzipped.
 * @param columns Which columns are user, track and, where there is one, time: their names or their numbers from 1
 * (`1,3,2`); or what each column is, with `-` for those that are not used (`user,timestamp,track,-`).
 * @returns One playlist a user, in order of first appearance. Cost O(rows log rows); beyond 4 GB DuckDB keeps
 * rows on disk.
 * @throws {InputError} When the file is missing or empty, its columns cannot be told, or a row is not complete.
 */
export async function readInteractions(path: string, columns?: string): Promise<Interactions> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; make it with segue mpd`);
  const findForm = (lines: string[]) => interactionForm(lines, path, columns);
  return await withTextTable(path, findForm, async ({ connection, source, form, lineOf }) => {
    await connection.run(
      `SET TimeZone = 'UTC';
       CREATE TABLE rows AS ${form.list < 0 ? rowsSql(source, form) : listRowsSql(source, form)};
       CREATE TABLE users AS SELECT "user", row_number() OVER (ORDER BY min(row)) - 1 AS code FROM rows GROUP BY "user";
       CREATE TABLE tracks AS SELECT track, row_number() OVER (ORDER BY min(row)) - 1 AS code FROM rows GROUP BY track`,
    );
    const columnsRead = (["user", "track", "time", "list"] as const).filter((role) => form[role] >= 0)
      .map((role) => `${role}: ${form.names[form[role]]}`).join(", ");
    const texts = async (sql: string) => (await queryColumns(connection, sql)).text as string[];
    const numbers = async (sql: string) => (await queryColumns(connection, sql)).number as Float64Array;
    const [incomplete] = await numbers(
      `SELECT min(row) AS number FROM rows
         WHERE NOT coalesce(lower("user") NOT IN (${NOBODY}) AND track <> '' AND isfinite(time), false)`,
    );
    if (incomplete > 0) {
      const { line, text } = await lineOf(incomplete);
      throw new InputError(
        `${path}, line ${line}: expected user_id,track_id,timestamp but found '${
          text.slice(0, 80)
        }', read as ${columnsRead}; ` +
          "--columns names others, and times are numbers or dates such as 2019-05-03 10:11",
      );
    }
    if (form.list >= 0) await expectOneList(connection, path);
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
      columns: columnsRead,
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

/** What stands for a user who is not known. */
const NOBODY = "'', 'na', 'n/a', 'nan', 'null', 'none', '\\n'";

function rowsSql(source: string, { user, track, time }: InteractionForm): string {
  const when = time < 0
    ? "0"
    : `coalesce(TRY_CAST(replace(c${time}, ',', '.') AS DOUBLE), epoch(TRY_CAST(c${time} AS TIMESTAMPTZ)))`;
  return `SELECT row_number() OVER () AS row, trim(c${user}) AS "user", trim(c${track}) AS track, ${when} AS time
    FROM ${source}`;
}

/** Of the lists of a user the longest, with the track behind it; the time of a track is its place. */
function listRowsSql(source: string, { user, track, list }: InteractionForm): string {
  const last = track < 0 ? "[]" : `[trim(c${track})]`;
  return `WITH lists AS (
      SELECT row_number() OVER () AS row, trim(c${user}) AS "user",
        list_filter(string_split(coalesce(c${list}, ''), ' '), lambda id: id <> '') || ${last} AS ids FROM ${source}
    ), longest AS (
      SELECT min(row) AS row, "user", arg_max(ids, len(ids)) AS ids, list(ids) AS lists FROM lists GROUP BY "user"
    )
    SELECT row, "user", unnest(ids) AS track, generate_subscripts(ids, 1)::DOUBLE AS time,
      list_bool_and(list_transform(lists, lambda other: other = ids[1:len(other)])) AS "whole" FROM longest`;
}

/** Lists of one user go on from each other; of those that do not, the longest is not all that there is. */
async function expectOneList(connection: DuckDBConnection, path: string): Promise<void> {
  const { text } = await queryColumns(
    connection,
    `SELECT "user" AS text FROM rows WHERE NOT "whole" ORDER BY row LIMIT 1`,
  );
  if (text.length === 0) return;
  throw new InputError(
    `${path}: expected the lists of a user to be beginnings of one another, but those of user '${text[0]}' are not; ` +
      "give the file with one interaction a row",
  );
}
