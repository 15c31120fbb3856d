/** The listens that ListenBrainz exports, or its server answers. */
import { type HistoryForm, type Json, jsonForm, textOf } from "./form.ts";

/** ListenBrainz' listens. */
export const LISTENBRAINZ: HistoryForm = jsonForm(
  {
    name: "listenbrainz",
    title: "ListenBrainz as JSON or JSON lines",
    source: "ListenBrainz: settings, export",
    times: "when the track started, seconds since 1970, UTC",
  },
  ["track_metadata"],
  (entry) => {
    const metadata = (entry.track_metadata ?? {}) as Json;
    const title = textOf(metadata.track_name);
    if (title === undefined) return undefined;
    const info = (metadata.additional_info ?? {}) as Json;
    const credits = (metadata.mbid_mapping as { artists?: { artist_credit_name?: unknown }[] } | null)?.artists;
    const artists = textsOf(credits?.map((artist) => artist.artist_credit_name) ?? info.artist_names);
    const reference = {
      id: [info.spotify_id, info.origin_url].map(textOf).find((id) => id !== undefined && /spotify/.test(id)),
      title,
      artist: textOf(metadata.artist_name),
      ...artists.length > 0 && { artists },
    };
    const start = 1000 * Number(entry.listened_at ?? NaN);
    return { reference, start, played: NaN, skipped: null, shuffle: null };
  },
);

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((text) => textOf(text) ?? []) : [];
}
