/**
 * Names of items from the files that come with ratings.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors.ts";
import { headerNames, splitFields, wholeText } from "./text_rows.ts";

/** Columns of names, a row an item; null where nothing is said. */
export interface NameColumns {
  /** Ids as the interactions have them. */
  ids: string[];
  /** URIs. */
  uris: (string | null)[];
  /** Titles. */
  titles: (string | null)[];
  /** Artists. */
  artists: (string | null)[];
  /** Albums. */
  albums: (string | null)[];
}

const COLUMNS: Record<keyof NameColumns, string[]> = {
  ids: ["track_id", "trackid", "item_id", "itemid", "movieid", "movie_id", "id", "track_uri"],
  uris: ["track_uri", "uri"],
  titles: ["title", "track_name", "movie_title", "name", "item_name"],
  artists: ["artist", "artist_name", "artists", "artist_names"],
  albums: ["album", "album_name"],
};

/** MovieLens' `movies.dat` (`1::Toy Story (1995)::…`) and `u.item` (`1|Toy Story (1995)|…`) have no header. */
const HEADERLESS = /^[^:|]+(::|\|)/;

/**
 * Reads names from text: a table with a header (`movieId,title,…`; at least an id and a title), or MovieLens'
 * `movies.dat` and `u.item`.
 *
 * @param path The file, plain or gzipped, in UTF-8 or Latin-1.
 * @returns The names.
 * @throws {InputError} When the file has no columns of ids and titles, or no row.
 */
export function readNameColumns(path: string): NameColumns {
  const lines = wholeText(path).split(/\r?\n/);
  const bare = HEADERLESS.exec(lines[0]);
  const { separator, names } = bare ? { separator: bare[1], names: ["id", "title"] } : headerNames(lines[0]);
  const at = (column: keyof NameColumns) =>
    COLUMNS[column].map((name) => names.indexOf(name)).find((index) => index >= 0) ?? -1;
  const [id, uri, title, artist, album] = [at("ids"), at("uris"), at("titles"), at("artists"), at("albums")];
  if (id < 0 || title < 0) {
    throw new InputError(
      `${path}: expected columns of ids and titles (movieId,title or track_id,title,artist), MovieLens' movies.dat or ` +
        `u.item, but found '${lines[0].slice(0, 80)}'`,
    );
  }
  const columns: NameColumns = { ids: [], uris: [], titles: [], artists: [], albums: [] };
  for (const line of bare ? lines : lines.slice(1)) {
    if (line === "") continue;
    // Quotes mean nothing where fields are parted by :: or |.
    const fields = bare ? line.split(separator) : splitFields(line, separator);
    const text = (index: number) => fields[index]?.trim() || null;
    columns.ids.push(text(id) ?? "");
    columns.uris.push(text(uri));
    columns.titles.push(text(title));
    columns.artists.push(text(artist));
    columns.albums.push(text(album));
  }
  if (columns.ids.length === 0) throw new InputError(`${path}: expected names of items but found no row`);
  return columns;
}

/**
 * Looks for the names that come with a file of ratings: `movies.csv`, `movies.dat`, `u.item` or `track_names.parquet`
 * in its folder, or `x.item` for `x.inter`.
 *
 * @param path The file of ratings.
 * @returns The file of names; nothing when there is none.
 */
export function namesBeside(path: string): string | undefined {
  const own = basename(path).replace(/\.inter(\.gz)?$/, ".item");
  const names = ["movies.csv", "movies.dat", "u.item", "track_names.parquet"];
  return [...(own === basename(path) ? [] : [own]), ...names]
    .flatMap((name) => [name, `${name}.gz`])
    .map((name) => join(dirname(path), name))
    .find((file) => existsSync(file));
}
