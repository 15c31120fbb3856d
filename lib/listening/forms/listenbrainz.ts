/** The listens that ListenBrainz exports, or its server answers. */
import { type HistoryForm, type Json, jsonForm, textOf } from "./form.ts";

/** ListenBrainz' listens. */
export const LISTENBRAINZ: HistoryForm = jsonForm(
  {
    name: "listenbrainz",
    title: "ListenBrainz as JSON or JSON lines",
    source: "ListenBrainz: settings, export",
    times: "when the track started, seconds since 1970, UTC",
    files: /^(listens.*|\d+)\.jsonl?$/,
  },
  ["track_metadata"],
  (entry) => {
    const metadata = entry.track_metadata as Json | null;
    const title = textOf(metadata?.track_name);
    if (title === undefined) return undefined;
    const info = metadata?.additional_info as Json | undefined;
    const reference = { id: textOf(info?.spotify_id), title, artist: textOf(metadata?.artist_name) };
    return { reference, start: 1000 * Number(entry.listened_at), played: NaN, skipped: null, shuffle: null };
  },
);
