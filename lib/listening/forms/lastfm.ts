/** Scrobbles of Last.fm, as its exporters write them. */
import { readTable } from "../../data/sources.ts";
import { readTime } from "../../data/times.ts";
import { type HistoryForm, textOf } from "./form.ts";

/** Names that exporters give the columns. */
const COLUMNS = {
  artist: ["artist", "artist_name", "artist name"],
  title: ["track", "track_name", "track name", "title", "song", "name"],
  time: ["uts", "timestamp", "utc_time", "date", "datetime", "time", "date_uts", "scrobbled_at"],
};

/** Last.fm's scrobbles: a table with a header, or the four columns artist, album, track, date without one. */
export const LASTFM: HistoryForm = {
  name: "lastfm",
  title: "Last.fm as CSV",
  source: "Last.fm: any of its exporters",
  told: "a table with columns artist, track and uts or date, or artist, album, track, date without a header",
  times: "when the track started, UTC unless the text names a zone",
  files: /scrobbles.*\.csv$/,
  read({ text, objects }) {
    if (objects) return undefined;
    const { columns, rows } = readTable(text, COLUMNS);
    let { artist, title, time } = columns;
    const headless = artist < 0 && title < 0 && rows[0]?.length === 4 && !Number.isNaN(readTime(rows[0][3]));
    if (headless) [artist, title, time] = [0, 2, 3];
    else if (artist < 0 || title < 0 || time < 0) return undefined;
    return rows.slice(headless ? 0 : 1).map((row) => {
      const reference = { title: textOf(row[title]), artist: textOf(row[artist]) };
      if (reference.title === undefined) return undefined;
      return { reference, start: readTime(row[time] ?? ""), played: NaN, skipped: null, shuffle: null };
    });
  },
};
