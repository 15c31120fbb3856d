/** Lists of tracks in JSON and XML, whichever program wrote them: objects that name a track, at any depth. */
import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { InputError } from "../../data/errors.ts";
import { readJson } from "../../data/sources.ts";
import { entryOf, type LibraryEntry, type LibraryForm, type LibraryList, namesTrack } from "./entry.ts";
import type { Json } from "./form.ts";

/** JSON: ids, or objects that name tracks. */
export const JSON_LIST: LibraryForm = {
  name: "json",
  title: "JSON: `YourLibrary.json`, `Playlist1.json`, JSPF, answers of web services",
  source: "Spotify (account data, Web API), ListenBrainz (JSPF, feedback), YouTube Music, Deezer, Segue",
  told:
    "an array of ids; else all objects with a title and an artist, a file or Spotify's id; banned ones are left out",
  files: ["YourLibrary.json", ".jspf"],
  read: ({ path, text }) => /^\s*[[{]/.test(text) ? listIn(path, readJson({ path, text })) : undefined,
};

/** XML: elements or dictionaries that name tracks. */
export const XML_LIST: LibraryForm = {
  name: "xml",
  title: "XML: XSPF, `Library.xml`, WPL",
  source: "VLC, Clementine, Strawberry (XSPF); iTunes and Apple Music (`Library.xml`); Windows Media Player; Rekordbox",
  told: "title and creator or artist, else the file; videos and podcasts of `Library.xml` are left out",
  files: ["Library.xml", ".xspf", ".wpl", ".asx"],
  read: ({ path, text }) => /^\s*</.test(text) ? listIn(path, readXml(path, text)) : undefined,
};

/** Objects of these kinds are no tracks, though they may have a title and an artist. */
const OTHER_KIND = /^(?:spotify:)?(?:album|artist|playlist|show|episode|user|audiobook)\b/i;
/** What holds tracks is none itself. */
const HOLDS_TRACKS = ["track", "tracks", "trackList", "items", "media", "entry"];

function listIn(path: string, value: unknown): LibraryList {
  const ids = Array.isArray(value) ? value : (value as { tracks?: unknown }).tracks;
  if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === "string")) {
    return { entries: ids.map((id) => ({ readings: [{ id }] })) };
  }
  const bannedArtists: string[] = [];
  const entries = entriesIn(value, false, bannedArtists);
  if (entries.length > 0) return { entries, bannedArtists };
  const found = Object.keys((Array.isArray(value) ? value[0] : value) ?? {}).slice(0, 5).join(", ");
  throw new InputError(
    `${path}: expected tracks with a title and an artist, or ids, but found ${found || "nothing"} and no track within`,
  );
}

function entriesIn(value: unknown, banned: boolean, bannedArtists: string[]): LibraryEntry[] {
  if (Array.isArray(value)) return value.flatMap((item) => entriesIn(item, banned, bannedArtists));
  if (typeof value !== "object" || value === null) return [];
  const object = value as Json;
  const unwanted = banned || object.Disliked === true || object.score === -1;
  const isOther = HOLDS_TRACKS.some((key) => typeof object[key] === "object" && object[key] !== null) ||
    [object.uri, object.type].some((kind) => OTHER_KIND.test(String(kind)));
  const entry = !isOther && namesTrack(object) ? entryOf(object) : undefined;
  if (entry) {
    if (["Podcast", "Movie", "TV Show", "Has Video"].some((kind) => object[kind] === true)) return [];
    return [unwanted ? { ...entry, banned: true } : entry];
  }
  return Object.entries(object).flatMap(([key, child]) => {
    if (/^bannedArtists$/i.test(key) && Array.isArray(child)) {
      bannedArtists.push(...child.flatMap((artist) => typeof artist?.name === "string" ? [artist.name] : []));
      return [];
    }
    if (key === "track" && Array.isArray(child)) {
      // In a playlist each is a track, also one whose artist is not told.
      return child.flatMap((track) => {
        const entries = entriesIn(track, unwanted, bannedArtists);
        return entries.length > 0 ? entries : entryOf({ ...track }) ?? [];
      });
    }
    return entriesIn(child, unwanted || /^banned/i.test(key), bannedArtists);
  });
}

function readXml(path: string, text: string): unknown {
  let root: XmlElement | null;
  try {
    root = parseXml(text.trimStart()).root;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new InputError(`${path}: expected XML but it is not well-formed: ${reason}`);
  }
  return root && valueOf(root);
}

/** An element as an object of its attributes and children, one of text alone as that text, Apple's `dict` by its keys. */
function valueOf(element: XmlElement): unknown {
  const children = element.children.filter((child) => child instanceof XmlElement);
  const { name } = element;
  if (name === "true" || name === "false") return name === "true";
  if (name === "array") return children.map(valueOf);
  const fields: Json = { ...element.attributes };
  if (name === "dict") {
    for (let i = 0; i + 1 < children.length; i += 2) fields[children[i].text] = valueOf(children[i + 1]);
    // The playlists repeat the tracks by numbers.
    if ("Tracks" in fields) delete fields.Playlists;
  } else {
    if (children.length === 0 && Object.keys(fields).length === 0) return element.text;
    for (const child of children) {
      const known = fields[child.name];
      const value = valueOf(child);
      fields[child.name] = known === undefined ? value : [known, value].flat();
    }
  }
  // Numbers within the file.
  delete fields["Track ID"];
  delete fields.TrackID;
  return fields;
}
