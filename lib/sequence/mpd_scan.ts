/**
 * Cutting a slice of the Million Playlist Dataset into its playlists, as bytes come in, whatever state the file is in.
 *
 * @module
 */

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
  /** Its title. */
  name?: string;
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

/** Longest playlist taken for one: 250 tracks are about 100 kB, so 8 MiB without an end is damage. */
const LONGEST = 1 << 23;
/** The head of a slice must be found within so many bytes. */
const HEAD = 1 << 16;
const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d, OPEN_LIST = 0x5b, CLOSE_LIST = 0x5d, COMMA = 0x2c;

/**
 * Finds the playlists in the bytes of a slice, one at a time; never holds more than one playlist and one chunk. After
 * damage it goes on at the next thing that looks like the start of a playlist, so whole playlists behind it are found.
 *
 * @param chunks The bytes of the file, in pieces of any size.
 * @returns Playlists and damages in file order. Cost O(bytes).
 */
export function* scanPlaylists(chunks: Iterable<Uint8Array>): Generator<MpdPiece> {
  const source = new Window(chunks);
  const decoder = new TextDecoder();
  let firstKey = '"name"';
  let at = findList(source);
  if (at < 0) {
    yield { damage: { offset: 0, reason: "no list of playlists begins where one should" } };
    at = nextPlaylist(source, 0, firstKey);
  }
  while (at >= 0) {
    source.release(at);
    const byte = source.byte(at);
    if (byte === COMMA || isSpace(byte)) {
      at++;
      continue;
    }
    if (byte === CLOSE_LIST) return;
    if (byte < 0) {
      yield { damage: { offset: at, reason: "the file ends before its list of playlists does" } };
      return;
    }
    const end = byte === OPEN ? endOfObject(source, at) : -1;
    const text = end < 0 ? "" : decoder.decode(source.slice(at, end));
    const playlist = end < 0 ? undefined : parsePlaylist(text);
    if (playlist) {
      firstKey = /^\{\s*("[^"]*")/.exec(text)?.[1] ?? firstKey;
      yield { playlist };
      at = end;
      continue;
    }
    const start = at;
    const head = decoder.decode(source.slice(start, Math.min(source.available(start + 4096), start + 4096)));
    const next = nextPlaylist(source, start + 1, firstKey);
    const reason = next < 0 && end < 0 ? "the file is cut within this playlist" : "not a playlist in JSON";
    yield { damage: { offset: start, reason, ...identify(head.slice(0, next < 0 ? undefined : next - start)) } };
    at = next;
  }
}

/** The bytes of a file from some offset on; what lies before it is given back. */
class Window {
  #chunks: Iterator<Uint8Array>;
  #bytes: Uint8Array = new Uint8Array(1 << 21);
  #start = 0;
  #end = 0;
  #done = false;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** The byte at an offset of the file, or −1 behind its end. */
  byte(offset: number): number {
    if (offset >= this.#end && this.available(offset + 1) <= offset) return -1;
    return this.#bytes[offset - this.#start];
  }

  /** Reads on until bytes up to `offset` are there; returns up to where they are. */
  available(offset: number): number {
    while (this.#end < offset && !this.#done) {
      const { value, done } = this.#chunks.next();
      if (done) this.#done = true;
      else this.#append(value);
    }
    return this.#end;
  }

  /** What is held now, with the offset of its first byte: for loops that cannot afford a call a byte. */
  held(): { bytes: Uint8Array; start: number; end: number } {
    return { bytes: this.#bytes, start: this.#start, end: this.#end };
  }

  slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from - this.#start, to - this.#start);
  }

  /** Bytes before an offset are not needed any more. */
  release(offset: number): void {
    if (offset - this.#start < this.#bytes.length / 2) return;
    this.#bytes.copyWithin(0, offset - this.#start, this.#end - this.#start);
    this.#start = offset;
  }

  #append(chunk: Uint8Array): void {
    const length = this.#end - this.#start;
    if (length + chunk.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (length + chunk.length));
      larger.set(this.#bytes.subarray(0, length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, length);
    this.#end += chunk.length;
  }
}

/** Offset behind the `[` of `"playlists": [`, or −1. */
function findList(source: Window): number {
  source.available(HEAD);
  const { bytes, start, end } = source.held();
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, Math.min(end - start, HEAD)));
  const match = /"playlists"\s*:\s*\[/.exec(head);
  return match ? match.index + match[0].length : -1;
}

/** Offset behind the `}` that closes the object at `at`, or −1 when there is none. */
function endOfObject(source: Window, at: number): number {
  let depth = 0;
  let inText = false;
  let offset = at;
  while (offset - at < LONGEST) {
    if (source.available(offset + 1) <= offset) return -1;
    const { bytes, start, end } = source.held();
    const last = end - start;
    let i = offset - start;
    for (; i < last; i++) {
      const byte = bytes[i];
      if (inText) {
        if (byte === BACKSLASH) i++;
        else if (byte === QUOTE) inText = false;
      } else if (byte === QUOTE) inText = true;
      else if (byte === OPEN || byte === OPEN_LIST) depth++;
      else if (byte === CLOSE || byte === CLOSE_LIST) {
        depth--;
        if (depth === 0) return start + i + 1;
      }
    }
    offset = start + i;
  }
  return -1;
}

/** Offset of the next `{` that is followed by the key with which playlists begin, or −1. */
function nextPlaylist(source: Window, from: number, firstKey: string): number {
  const key = new TextEncoder().encode(firstKey);
  for (let at = from;; at++) {
    source.release(at);
    const byte = source.byte(at);
    if (byte < 0) return -1;
    if (byte !== OPEN) continue;
    let i = at + 1;
    while (isSpace(source.byte(i))) i++;
    let k = 0;
    while (k < key.length && source.byte(i + k) === key[k]) k++;
    if (k === key.length) return at;
  }
}

function parsePlaylist(text: string): MpdPlaylist | undefined {
  try {
    const playlist = JSON.parse(text);
    return Array.isArray(playlist.tracks) ? playlist : undefined;
  } catch {
    return undefined;
  }
}

/** Number and title of a damaged playlist, where its beginning still tells them. */
function identify(head: string): { pid?: number; name?: string } {
  const pid = /"pid"\s*:\s*(\d+)/.exec(head)?.[1];
  const name = /"name"\s*:\s*"([^"\\]{0,200})"/.exec(head)?.[1];
  return { ...(pid === undefined ? {} : { pid: Number(pid) }), ...(name === undefined ? {} : { name }) };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
