/** Names of tracks, or of other items, from `track_names.parquet` and from the files that come with ratings. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../data/errors.ts";
import { queryColumns } from "../data/parquet.ts";
import { readParquet } from "../data/read_parquet.ts";
import { kindOf } from "../data/source_file.ts";
import { readTable } from "../data/sources.ts";
import { withTextTable } from "../data/text_table.ts";

/** What a track is called, where it is known. */
export type TrackName = Record<"uri" | "title" | "artist" | "album", string | null>;

/** Names of tracks, as `track_names.parquet` holds them. */
export interface TrackNames {
  /**
   * A track as `title · artist`.
   *
   * @returns The name; the id itself when nothing is known of it.
   */
  label(trackId: string): string;
  /** Names by `track_id`. */
  readonly byId: ReadonlyMap<string, TrackName>;
}

/** Columns of `track_names.parquet`, and what they are called in other tables. */
const COLUMNS = {
  track_id: ["track_id", "trackid", "item_id", "itemid", "movieid", "movie_id", "id", "track_uri"],
  track_uri: ["track_uri", "uri"],
  title: ["title", "track_name", "movie_title", "name", "item_name"],
  artist: ["artist", "artist_name", "artists", "artist_names"],
  album: ["album", "album_name"],
};
const COLUMN_NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
type NameColumns = Partial<Record<keyof typeof COLUMNS, ArrayLike<unknown>>>;

/** MovieLens' `movies.dat` (`1::Toy Story (1995)::…`) and `u.item` (`1|Toy Story (1995)|…`) have no header. */
const HEADERLESS = /^[^:|]+(::|\|)/;

/**
 * Reads names of tracks.
 *
 * @param path `track_names.parquet` (or another Parquet file with a column `track_id`, numbers or texts); or text: a
 * table with ids and titles (MovieLens' `movies.csv`), `movies.dat`, `u.item`, plain or gzipped, in UTF-8 or Latin-1.
 * Where it is missing, every id is its own name.
 * @throws {InputError} When the file has no ids, or is text without titles or without a row.
 */
export async function readTrackNames(path: string): Promise<TrackNames> {
  const columns = await readNameColumns(path);
  const text = (name: keyof NameColumns, r: number) => (columns[name]?.[r] ?? null) as string | null;
  const byId = new Map(Array.from(columns.track_id!, (id, r) => [String(id ?? ""), {
    uri: text("track_uri", r),
    title: text("title", r),
    artist: text("artist", r),
    album: text("album", r),
  }]));
  return {
    byId,
    label(trackId) {
      const { title, artist } = byId.get(trackId) ?? {};
      return !title ? trackId : artist ? `${title} · ${artist}` : title;
    },
  };
}

async function readNameColumns(path: string): Promise<NameColumns> {
  if (!existsSync(path)) return { track_id: [] };
  if (path.endsWith(".parquet") || kindOf(path) === "parquet") {
    const columns = await readParquet(path, COLUMN_NAMES);
    if (!columns.track_id) throw new InputError(`${path}: expected a column track_id but found none`);
    return columns;
  }
  return await withTextTable(path, ([first]) => findForm(first, path), async ({ connection, source, form }) => {
    const wanted = COLUMN_NAMES.filter((name) => form[name] >= 0)
      .map((name) => `nullif(trim(c${form[name]}), '') AS ${name}`);
    const columns: NameColumns = await queryColumns(connection, `SELECT ${wanted.join(", ")} FROM ${source}`);
    if (columns.track_id!.length === 0) throw new InputError(`${path}: expected names of items but found no row`);
    return columns;
  });
}

/** How names are written in a text file, and the indices of their columns. */
function findForm(first: string, path: string) {
  const bare = HEADERLESS.exec(first);
  if (bare) return { separator: bare[1], header: false, track_id: 0, track_uri: -1, title: 1, artist: -1, album: -1 };
  const { separator, columns } = readTable(first, COLUMNS);
  if (columns.track_id < 0 || columns.title < 0) {
    throw new InputError(
      `${path}: expected columns of ids and titles (movieId,title or track_id,title,artist), MovieLens' movies.dat or ` +
        `u.item, but found '${first.slice(0, 80)}'`,
    );
  }
  return { separator, header: true, ...columns };
}

/**
 * Looks for the names that come with a file of ratings: `movies.csv`, `movies.dat`, `u.item` or `track_names.parquet`
 * in its folder, or `x.item` for `x.inter`.
 */
export function namesBeside(path: string): string | undefined {
  const own = basename(path).replace(/\.inter(\.gz)?$/, ".item");
  const names = ["movies.csv", "movies.dat", "u.item", "track_names.parquet"];
  return [...(own === basename(path) ? [] : [own]), ...names]
    .flatMap((name) => [name, `${name}.gz`])
    .map((name) => join(dirname(path), name))
    .find((file) => existsSync(file));
}
