/** Scrobbles of Last.fm, as its exporters write them. */
import { InputError } from "../../data/errors.ts";
import { readTable } from "../../data/sources.ts";
import { dateOrderOf, isToTheMinute, readTime } from "../../data/times.ts";
import { type HistoryForm, type Json, lengthOf, textOf } from "./form.ts";

/** Names that exporters give the columns, in several languages. */
const NAMES = {
  artist:
    ("artist, artist_name, artist name, artistname, container artist name, künstler, interpret, artiste, artista, " +
      "artiest").split(", "),
  title: ("track, track_name, track name, trackname, track title, title, song, song name, song title, name, titel, " +
    "titre, título, titolo, brano, canción, faixa").split(", "),
  time: ("uts, timestamp, utc_time, date, datetime, date_time, time, date_uts, scrobbled_at, scrobbled at, " +
    "scrobble time, played_at, played at, date and time, date/time, date (utc), event start timestamp, datum, fecha, " +
    "data").split(", "),
  clock: "time, time (utc), hour, uhrzeit, heure, hora, ora, tijd".split(", "),
  milliseconds: ["ms_played", "msplayed", "play duration milliseconds"],
  seconds: ["listening time"],
};
type ColumnName = keyof typeof NAMES;

/** Last.fm's scrobbles: a table with a header, or the four columns artist, album, track, date without one; or objects. */
export const LASTFM: HistoryForm = {
  name: "lastfm",
  title: "Last.fm as CSV or JSON, other tables of plays",
  source: "Last.fm: any of its exporters (lastfm-to-csv, lastfmstats.com, lastfm.ghan.nl); " +
    "Apple Music's Play Activity, Deezer's listening history as CSV",
  told: "a table with columns artist, track and uts or date, or artist, album, track, date without a header; " +
    "objects with artist, track or name, and date",
  times: "when the track started, UTC unless the text names a zone; " +
    "the order of day and month is told from all dates of a file, else `--dates dmy` or `--dates mdy` says it",
  read({ text, objects, dates }) {
    const rows = objects ? rowsOfObjects(objects) : rowsOfTable(text);
    if (rows === undefined) return undefined;
    const times = rows.map(({ time }) => time);
    const order = dateOrderOf(times, dates);
    const starts = times.map((time) => readTime(time, order?.order));
    if (rows.length > 0 && starts.every(Number.isNaN)) {
      throw new InputError(
        `Expected the times of plays, such as 2024-05-01 10:00 or 1714557600, but found ${times[0]}`,
      );
    }
    const toTheMinute = times.every((time, i) => Number.isNaN(starts[i]) || isToTheMinute(time));
    const entries = rows.map(({ artist, title, played = NaN }, i) =>
      title === undefined ? undefined : {
        reference: { title, artist },
        ...{ start: starts[i], played, skipped: null, shuffle: null, toTheMinute },
      }
    );
    const words = order && (order.order === "dmy" ? "day before month" : "month before day");
    return { entries, note: words && `${words}, ${order.told}` };
  },
};

interface Row {
  artist?: string;
  title?: string;
  time: string;
  /** How long it played, ms. */
  played?: number;
}

/** A table with a header; or `artist, album, track, date`, `artist, track, date` or `date, clock, artist, track`. */
function rowsOfTable(text: string): Row[] | undefined {
  const { columns, rows } = readTable(text, NAMES);
  const headed = columns.artist >= 0 && columns.title >= 0 && columns.time >= 0;
  const places = headed ? columns : placesWithoutHeader(rows[0] ?? []);
  if (places === undefined) return undefined;
  const { artist, title, time, clock = -1, milliseconds = -1, seconds = -1 } = places;
  return rows.slice(headed ? 1 : 0).map((row) => ({
    artist: textOf(row[artist]),
    title: textOf(row[title]),
    time: /:|^\d*$/.test(row[time] ?? "") || clock < 0 ? row[time] ?? "" : `${row[time]} ${row[clock]}`,
    played: milliseconds >= 0 ? lengthOf(row[milliseconds]) : 1000 * lengthOf(row[seconds]),
  }));
}

function placesWithoutHeader(
  row: readonly string[],
): Pick<Record<ColumnName, number>, "artist" | "title" | "time"> & Partial<Record<ColumnName, number>> | undefined {
  const last = row.length - 1;
  if ((last === 2 || last === 3) && isTime(row[last])) return { artist: 0, title: last - 1, time: last };
  const isSplit = last === 3 && /^\d{1,2}:\d\d/.test(row[1]) && isTime(`${row[0]} ${row[1]}`);
  return isSplit ? { artist: 2, title: 3, time: 0, clock: 1 } : undefined;
}

/** Objects with the columns as keys; where the value is an object too, its text is taken, as Last.fm's server answers. */
function rowsOfObjects(objects: readonly Json[]): Row[] | undefined {
  const valueOf = (object: Json, names: readonly string[]) => {
    const value = names.map((name) => object[name]).find((value) => value !== undefined && value !== null);
    const inner = typeof value === "object"
      ? (value as Json).uts ?? (value as Json)["#text"] ?? (value as Json).name
      : value;
    return inner === undefined ? undefined : String(inner);
  };
  const rows = objects.map((object) => ({
    artist: textOf(valueOf(object, NAMES.artist)),
    title: textOf(valueOf(object, NAMES.title)),
    time: valueOf(object, NAMES.time) ?? "",
  }));
  return rows.slice(0, 20).some(({ artist, title, time }) => artist && title && isTime(time)) ? rows : undefined;
}

function isTime(text: string): boolean {
  return !Number.isNaN(readTime(text, "dmy")) || !Number.isNaN(readTime(text, "mdy"));
}
