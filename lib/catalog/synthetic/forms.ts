/**
 * The synthetic world as CSV rows, in the header of any of the public catalogues, with what is dirty in them.
 *
 * @module
 */
import { csvFormatRow } from "d3-dsv";
import { randomInteger, seededRandom } from "../../math/random.ts";
import { COPULA_FEATURES, SUBGENRES } from "./calibration.ts";
import { identifier } from "./identifiers.ts";
import type { WorldArtists, WorldTrack } from "./tracks.ts";

/** The header that the CSV file has: our own, or that of one of the public files. */
export type WorldForm = "segue" | "tidytuesday" | "114k" | "1.2M" | "586k";

/** The known forms. */
export const WORLD_FORMS: readonly WorldForm[] = ["segue", "tidytuesday", "114k", "1.2M", "586k"];

/** The columns of each form in order: the name, and `=` the field of {@linkcode fieldsOf} where that is called otherwise. */
const COLUMNS: Record<WorldForm, string> = {
  segue: "track_id title artists artist_ids album album_id release_date year genres=genre subgenres=subgenre " +
    "popularity duration_ms explicit danceability energy loudness speechiness acousticness instrumentalness liveness " +
    "valence tempo key mode time_signature",
  tidytuesday:
    "track_id track_name=title track_artist=main_artist track_popularity=popularity track_album_id=album_id " +
    "track_album_name=album track_album_release_date=release_date playlist_name playlist_id playlist_genre=genre " +
    "playlist_subgenre=subgenre danceability energy key loudness mode speechiness acousticness instrumentalness " +
    "liveness valence tempo duration_ms",
  "114k": "=line track_id artists album_name=album track_name=title popularity duration_ms explicit=explicit_python " +
    "danceability energy key loudness mode speechiness acousticness instrumentalness liveness valence tempo " +
    "time_signature track_genre=genre",
  "1.2M": "id=track_id name=title album album_id artists=artists_python artist_ids=artist_ids_python track_number " +
    "disc_number explicit=explicit_python danceability energy key loudness mode speechiness acousticness " +
    "instrumentalness liveness valence tempo duration_ms time_signature=beats_python year release_date",
  "586k": "id=track_id name=title popularity duration_ms explicit=explicit_number artists=artists_python " +
    "id_artists=artist_ids_python release_date danceability energy key loudness mode speechiness acousticness " +
    "instrumentalness liveness valence tempo time_signature",
};
/** Forms that list a track once for every genre or playlist it is in. */
const REPEATING: readonly WorldForm[] = ["segue", "tidytuesday", "114k"];
const MISSING_NAMES_SHARE = 0.00015;
const WAITING = 4096;

/**
 * The header line of a form.
 *
 * @param form The form.
 * @returns The line, with its end.
 */
export function csvHeader(form: WorldForm): string {
  return csvFormatRow(columnsOf(form).map(([name]) => name)) + "\n";
}

/**
 * Turns tracks into CSV lines. In the forms that know genres a track has a line for each of its subgenres; the further
 * ones come up to some thousand lines later, as in files that were gathered playlist by playlist. About one line in
 * 6,700 is a track of which the source lost title, artist and album.
 *
 * @param artists The artists of the world.
 * @param tracks Its tracks.
 * @param form The header to follow.
 * @param seed Seed of the world.
 * @returns The lines, each with its end.
 */
export function* worldRows(
  artists: WorldArtists,
  tracks: Iterable<WorldTrack>,
  form: WorldForm,
  seed: number,
): Generator<string> {
  const random = seededRandom(seed, "rows");
  const waiting: string[] = [];
  const repeats = REPEATING.includes(form);
  const columns = columnsOf(form);
  let line = 0;
  let broken = 0;
  const row = (track: WorldTrack, subgenre: number, names = artists.names) => {
    const fields = fieldsOf(track, subgenre, names, seed, line++);
    return csvFormatRow(columns.map(([, field]) => String(fields[field]))) + "\n";
  };
  for (const track of tracks) {
    yield row(track, track.subgenres[0]);
    if (random() < MISSING_NAMES_SHARE) {
      const lost = form === "tidytuesday" ? "NA" : "";
      const nameless = { ...track, id: identifier(seed, "broken", broken++), title: lost, albumTitle: lost };
      yield row(nameless, track.subgenres[0], []);
    }
    if (!repeats) continue;
    for (let s = 1; s < track.subgenres.length; s++) {
      waiting.push(row(track, track.subgenres[s]));
    }
    while (waiting.length > WAITING) {
      const at = randomInteger(random, waiting.length);
      yield waiting[at];
      waiting[at] = waiting[waiting.length - 1];
      waiting.pop();
    }
  }
  yield* waiting;
}

/** Names and fields of the columns of a form. */
function columnsOf(form: WorldForm): [name: string, field: keyof ReturnType<typeof fieldsOf>][] {
  return COLUMNS[form].split(" ").map((column) => {
    const [name, field = name] = column.split("=");
    return [name, field as keyof ReturnType<typeof fieldsOf>];
  });
}

/** What the forms say of a track; without names where the source lost them. */
function fieldsOf(track: WorldTrack, subgenre: number, names: readonly string[], seed: number, line: number) {
  const artists = names.length === 0 ? [] : track.artists.map((artist) => names[artist]);
  const ids = track.artists.map((artist) => identifier(seed, "artist", artist));
  const playlist = track.index % 20;
  const { key, mode, popularity, explicit } = track;
  const audio = COPULA_FEATURES.slice(0, track.audio.length).map((name, f) => [name, track.audio[f]]);
  return {
    ...Object.fromEntries(audio) as Record<typeof COPULA_FEATURES[number], number>,
    line,
    track_id: track.id,
    title: track.title,
    main_artist: artists[0] ?? "NA",
    artists: artists.join(";"),
    artists_python: pythonList(artists),
    artist_ids: ids.join(";"),
    artist_ids_python: pythonList(ids),
    album: track.albumTitle,
    album_id: identifier(seed, "album", track.album),
    track_number: track.trackNumber,
    disc_number: 1,
    release_date: track.releaseDate,
    year: track.releaseDate === "0000" ? 0 : track.year,
    genre: SUBGENRES[subgenre].genre,
    subgenre: SUBGENRES[subgenre].name,
    playlist_name: `${SUBGENRES[subgenre].name} ${playlist}`,
    playlist_id: identifier(seed, "album", -1 - subgenre * 20 - playlist),
    popularity,
    duration_ms: track.durationMs,
    explicit,
    explicit_python: explicit ? "True" : "False",
    explicit_number: explicit ? 1 : 0,
    key,
    mode,
    time_signature: track.timeSignature,
    beats_python: `${track.timeSignature}.0`,
  };
}

/** A list as Python prints it: single quotes, double ones around a text that has a single quote. */
function pythonList(texts: readonly string[]): string {
  return `[${texts.map((text) => text.includes("'") ? `"${text}"` : `'${text}'`).join(", ")}]`;
}
