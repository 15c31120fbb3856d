/**
 * The forms in which catalogues come: which source column holds which canonical column, told by the header.
 *
 * @module
 */
import { InputError } from "../data/errors.ts";
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

const AUDIO: readonly CatalogColumn[] = ["duration_ms", ...UNIT_FEATURES, "loudness", "tempo", "key", "mode"];

/** Canonical columns without which a row is of no use. */
export const CRITICAL_COLUMNS: readonly CatalogColumn[] = ["track_id", "title", "artists", ...AUDIO];

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

/** A form of nobody else. */
const OWN: Form = { name: "own", signature: [], columns: {}, artists: "any", missingNA: false, strictIds: false };

/** A form of a public file: the columns that it calls as we do beside the audio features, and the others. */
function publicForm(
  form: Pick<Form, "name" | "signature" | "artists"> & { missingNA?: boolean },
  same: readonly CatalogColumn[],
  renamed: Form["columns"],
): Form {
  const columns = { ...calledAlike([...same, ...AUDIO]), ...renamed };
  return { missingNA: false, ...form, columns, strictIds: true };
}

function calledAlike(names: readonly CatalogColumn[]): Form["columns"] {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** The known forms; the first whose signature is in the header is taken. */
const FORMS: readonly Form[] = [
  { ...OWN, name: "segue", signature: ["track_id", "title", "artists"], columns: calledAlike(SOURCE_COLUMNS) },
  publicForm(
    { name: "tidytuesday", signature: ["track_artist"], artists: "single", missingNA: true },
    ["track_id"],
    {
      title: "track_name",
      artists: "track_artist",
      album: "track_album_name",
      album_id: "track_album_id",
      release_date: "track_album_release_date",
      popularity: "track_popularity",
      genres: "playlist_genre",
      subgenres: "playlist_subgenre",
      playlists: "playlist_id",
    },
  ),
  publicForm(
    { name: "114k", signature: ["track_genre", "artists"], artists: "semicolon" },
    ["track_id", "artists", "popularity", "explicit", "time_signature"],
    { title: "track_name", album: "album_name", genres: "track_genre" },
  ),
  publicForm(
    { name: "1.2M", signature: ["artist_ids", "disc_number"], artists: "python" },
    ["artists", "artist_ids", "album", "album_id", "release_date", "year", "explicit", "time_signature"],
    { track_id: "id", title: "name" },
  ),
  publicForm(
    { name: "586k", signature: ["id_artists"], artists: "python" },
    ["artists", "release_date", "popularity", "explicit", "time_signature"],
    { track_id: "id", title: "name", artist_ids: "id_artists" },
  ),
  publicForm(
    { name: "170k", signature: ["id", "artists", "year", "popularity"], artists: "python" },
    ["artists", "release_date", "year", "popularity", "explicit"],
    { track_id: "id", title: "name" },
  ),
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
      `${file}: ${looks} column${missing.length === 1 ? "" : "s"} ${names.join(", ")}; ${found(header)}; ` +
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
  return { ...OWN, columns: Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined)) };
}

/** A column's name without capitals, spaces and signs. */
function plain(column: string): string {
  return column.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function found(header: readonly string[]): string {
  return `found ${header.slice(0, 40).join(", ")}${header.length > 40 ? ", …" : ""}`;
}
