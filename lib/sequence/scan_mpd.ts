/** The playlists of a slice of the Million Playlist Dataset, whatever state the file is in. */
import { Buffer } from "node:buffer";

/** A track as a slice holds it; a damaged or foreign file may lack any of it. */
export interface MpdTrack {
  /** Position in the playlist, from 0. */
  pos?: number;
  /** `spotify:track:` and 22 characters. */
  track_uri?: string;
  /** Title. */
  track_name?: string;
  /** Artist. */
  artist_name?: string;
  /** Album. */
  album_name?: string;
  /** Duration in ms. */
  duration_ms?: number;
}

/** A playlist as a slice holds it. */
export interface MpdPlaylist {
  /** Number of the playlist, unique over all slices. */
  pid?: number;
  /** When it was last changed, seconds since 1970. */
  modified_at?: number;
  /** Its tracks in order. */
  tracks: MpdTrack[];
}

/** A stretch of a file that could not be read. */
export interface MpdDamage {
  /** Where it begins, in bytes from the start of the file. */
  offset: number;
  /** What is wrong. */
  reason: string;
  /** Number of the damaged playlist, where it can still be read. */
  pid?: number;
  /** Title of the damaged playlist, where it can still be read. */
  name?: string;
}

/** What {@linkcode scanPlaylists} finds: a whole playlist, or damage. */
export type MpdPiece = { playlist: MpdPlaylist } | { damage: MpdDamage };

/** Most bytes of a playlist: 250 tracks have about 100 kB, so 8 MiB without an end are damage. */
const LONGEST = 1 << 23;
/** The head of a slice must be found within so many bytes. */
const HEAD = 1 << 16;

/**
 * Finds the playlists of a slice. After damage the search goes on at the next place that looks like the start of a
 * playlist, so that whole playlists behind the damage are found.
 *
 * @returns Playlists and damages in file order. Cost O(bytes).
 */
export function scanPlaylists(bytes: Uint8Array): Iterable<MpdPiece> {
  const playlists = (parseText(bytes) as { playlists?: unknown } | undefined)?.playlists;
  if (Array.isArray(playlists) && playlists.length > 0 && playlists.every(isPlaylist)) {
    return playlists.map(pieceOf);
  }
  return salvage(bytes);
}

/** Reads a damaged slice playlist by playlist. */
function* salvage(bytes: Uint8Array): Generator<MpdPiece> {
  // One character a byte, so that places in the text are places in the file.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const list = /"playlists"\s*:\s*\[/.exec(text.slice(0, HEAD));
  let firstKey = '"name"';
  let at = list ? list.index + list[0].length : nextPlaylist(text, 0, firstKey);
  if (!list) yield { damage: { offset: 0, reason: "no list of playlists begins where one should" } };
  while (at >= 0) {
    while (/[\s,]/.test(text.charAt(at))) at++;
    if (text[at] === "]") return;
    if (at >= text.length) {
      yield { damage: { offset: at, reason: "the file ends before its list of playlists does" } };
      return;
    }
    const end = text[at] === "{" ? endOfObject(text, at) : -1;
    const playlist = end < 0 ? undefined : parseText(bytes.subarray(at, end));
    if (isPlaylist(playlist)) {
      firstKey = JSON.stringify(Object.keys(playlist)[0]);
      yield pieceOf(playlist);
      at = end;
      continue;
    }
    const next = nextPlaylist(text, at + 1, firstKey);
    const reason = next < 0 && end < 0 ? "the file is cut within this playlist" : "not a playlist in JSON";
    const head = bytes.subarray(at, Math.min(at + 4096, next < 0 ? text.length : next));
    yield { damage: { offset: at, reason, ...identify(new TextDecoder().decode(head)) } };
    at = next;
  }
}

/** Place behind the `}` that closes the object at `at`, or −1 when there is none. */
function endOfObject(text: string, at: number): number {
  let depth = 0;
  let quoted = false;
  const last = Math.min(text.length, at + LONGEST);
  for (let i = at; i < last; i++) {
    const character = text[i];
    if (quoted && character === "\\") i++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "{" || character === "[")) depth++;
    else if (!quoted && (character === "}" || character === "]") && --depth === 0) return i + 1;
  }
  return -1;
}

/** Place of the next `{` that is followed by the key with which playlists begin, or −1. */
function nextPlaylist(text: string, from: number, firstKey: string): number {
  for (let key = text.indexOf(firstKey, from); key >= 0; key = text.indexOf(firstKey, key + 1)) {
    const open = text.lastIndexOf("{", key);
    if (open >= from && text.slice(open + 1, key).trim() === "") return open;
  }
  return -1;
}

/** The value of a JSON text; nothing when it is not JSON. */
function parseText(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function isPlaylist(value: unknown): value is MpdPlaylist {
  return Array.isArray((value as MpdPlaylist | null | undefined)?.tracks);
}

/** A playlist with its tracks in the order of their positions. */
function pieceOf(playlist: MpdPlaylist): MpdPiece {
  const { tracks } = playlist;
  if (tracks.some((track, t) => t > 0 && track?.pos! < tracks[t - 1]?.pos!)) {
    tracks.sort((a, b) => (a?.pos ?? 0) - (b?.pos ?? 0));
  }
  return { playlist };
}

/** Number and title of a damaged playlist, if its beginning still has them. */
function identify(head: string): { pid?: number; name?: string } {
  const pid = /"pid"\s*:\s*(\d+)/.exec(head)?.[1];
  const name = /"name"\s*:\s*"([^"\\]{0,200})"/.exec(head)?.[1];
  return { ...(pid === undefined ? {} : { pid: Number(pid) }), ...(name === undefined ? {} : { name }) };
}
