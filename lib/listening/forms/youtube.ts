/** What was heard on YouTube Music, from Google's takeout. */
import { readTime } from "../../data/times.ts";
import { type HistoryForm, type Json, jsonForm, textOf } from "./form.ts";

/** What stands around a title in the language of the account. */
const WATCHED =
  /^(?:Watched|Hai guardato|Has visto|Vous avez regardé|Você assistiu a|Je hebt gekeken naar|Du tittade på) | angesehen$/;

/** The watch history of YouTube; of it only what was heard in YouTube Music. */
export const YOUTUBE: HistoryForm = jsonForm(
  {
    name: "youtube-music",
    title: "YouTube Music's watch history as JSON",
    source: "Google: takeout, YouTube and YouTube Music, history, as JSON",
    times: "when the track started, UTC",
  },
  ["header", "titleUrl", "time"],
  (entry) => {
    const title = textOf(entry.title)?.replace(WATCHED, "");
    const [channel] = (entry.subtitles ?? []) as Json[];
    if (entry.header !== "YouTube Music" || title === undefined) return undefined;
    const reference = { title, artist: textOf(channel?.name)?.replace(/ - Topic$/, "") };
    return { reference, start: readTime(String(entry.time)), played: NaN, skipped: null, shuffle: null };
  },
);
