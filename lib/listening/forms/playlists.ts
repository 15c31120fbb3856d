/** Playlists of players in plain text: M3U and PLS. */
import { isTrackUri, type LibraryEntry, type LibraryForm } from "./entry.ts";
import { type Reading, readingsOfFile, readingsOfName } from "./names.ts";

/** `#EXTINF:seconds,Artist - Title`, then the location. */
export const M3U: LibraryForm = {
  name: "m3u",
  title: "M3U and M3U8",
  source: "VLC, foobar2000, MusicBee, Winamp, iTunes, Plex, Segue and nearly every other player",
  told: "ids; `#EXTINF` and `#EXTART`; else names of files and their folders, percent-encoded or not",
  files: [".m3u", ".m3u8"],
  read({ path, text }) {
    if (!/\.m3u8?$/i.test(path) && !/^#EXT(?:M3U|INF)/.test(text)) return undefined;
    const entries: LibraryEntry[] = [];
    let told: { name?: string; artist?: string; id?: string } = {};
    for (const line of text.split(/\r\n?|\n/).map((line) => line.trim())) {
      const [, directive, value] = /^(#EXTINF:|#EXTART:|#SEGUE-TRACK:)(.*)$/i.exec(line) ?? [];
      if (directive === "#SEGUE-TRACK:") told.id = value;
      else if (/art/i.test(directive)) told.artist = value.trim();
      else if (directive) told.name = nameIn(value);
      else if (line !== "" && !line.startsWith("#")) {
        entries.push(entryOfFile(line, told));
        told = {};
      }
    }
    return { entries };
  },
};

/** `File1=…`, `Title1=Artist - Title`. */
export const PLS: LibraryForm = {
  name: "pls",
  title: "PLS",
  source: "Winamp, Rhythmbox, Audacious, radio stations",
  told: "`FileN` and `TitleN`",
  files: [".pls"],
  read({ text }) {
    if (!/^\s*\[playlist\]/i.test(text)) return undefined;
    const lines = [...text.matchAll(/^\s*(File|Title)(\d+)\s*=\s*(.*?)\s*$/gim)];
    const names = new Map(lines.map(([, field, number, value]) => [field.toLowerCase() + number, value]));
    const files = lines.filter(([, field]) => /file/i.test(field));
    return { entries: files.map(([, , number, file]) => entryOfFile(file, { name: names.get(`title${number}`) })) };
  },
};

/** What stands behind the seconds and the attributes, whose values may have commas in them. */
function nameIn(value: string): string {
  const all = /^\s*-?[\d.]*(?:\s+[\w-]+=(?:"[^"]*"|[^\s",]*))*\s*,(.*)$/.exec(value) ?? /^[^,]*,(.*)$/.exec(value);
  return all?.[1].trim() ?? "";
}

function entryOfFile(
  file: string,
  { name, artist, id = file }: { name?: string; artist?: string; id?: string },
): LibraryEntry {
  const readings: Reading[] = [
    ...(name && artist ? [{ artist, title: name }] : []),
    ...(name ? readingsOfName(name) : []),
    ...(isTrackUri(file) ? [] : readingsOfFile(file)),
  ];
  return {
    readings: [{ ...readings[0], id }, ...readings.slice(1)],
    called: name || file,
    location: isTrackUri(file) ? undefined : file,
  };
}
