/** The forms in which catalogues come: which source column holds which canonical column, told by the header. */
import { InputError } from "../data/errors.ts";
import { guessColumns } from "./headers.ts";
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
  ...["track_id", "title", "artists", "duration_ms"] as const,
  ...[...UNIT_FEATURES, "loudness", "tempo", "key", "mode"] as const,
];

/**
 * How a text holds several names: one name; `A;B`; a Python list literal; a list or what stands between semicolons, else
 * commas or bars; or a credit, which may be a list or name artists in a sentence (`A, B feat. C`).
 */
export type ListStyle = "single" | "semicolon" | "python" | "any" | "credit";

/** A form of catalogue: how its files are told, read, described to people, and written for the synthetic world. */
export interface Form {
  /** Name, e.g. `"tidytuesday"`. */
  name: string;
  /** The public file for the README: what it is called, where it is had, its size, file name and licence. */
  source?: { title: string; url: string; tracks: string; file: string; licence: string };
  /** The header line of its files. */
  header: string;
  /** Source columns whose presence tells the form. */
  signature: readonly string[];
  /** Source column by canonical column; canonical columns that the form lacks are absent. */
  columns: Partial<Record<CatalogColumn, string>>;
  /** How the artists column holds several artists. */
  artists: ListStyle;
  /** How the other list columns hold several texts; a Python list of artists has one of ids beside it. */
  lists: ListStyle;
  /** True when `NA` in a text column means missing. */
  missingNA?: boolean;
  /** True when ids are 22 letters and digits, `spotify:track:` in front allowed. */
  strictIds?: boolean;
  /** Columns that the form does not have and the file does; their lists are told by their look. */
  guessed?: readonly CatalogColumn[];
  /** How the form writes values of a column, where not as they are. */
  written?: Partial<Record<CatalogColumn, (value: unknown) => unknown>>;
}

type Names = [CatalogColumn, string][];

/** A form of nobody else. */
const OWN: Form = { name: "own", header: "", signature: [], columns: {}, artists: "credit", lists: "any" };

/** A form of a public file: `columns` are those that it does not call as we do. */
function publicForm(form: Omit<Form, "lists" | "strictIds">): Form {
  const header = form.header.split(",");
  const columns = { ...calledAlike(SOURCE_COLUMNS.filter((name) => header.includes(name))), ...form.columns };
  return { ...form, columns, lists: "single", strictIds: true };
}

function calledAlike(names: readonly CatalogColumn[]): Form["columns"] {
  return Object.fromEntries(names.map((name) => [name, name]));
}

const NOTES = "C,C#,D,D#,E,F,F#,G,G#,A,A#,B".split(",");
const pythonBoolean = (value: unknown) => value ? "True" : "False";

const SPOTIFY_1921 = {
  title: "Spotify Dataset 1921–2020",
  url: "https://www.kaggle.com/datasets/yamaerenay/spotify-dataset-19212020-600k-tracks",
  licence: "stated on its Kaggle page; read it before use",
};

/** The known forms; the first whose signature is in the header is taken. A new form is one more entry. */
export const FORMS: readonly Form[] = [
  {
    ...OWN,
    name: "segue",
    header: "track_id,title,artists,artist_ids,album,album_id,release_date,year,genres,subgenres,popularity," +
      "duration_ms,explicit,danceability,energy,loudness,speechiness,acousticness,instrumentalness,liveness,valence," +
      "tempo,key,mode,time_signature",
    signature: ["track_id", "title", "artists"],
    columns: calledAlike(SOURCE_COLUMNS),
  },
  publicForm({
    name: "tidytuesday",
    source: {
      title: "TidyTuesday 2020-01-21",
      url: "https://github.com/rfordatascience/tidytuesday/tree/main/data/2020/2020-01-21",
      tracks: "28 thousand",
      file: "spotify_songs.csv",
      licence: "CC0 for the repository",
    },
    header: "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name," +
      "track_album_release_date,playlist_name,playlist_id,playlist_genre,playlist_subgenre,danceability,energy,key," +
      "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms",
    signature: ["track_artist"],
    columns: {
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
    artists: "single",
    missingNA: true,
  }),
  publicForm({
    name: "114k",
    source: {
      title: "Spotify Tracks Dataset",
      url: "https://www.kaggle.com/datasets/maharshipandya/-spotify-tracks-dataset",
      tracks: "114 thousand rows",
      file: "dataset.csv",
      licence: "BSD on its Hugging Face card; see its page",
    },
    header: ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key," +
      "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre",
    signature: ["track_genre", "artists"],
    columns: { title: "track_name", album: "album_name", genres: "track_genre" },
    artists: "semicolon",
    written: { explicit: pythonBoolean },
  }),
  publicForm({
    name: "232k",
    source: {
      title: "Ultimate Spotify Tracks DB",
      url: "https://www.kaggle.com/datasets/zaheenhamidani/ultimate-spotify-tracks-db",
      tracks: "233 thousand rows",
      file: "SpotifyFeatures.csv",
      licence: "stated on its Kaggle page; read it before use",
    },
    header: "genre,artist_name,track_name,track_id,popularity,acousticness,danceability,duration_ms,energy," +
      "instrumentalness,key,liveness,loudness,mode,speechiness,tempo,time_signature,valence",
    signature: ["genre", "artist_name", "track_name", "track_id", "time_signature"],
    columns: { title: "track_name", artists: "artist_name", genres: "genre" },
    artists: "single",
    written: {
      key: (key) => NOTES[Number(key)] ?? key,
      mode: (mode) => mode ? "Major" : "Minor",
      time_signature: (beats) => `${beats}/4`,
    },
  }),
  publicForm({
    name: "1.2M",
    source: {
      title: "Spotify 1.2M+ Songs",
      url: "https://www.kaggle.com/datasets/rodolfofigueroa/spotify-12m-songs",
      tracks: "1.2 million",
      file: "tracks_features.csv",
      licence: "stated on its Kaggle page; read it before use",
    },
    header: "id,name,album,album_id,artists,artist_ids,track_number,disc_number,explicit,danceability,energy,key," +
      "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature," +
      "year,release_date",
    signature: ["artist_ids", "disc_number"],
    columns: { track_id: "id", title: "name" },
    artists: "python",
    written: { explicit: pythonBoolean, time_signature: (beats) => `${beats}.0` },
  }),
  publicForm({
    name: "586k",
    source: { ...SPOTIFY_1921, tracks: "586 thousand", file: "tracks.csv" },
    header: "id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key," +
      "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature",
    signature: ["id_artists"],
    columns: { track_id: "id", title: "name", artist_ids: "id_artists" },
    artists: "python",
    written: { explicit: Number },
  }),
  publicForm({
    name: "170k",
    source: { ...SPOTIFY_1921, tracks: "170 thousand", file: "data.csv" },
    header: "valence,year,acousticness,artists,danceability,duration_ms,energy,explicit,id,instrumentalness,key," +
      "liveness,loudness,mode,name,popularity,release_date,speechiness,tempo",
    signature: ["id", "artists", "year", "popularity"],
    columns: { track_id: "id", title: "name" },
    artists: "python",
    written: { explicit: Number },
  }),
];

/**
 * The form of a name.
 *
 * @throws {InputError} When there is none, naming those that there are.
 */
export function formNamed(name: string, forms: readonly Form[] = FORMS): Form {
  const form = forms.find((form) => form.name === name);
  if (form) return form;
  throw new InputError(
    `Expected a form of catalogue (${forms.map(({ name }) => name).join(", ")}) but found '${name}'`,
  );
}

/**
 * Tells the form of a source by its header. Columns that a known form lacks are taken by their names.
 *
 * @param file Name of the source, for errors.
 * @param map Source column by canonical column, over what the form says; an empty one leaves the column out.
 * @param sample The fields of some rows, which tell columns of like names apart.
 * @returns The form, its columns being those that the header has.
 * @throws {InputError} When columns are missing, naming them; when a mapped or needed column is absent or there twice.
 */
export function recogniseForm(
  file: string,
  header: readonly string[],
  map: Record<string, string> = {},
  forms: readonly Form[] = FORMS,
  sample: readonly (readonly string[])[] = [],
): Form {
  for (const [canonical, column] of Object.entries(map)) {
    if (!(SOURCE_COLUMNS as readonly string[]).includes(canonical)) {
      throw new InputError(`--map ${canonical}=${column}: expected one of ${SOURCE_COLUMNS.join(", ")}`);
    }
    if (column === "" && (CRITICAL_COLUMNS as readonly string[]).includes(canonical)) {
      throw new InputError(`--map ${canonical}=: ${canonical} is needed; name its column`);
    }
    if (column !== "" && !header.includes(column)) {
      throw new InputError(`--map ${canonical}=${column}: ${file} has no column '${column}'; ${found(header)}`);
    }
  }
  const known = forms.find((form) => form.signature.every((column) => header.includes(column)));
  const form = known ?? OWN;
  const guess = guessColumns(header, forms.flatMap(({ columns }) => Object.entries(columns)) as Names, sample);
  const own = Object.entries({ ...form.columns, ...map }).filter(([, column]) => header.includes(column));
  const taken = new Set(own.map(([, column]) => column));
  const further = Object.entries(guess).filter(([canonical, column]) =>
    !(canonical in map) && !own.some(([name]) => name === canonical) && !taken.has(column)
  );
  const columns: Form["columns"] = Object.fromEntries([...own, ...further]);
  // A key such as "C# minor" holds the mode.
  const key = sample.map((row) => row[header.indexOf(columns.key ?? "")] ?? "");
  if (columns.mode === undefined && key.some((value) => /^\s*[A-G]\S*\s+(?:maj|min)/i.test(value))) {
    columns.mode = columns.key;
  }
  const missing = CRITICAL_COLUMNS.filter((canonical) => !(canonical in columns));
  if (missing.length > 0) {
    const names = missing.map((canonical) => form.columns[canonical] ?? canonical);
    const looks = known ? `looks like the ${known.name} form but lacks` : "is of no known form: it lacks";
    throw new InputError(
      `${file}: ${looks} column${missing.length === 1 ? "" : "s"} ${names.join(", ")}; ${found(header)}; ` +
        `name ${missing.length === 1 ? "it" : "them"} with --map ${missing[0]}=COLUMN` +
        (known ? "" : `; known forms: ${forms.map(({ name }) => name).join(", ")}`),
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
  return {
    ...form,
    columns,
    guessed: further.map(([canonical]) => canonical as CatalogColumn),
    name: Object.keys(map).length > 0 ? `${form.name}, mapped` : form.name,
    artists: map.artists ? "credit" : form.artists,
    strictIds: map.track_id ? false : form.strictIds,
  };
}

function found(header: readonly string[]): string {
  if (header.length === 1) {
    return `found one column, '${header[0].slice(0, 60)}', and no commas, semicolons, tabs or | in it`;
  }
  return `found ${header.slice(0, 40).filter((name) => name !== "").join(", ")}${header.length > 40 ? ", …" : ""}`;
}
