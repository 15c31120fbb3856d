/** Lists of tracks as tables and as lines of text. */
import { readTable } from "../../data/sources.ts";
import { entryOf, isFieldOfTrack, isTrackUri, type LibraryForm } from "./entry.ts";
import { readingsOfName } from "./names.ts";

/** A table with a header that is known, or with tracks of Spotify in some column. */
export const TABLE: LibraryForm = {
  name: "table",
  title: "CSV and other tables",
  source: "Exportify, Soundiiz, TuneMyMusic, FreeYourMusic, iTunes' text, YouTube Music, Mp3tag, Segue",
  told: "columns of ids, or of titles and artists, named in nine languages; a column of Spotify's ids tells itself; " +
    "commas, semicolons or tabs, quoted or not",
  files: [],
  read({ text }) {
    const { rows } = readTable(text, {});
    const [header, ...rest] = rows;
    if (header === undefined || header.length < 2 && !isFieldOfTrack(header[0])) return undefined;
    if (header.some(isFieldOfTrack) || rest.some((row) => row.some(isTrackUri))) {
      const names = header.map((name, c) => name || `column ${c}`);
      const isHeader = !header.some(isTrackUri);
      const entries = (isHeader ? rest : rows).map((row) =>
        entryOf(Object.fromEntries(names.map((name, c) => [name, row[c] ?? ""]))) ??
          { readings: [{ title: row.join(" ") }] }
      );
      return { entries };
    }
    return undefined;
  },
};

/** Ids or names, one a line, and tables without a header. */
export const LINES: LibraryForm = {
  name: "lines",
  title: "plain text",
  source: "anything",
  told: "one id a line, or `Artist - Title`, or artist and title in two columns without a header",
  files: [],
  read({ text }) {
    const { header, rows } = readTable(text, {});
    if (rows.length === 0) return undefined;
    const lines = text.split(/\r\n?|\n/).map((line) => line.trim()).filter((line) => line !== "");
    const width = Math.min(...rows.map((row) => row.length));
    const entries = lines.map((line) => {
      const [reading, ...others] = readingsOfName(line);
      return { readings: [{ ...reading, id: line }, ...others] };
    });
    if (width < 2 || rows.length !== lines.length) return { entries };
    const columns = [0, 1, 2, 3].filter((c) => c < width);
    return {
      entries: entries.map(({ readings }, i) => ({
        readings: [
          ...readings,
          ...columns.flatMap((a) =>
            columns.filter((b) => a !== b).map((b) => ({ title: rows[i][a], artist: rows[i][b], exact: true }))
          ),
        ],
      })),
      doubt: `expected a column track_id or uri, or title and artist, but found ${header.slice(0, 6).join(", ")}`,
    };
  },
};
