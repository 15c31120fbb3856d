/** Scrobbles of Last.fm, as its exporters write them. */
import { InputError } from "../../data/errors.ts";
import { readTable } from "../../data/sources.ts";
import { dateOrderOf, isToTheMinute, readTime } from "../../data/times.ts";
import { type HistoryForm, type Json, textOf } from "./form.ts";

/** Names that exporters give the columns. */
const COLUMNS = {
  artist: ["artist", "artist_name", "artist name", "artistname"],
  title: ["track", "track_name", "track name", "trackname", "track title", "title", "song", "name"],
  time: [
    ...["uts", "timestamp", "utc_time", "date", "datetime", "date_time", "time", "date_uts", "scrobbled_at"],
    ...["scrobbled at", "scrobble time", "played_at", "played at", "date and time", "date/time", "date (utc)"],
  ],
};

/** Last.fm's scrobbles: a table with a header, or the four columns artist, album, track, date without one; or objects. */
export const LASTFM: HistoryForm = {
  name: "lastfm",
  title: "Last.fm as CSV or JSON",
  source: "Last.fm: any of its exporters (lastfm-to-csv, lastfmstats.com, lastfm.ghan.nl)",
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
    const entries = rows.map(({ artist, title }, i) =>
      title === undefined ? undefined : {
        reference: { title, artist },
        ...{ start: starts[i], played: NaN, skipped: null, shuffle: null, toTheMinute },
      }
    );
    const words = order && (order.order === "dmy" ? "day before month" : "month before day");
    return { entries, note: words && `${words}, told by ${order.told}` };
  },
};

interface Row {
  artist?: string;
  title?: string;
  time: string;
}

function rowsOfTable(text: string): Row[] | undefined {
  const { columns, rows } = readTable(text, COLUMNS);
  let { artist, title, time } = columns;
  const headless = artist < 0 && title < 0 && rows[0]?.length === 4 && isTime(rows[0][3]);
  if (headless) [artist, title, time] = [0, 2, 3];
  else if (artist < 0 || title < 0 || time < 0) return undefined;
  return rows.slice(headless ? 0 : 1).map((row) => (
    { artist: textOf(row[artist]), title: textOf(row[title]), time: row[time] ?? "" }
  ));
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
    artist: textOf(valueOf(object, COLUMNS.artist)),
    title: textOf(valueOf(object, COLUMNS.title)),
    time: valueOf(object, COLUMNS.time) ?? "",
  }));
  return rows.slice(0, 20).some(({ artist, title, time }) => artist && title && isTime(time)) ? rows : undefined;
}

function isTime(text: string): boolean {
  return !Number.isNaN(readTime(text, "dmy")) || !Number.isNaN(readTime(text, "mdy"));
}
