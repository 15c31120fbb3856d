/** The streaming histories of Spotify's account export. */
import { readTime } from "../../data/times.ts";
import { type HistoryForm, jsonForm, lengthOf, textOf } from "./form.ts";

/** Every stream since the account exists, with ids and why it ended; music videos among them. */
export const SPOTIFY_EXTENDED: HistoryForm = jsonForm(
  {
    name: "spotify-extended",
    title: "Spotify's extended streaming history",
    source: "Spotify: account, privacy settings, extended streaming history; `endsong.json` in 2021 and before",
    times: "when the stream ended, UTC; its start is reckoned from `ms_played`",
  },
  ["ts", "ms_played"],
  (entry) => {
    const title = textOf(entry.master_metadata_track_name);
    const id = textOf(entry.spotify_track_uri);
    if (title === undefined && id === undefined) return undefined;
    const played = lengthOf(entry.ms_played);
    return {
      reference: { id, title, artist: textOf(entry.master_metadata_album_artist_name) },
      start: readTime(String(entry.ts)) - (played || 0),
      played,
      // Before 2022 `skipped` is null, and only the reason tells that the button for the next track was pressed.
      skipped: entry.skipped === true || entry.reason_end === "fwdbtn",
      shuffle: typeof entry.shuffle === "boolean" ? entry.shuffle : null,
      // Old exports have 0 where there is none.
      offline: Number(entry.offline_timestamp) || undefined,
    };
  },
);

/** The streams of the last year, without ids. */
export const SPOTIFY_SHORT: HistoryForm = jsonForm(
  {
    name: "spotify-short",
    title: "Spotify's short streaming history",
    source: "Spotify: account, privacy settings, account data",
    times: "when the stream ended, to the minute, UTC; its start is reckoned from `msPlayed`",
  },
  ["endTime", "msPlayed"],
  (entry) => {
    const title = textOf(entry.trackName);
    if (title === undefined) return undefined;
    const played = lengthOf(entry.msPlayed);
    const start = readTime(String(entry.endTime)) - (played || 0);
    const reference = { title, artist: textOf(entry.artistName) };
    return { reference, start, played, skipped: null, shuffle: null, toTheMinute: true };
  },
);
