/**
 * The forms in which catalogues come: which source column holds which canonical column, told by the header.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import { type CatalogColumn, LIST_COLUMNS, NUMERIC_COLUMNS, TEXT_COLUMNS } from "./catalog.ts";

/** Canonical columns that a source may give; `work_id` is computed. */
export const SOURCE_COLUMNS: readonly CatalogColumn[] = [...TEXT_COLUMNS, ...LIST_COLUMNS, ...NUMERIC_COLUMNS]
  .filter((name) => name !== "work_id");

/** Audio features in [0, 1]. */
export const UNIT_FEATURES = [
  "danceability",
  "energy",
  "speechiness",
  "acousticness",
  "instrumentalness",
  "liveness",
  "valence",
] as const;

/** Canonical columns without which a row is of no use. */
export const CRITICAL_COLUMNS: readonly CatalogColumn[] = [
  "track_id",
  "title",
  "artists",
  "duration_ms",
  ...UNIT_FEATURES,
  "loudness",
  "tempo",
  "key",
  "mode",
];

/** How a text holds several names: one name, `A;B`, a Python list literal, or told by its look. */
export type ListStyle = "single" | "semicolon" | "python" | "any";

/** A form of catalogue. */
export interface Form {
  /** Name, e.g. `"tidytuesday"`. */
  name: string;
  /** Source columns whose presence tells the form. */
  signature: readonly string[];
  /** Source column by canonical column; canonical columns that the form lacks are absent. */
  columns: Partial<Record<CatalogColumn, string>>;
  /** How the artists column holds several artists. */
  artists: ListStyle;
  /** True when `NA` in a text column means missing. */
  missingNA: boolean;
  /** True when ids are 22 letters and digits, `spotify:track:` in front allowed. */
  strictIds: boolean;
}

const AUDIO = Object.fromEntries(
  ["duration_ms", ...UNIT_FEATURES, "loudness", "tempo", "key", "mode"].map((name) => [name, name]),
);
const SHARED = { id: { track_id: "id", title: "name" }, date: { release_date: "release_date" } };

/** The known forms; the first whose signature is in the header is taken. */
export const FORMS: readonly Form[] = [
  {
    name: "segue",
    signature: ["track_id", "title", "artists"],
    columns: Object.fromEntries(SOURCE_COLUMNS.map((name) => [name, name])),
    artists: "any",
    missingNA: false,
    strictIds: false,
  },
  {
    name: "tidytuesday",
    signature: ["track_artist"],
    columns: {
      track_id: "track_id",
      title: "track_name",
      artists: "track_artist",
      album: "track_album_name",
      album_id: "track_album_id",
      release_date: "track_album_release_date",
      popularity: "track_popularity",
      genres: "playlist_genre",
      subgenres: "playlist_subgenre",
      playlists: "playlist_id",
      ...AUDIO,
    },
    artists: "single",
    missingNA: true,
    strictIds: true,
  },
  {
    name: "114k",
    signature: ["track_genre", "artists"],
    columns: {
      track_id: "track_id",
      title: "track_name",
      artists: "artists",
      album: "album_name",
      popularity: "popularity",
      explicit: "explicit",
      genres: "track_genre",
      time_signature: "time_signature",
      ...AUDIO,
    },
    artists: "semicolon",
    missingNA: false,
    strictIds: true,
  },
  {
    name: "1.2M",
    signature: ["artist_ids", "disc_number"],
    columns: {
      ...SHARED.id,
      ...SHARED.date,
      artists: "artists",
      artist_ids: "artist_ids",
      album: "album",
      album_id: "album_id",
      year: "year",
      explicit: "explicit",
      time_signature: "time_signature",
      ...AUDIO,
    },
    artists: "python",
    missingNA: false,
    strictIds: true,
  },
  {
    name: "586k",
    signature: ["id_artists"],
    columns: {
      ...SHARED.id,
      ...SHARED.date,
      artists: "artists",
      artist_ids: "id_artists",
      popularity: "popularity",
      explicit: "explicit",
      time_signature: "time_signature",
      ...AUDIO,
    },
    artists: "python",
    missingNA: false,
    strictIds: true,
  },
  {
    name: "170k",
    signature: ["id", "artists", "year", "popularity"],
    columns: {
      ...SHARED.id,
      ...SHARED.date,
      artists: "artists",
      year: "year",
      popularity: "popularity",
      explicit: "explicit",
      ...AUDIO,
    },
    artists: "python",
    missingNA: false,
    strictIds: true,
  },
];

/**
 * Tells the form of a source by its header.
 *
 * @param file Name of the source, for errors.
 * @param header Its column names.
 * @param map Source column by canonical column, over what the form says.
 * @returns The form, its columns being those that the header has.
 * @throws {InputError} When columns are missing, naming them; when a mapped or needed column is absent or there twice.
 */
export function recogniseForm(file: string, header: readonly string[], map: Record<string, string> = {}): Form {
  for (const [canonical, column] of Object.entries(map)) {
    if (!(SOURCE_COLUMNS as readonly string[]).includes(canonical)) {
      throw new InputError(`--map ${canonical}=${column}: expected one of ${SOURCE_COLUMNS.join(", ")}`);
    }
    if (!header.includes(column)) {
      throw new InputError(`--map ${canonical}=${column}: ${file} has no column '${column}'; ${found(header)}`);
    }
  }
  const known = FORMS.find((form) => form.signature.every((column) => header.includes(column)));
  const form = known ?? guessForm(header);
  const columns = Object.fromEntries(
    Object.entries({ ...form.columns, ...map }).filter(([, column]) => header.includes(column)),
  ) as Form["columns"];
  const missing = CRITICAL_COLUMNS.filter((canonical) => !(canonical in columns));
  if (missing.length > 0) {
    const names = missing.map((canonical) => form.columns[canonical] ?? canonical);
    const looks = known ? `looks like the ${known.name} form but lacks` : "is of no known form: it lacks";
    throw new InputError(
      `${file}: ${looks} ${plural("column", missing.length)} ${names.join(", ")}; ${found(header)}; ` +
        `name ${missing.length === 1 ? "it" : "them"} with --map ${missing[0]}=COLUMN`,
    );
  }
  for (const column of Object.values(columns)) {
    const first = header.indexOf(column);
    const second = header.indexOf(column, first + 1);
    if (second >= 0) {
      throw new InputError(
        `${file}: column '${column}' is there twice, as columns ${first + 1} and ${second + 1}; rename or remove one`,
      );
    }
  }
  const own = Object.keys(map).length > 0;
  return {
    ...form,
    columns,
    name: own ? `${known?.name ?? "own"}, mapped` : form.name,
    artists: map.artists ? "any" : form.artists,
    strictIds: map.track_id ? false : form.strictIds,
  };
}

/**
 * Names for the columns of a header, all different.
 *
 * @param header The header.
 * @returns One name a column.
 */
export function columnNames(header: readonly string[]): string[] {
  return header.map((name, c) => header.indexOf(name) === c && name !== "" ? name : `column ${c}`);
}

/** What else tables call a column; capitals, spaces and signs do not matter. */
const ALIASES: Partial<Record<CatalogColumn, readonly string[]>> = {
  track_id: ["track uri", "uri", "spotify id", "spotify track id"],
  title: ["track", "song"],
  artists: ["artist names", "artist name", "artist", "performer"],
  tempo: ["bpm"],
  album: ["album name"],
};

/** Takes for every canonical column the first name by which any form calls it, else one that is written alike. */
function guessForm(header: readonly string[]): Form {
  const columns: Form["columns"] = {};
  const alike = new Map(header.toReversed().map((column) => [plain(column), column]));
  const names = [
    ...FORMS.flatMap((form) => Object.entries(form.columns)),
    ...Object.entries(ALIASES).flatMap(([canonical, aliases]) => aliases.map((alias) => [canonical, alias])),
  ] as [CatalogColumn, string][];
  for (const [canonical, column] of names) if (header.includes(column)) columns[canonical] ??= column;
  for (const [canonical, column] of names) columns[canonical] ??= alike.get(plain(column));
  return {
    name: "own",
    signature: [],
    columns: Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined)),
    artists: "any",
    missingNA: false,
    strictIds: false,
  };
}

/** A column's name without capitals, spaces and signs. */
function plain(column: string): string {
  return column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function found(header: readonly string[]): string {
  return `found ${header.slice(0, 40).join(", ")}${header.length > 40 ? ", …" : ""}`;
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
