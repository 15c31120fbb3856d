/**
 * The synthetic world as CSV lines, in the header of any of the known forms, with what is dirty in the public files.
 */
import { csvFormatRow } from "d3-dsv";
import { randomInteger, seededRandom } from "../../math/random.ts";
import type { Form, ListStyle } from "../forms.ts";
import { isList, listStyle } from "../rules.ts";
import type { CatalogColumn } from "../catalog.ts";
import { COPULA_FEATURES, SUBGENRES } from "./calibration.ts";
import { identifier } from "./identifiers.ts";
import type { WorldArtists, WorldTrack } from "./tracks.ts";

const MISSING_NAMES_SHARE = 0.00015;
const WAITING = 4096;

/**
 * The CSV file of a world in a form, line by line: its header, then the tracks. In the forms that know genres a track has
 * a line for each of its subgenres; the further ones come up to some thousand lines later, as in files that were gathered
 * playlist by playlist. About one line in 6,700 is a track of which the source lost title, artist and album.
 */
export function* worldLines(
  artists: WorldArtists,
  tracks: Iterable<WorldTrack>,
  form: Form,
  seed: number,
): Generator<string> {
  const random = seededRandom(seed, "rows");
  const waiting: string[] = [];
  const header = form.header.split(",");
  const repeats = "genres" in form.columns;
  const canonical = new Map(Object.entries(form.columns).map(([name, column]) => [column, name as CatalogColumn]));
  const columns = header.map((column) => ({ column, name: canonical.get(column) }));
  let line = 0;
  let broken = 0;
  const row = (track: WorldTrack, subgenre: number, names = artists.names) => {
    const values = valuesOf(track, subgenre, names, seed, line++);
    return csvFormatRow(columns.map(({ column, name }) => {
      const value = values[name ?? column];
      if (name && isList(name)) return writeList(value as string[], listStyle(name, form));
      return String(name && form.written?.[name] ? form.written[name](value) : value);
    })) + "\n";
  };
  yield csvFormatRow(header) + "\n";
  for (const track of tracks) {
    yield row(track, track.subgenres[0]);
    if (random() < MISSING_NAMES_SHARE) {
      const lost = form.missingNA ? "NA" : "";
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

/** What is known of a track, by canonical column or the source's own; without artists where the source lost them. */
function valuesOf(
  track: WorldTrack,
  subgenre: number,
  names: readonly string[],
  seed: number,
  line: number,
): Record<string, unknown> {
  const { name, genre } = SUBGENRES[subgenre];
  const playlist = track.index % 20;
  const { title, releaseDate, trackNumber, popularity, explicit, key, mode, timeSignature, durationMs } = track;
  return {
    ...Object.fromEntries(COPULA_FEATURES.slice(0, track.audio.length).map((name, f) => [name, track.audio[f]])),
    "": line,
    track_id: track.id,
    artists: names.length === 0 ? [] : track.artists.map((artist) => names[artist]),
    artist_ids: track.artists.map((artist) => identifier(seed, "artist", artist)),
    album: track.albumTitle,
    album_id: identifier(seed, "album", track.album),
    track_number: trackNumber,
    disc_number: 1,
    release_date: releaseDate,
    year: releaseDate === "0000" ? 0 : track.year,
    genres: [genre],
    subgenres: [name],
    playlist_name: `${name} ${playlist}`,
    playlists: [identifier(seed, "album", -1 - subgenre * 20 - playlist)],
    duration_ms: durationMs,
    time_signature: timeSignature,
    ...{ title, popularity, explicit, key, mode },
  };
}

/** Several texts in one field. Python prints single quotes, double ones around a text that has a single quote. */
function writeList(texts: readonly string[], style: ListStyle): string {
  if (style === "single") return texts[0] ?? "NA";
  if (style !== "python") return texts.join(";");
  return `[${texts.map((text) => text.includes("'") ? `"${text}"` : `'${text}'`).join(", ")}]`;
}
