/**
 * The synthetic world as CSV rows, in the header of any of the public catalogues, with what is dirty in them.
 *
 * @module
 */
import { randomInteger, seededRandom } from "../../random.ts";
import { GENRES, SUBGENRES } from "./calibration.ts";
import { identifier } from "./identifiers.ts";
import type { WorldArtists, WorldTrack } from "./tracks.ts";

/** The header that the CSV file has: our own, or that of one of the public files. */
export type WorldForm = "segue" | "tidytuesday" | "114k" | "1.2M" | "586k";

/** The known forms. */
export const WORLD_FORMS: readonly WorldForm[] = ["segue", "tidytuesday", "114k", "1.2M", "586k"];

const HEADERS: Record<WorldForm, string> = {
  segue: "track_id,title,artists,artist_ids,album,album_id,release_date,year,genres,subgenres,popularity,duration_ms," +
    "explicit,danceability,energy,loudness,speechiness,acousticness,instrumentalness,liveness,valence,tempo,key,mode," +
    "time_signature",
  tidytuesday: "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name," +
    "track_album_release_date,playlist_name,playlist_id,playlist_genre,playlist_subgenre,danceability,energy,key," +
    "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms",
  "114k": ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness," +
    "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre",
  "1.2M": "id,name,album,album_id,artists,artist_ids,track_number,disc_number,explicit,danceability,energy,key," +
    "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature,year," +
    "release_date",
  "586k": "id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key,loudness," +
    "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature",
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
  return HEADERS[form] + "\n";
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
  let line = 0;
  let broken = 0;
  for (const track of tracks) {
    yield row(form, artists, track, track.subgenres[0], seed, line++);
    if (random() < MISSING_NAMES_SHARE) yield brokenRow(form, artists, track, seed, broken++, line++);
    if (!repeats) continue;
    for (let s = 1; s < track.subgenres.length; s++) {
      waiting.push(row(form, artists, track, track.subgenres[s], seed, line++));
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

function brokenRow(
  form: WorldForm,
  artists: WorldArtists,
  track: WorldTrack,
  seed: number,
  broken: number,
  line: number,
) {
  const nameless = {
    ...track,
    id: identifier(seed, "broken", broken),
    title: form === "tidytuesday" ? "NA" : "",
    albumTitle: form === "tidytuesday" ? "NA" : "",
  };
  return row(form, { ...artists, names: [] }, nameless, track.subgenres[0], seed, line);
}

function row(
  form: WorldForm,
  artists: WorldArtists,
  track: WorldTrack,
  subgenre: number,
  seed: number,
  line: number,
): string {
  const names = artists.names.length === 0 ? [] : track.artists.map((artist) => artists.names[artist]);
  const ids = track.artists.map((artist) => identifier(seed, "artist", artist));
  const sub = SUBGENRES[subgenre];
  const a = track.audio;
  const title = csv(track.title);
  const album = csv(track.albumTitle);
  const { key, mode, timeSignature: beats, durationMs, popularity, explicit, releaseDate, id } = track;
  const year = releaseDate === "0000" ? 0 : track.year;
  switch (form) {
    case "segue":
      return `${id},${title},${csv(names.join(";"))},${ids.join(";")},${album},${
        identifier(seed, "album", track.album)
      },` +
        `${releaseDate},${year},${sub.genre},${sub.name},${popularity},${durationMs},${explicit},` +
        `${a[0]},${a[1]},${a[2]},${a[3]},${a[4]},${a[5]},${a[6]},${a[7]},${a[8]},${key},${mode},${beats}\n`;
    case "tidytuesday": {
      const playlist = track.index % 20;
      return `${id},${title},${csv(names[0] ?? "NA")},${popularity},${
        identifier(seed, "album", track.album)
      },${album},` +
        `${releaseDate},${sub.name} ${playlist},${identifier(seed, "album", -1 - subgenre * 20 - playlist)},` +
        `${sub.genre},${sub.name},${a[0]},${a[1]},${key},${a[2]},${mode},${a[3]},${a[4]},${a[5]},${a[6]},${a[7]},` +
        `${a[8]},${durationMs}\n`;
    }
    case "114k":
      return `${line},${id},${csv(names.join(";"))},${album},${title},${popularity},${durationMs},${
        python(explicit)
      },` +
        `${a[0]},${a[1]},${key},${a[2]},${mode},${a[3]},${a[4]},${a[5]},${a[6]},${a[7]},${a[8]},${beats},` +
        `${GENRES[sub.genreIndex].name}\n`;
    case "1.2M":
      return `${id},${title},${album},${identifier(seed, "album", track.album)},${csv(pythonList(names))},` +
        `${csv(pythonList(ids))},${track.trackNumber},1,${python(explicit)},${a[0]},${a[1]},${key},${a[2]},${mode},` +
        `${a[3]},${a[4]},${a[5]},${a[6]},${a[7]},${a[8]},${durationMs},${beats}.0,${year},${releaseDate}\n`;
    case "586k":
      return `${id},${title},${popularity},${durationMs},${explicit ? 1 : 0},${csv(pythonList(names))},` +
        `${csv(pythonList(ids))},${releaseDate},${a[0]},${a[1]},${key},${a[2]},${mode},${a[3]},${a[4]},${a[5]},${
          a[6]
        },` +
        `${a[7]},${a[8]},${beats}\n`;
  }
}

/** A field of RFC 4180: in quotes where it must be. */
function csv(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const python = (value: boolean): string => value ? "True" : "False";

/** A list as Python prints it: single quotes, double ones around a text that has a single quote. */
function pythonList(texts: readonly string[]): string {
  return `[${texts.map((text) => text.includes("'") ? `"${text}"` : `'${text}'`).join(", ")}]`;
}
