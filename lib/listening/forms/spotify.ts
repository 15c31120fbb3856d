/** The streaming histories of Spotify's account export. */
import { readTime } from "../../data/times.ts";
import { type HistoryForm, jsonForm, textOf } from "./form.ts";

/** Every stream since the account exists, with ids and why it ended. */
export const SPOTIFY_EXTENDED: HistoryForm = jsonForm(
  {
    name: "spotify-extended",
    title: "Spotify's extended streaming history",
    source: "Spotify: account, privacy settings, extended streaming history",
    times: "when the stream ended, UTC; its start is reckoned from `ms_played`",
    files: /^(Streaming_History_Audio_.*|endsong_\d+)\.json$/,
  },
  ["ts", "ms_played"],
  (entry) => {
    const title = textOf(entry.master_metadata_track_name);
    const id = textOf(entry.spotify_track_uri);
    if (title === undefined && id === undefined) return undefined;
    const played = Number(entry.ms_played);
    return {
      reference: { id, title, artist: textOf(entry.master_metadata_album_artist_name) },
      start: readTime(String(entry.ts)) - played,
      played,
      // Before 2022 `skipped` is null, and only the reason tells that the button for the next track was pressed.
      skipped: entry.skipped === true || entry.reason_end === "fwdbtn",
      shuffle: typeof entry.shuffle === "boolean" ? entry.shuffle : null,
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
    files: /^StreamingHistory(_music)?_?\d*\.json$/,
  },
  ["endTime", "msPlayed"],
  (entry) => {
    const title = textOf(entry.trackName);
    if (title === undefined) return undefined;
    const played = Number(entry.msPlayed);
    const reference = { title, artist: textOf(entry.artistName) };
    return { reference, start: readTime(String(entry.endTime)) - played, played, skipped: null, shuffle: null };
  },
);
