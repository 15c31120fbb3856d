/** Playlists out: table, JSON, CSV, M3U8 and JSPF, each with the recipe that makes the same playlist again. */
import { csvFormat } from "d3-dsv";
import { type Catalog, listsOf, textsOf } from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import { readFile } from "../data/npy.ts";
import { camelotName } from "../math/circle.ts";
import type { SessionPick } from "./session.ts";

/** The forms of a playlist file. */
export const PLAYLIST_FORMATS = ["json", "csv", "m3u8", "jspf"] as const;

/** Name of a form of playlist file. */
export type PlaylistFormat = typeof PLAYLIST_FORMATS[number];

/** A row of a playlist. */
export interface PlaylistRow {
  /** Place in the playlist, from 1. */
  place: number;
  /** Id of the track. */
  track_id: string;
  /** Title. */
  title: string;
  /** Artists, joined by commas. */
  artists: string;
  /** Album; empty when not known. */
  album: string;
  /** Duration in seconds; null when not known. */
  seconds: number | null;
  /** Key on the Camelot wheel; `"?"` when not known. */
  key: string;
  /** Tempo in beats per minute; null when not known. */
  tempo: number | null;
  /** Energy in [0, 1]; null when not known. */
  energy: number | null;
  /** When the track starts, ISO 8601. */
  start: string;
  /** Probability with which it was chosen; null when the policy does not tell it. */
  probability: number | null;
  /** Why it was chosen; empty for the first track and for policies that order the library. */
  why: string;
  /** The hard rules that had to be relaxed for it; empty when all hold. */
  relaxed: string;
  /** The audio file, where the library says it. */
  location?: string;
}

/** A playlist to write. */
export interface Playlist {
  /** Its title. */
  title: string;
  /** Its tracks. */
  rows: PlaylistRow[];
  /** Everything that makes it again, the seed included; any JSON. */
  recipe: Record<string, unknown>;
}

/** Where M3U8 keeps the recipe, and the id of a track whose file is named. */
const RECIPE_LINE = "#SEGUE-RECIPE:";
const ID_LINE = "#SEGUE-TRACK:";
/** Where JSPF keeps the recipe; extensions are named by URIs. */
const RECIPE_URI = "urn:segue:recipe";

/**
 * The rows of a playlist.
 *
 * @param locations Audio files by track id, which players need.
 */
export function playlistRows(
  catalog: Catalog,
  picks: readonly SessionPick[],
  locations?: ReadonlyMap<string, string>,
): PlaylistRow[] {
  const { key, mode, duration_ms, tempo, energy } = catalog.numbers;
  return picks.map(({ step, track, at, probability, distribution, relaxed }) => ({
    place: step + 1,
    track_id: textsOf(catalog, "track_id")[track]!,
    title: textsOf(catalog, "title")[track]!,
    artists: listsOf(catalog, "artists")[track].join(", "),
    album: catalog.texts.album?.[track] ?? "",
    seconds: known((duration_ms?.[track] ?? NaN) / 1000, 0),
    key: camelotName(key?.[track] ?? NaN, mode?.[track] ?? NaN),
    tempo: known(tempo?.[track] ?? NaN, 1),
    energy: known(energy?.[track] ?? NaN, 3),
    start: new Date(at).toISOString(),
    probability,
    why: distribution?.explain(track).sentence ?? "",
    relaxed: relaxed.map(({ rule, kept }) => kept === null ? rule : `${rule} → ${kept}`).join(", "),
    ...(locations?.size ? { location: locations.get(textsOf(catalog, "track_id")[track]!) } : {}),
  }));
}

/** Writes a playlist as text. A CSV file has the seed in a column; the other forms have the whole recipe. */
export function formatPlaylist(playlist: Playlist, format: PlaylistFormat): string {
  return FORMAT[format](playlist);
}

const FORMAT: Record<PlaylistFormat, (playlist: Playlist) => string> = {
  json: ({ title, rows, recipe }) => JSON.stringify({ title, recipe, tracks: rows }, null, 2) + "\n",

  csv: ({ rows, recipe }) => csvFormat(rows.map((row) => ({ ...row, seed: recipe.seed }))) + "\n",

  m3u8: ({ title, rows, recipe }) =>
    [
      "#EXTM3U",
      `#PLAYLIST:${oneLine(title)}`,
      `${RECIPE_LINE}${JSON.stringify(recipe)}`,
      ...rows.flatMap((row) => [
        ...(row.location === undefined ? [] : [`${ID_LINE}${row.track_id}`]),
        `#EXTINF:${row.seconds ?? -1},${oneLine(row.artists)} - ${oneLine(row.title)}`,
        row.location ?? trackUri(row.track_id),
      ]),
      "",
    ].join("\n"),

  jspf: ({ title, rows, recipe }) =>
    JSON.stringify(
      {
        playlist: {
          title,
          creator: "Segue",
          date: rows[0]?.start,
          track: rows.map((row) => ({
            title: row.title,
            creator: row.artists,
            album: row.album || undefined,
            annotation: row.why || undefined,
            duration: row.seconds === null ? undefined : row.seconds * 1000,
            trackNum: row.place,
            identifier: [trackUri(row.track_id)],
            location: row.location === undefined ? undefined : [uriOf(row.location)],
          })),
          extension: { [RECIPE_URI]: [recipe] },
        },
      },
      null,
      2,
    ) + "\n",
};

/**
 * Reads the recipe in a playlist file that {@linkcode formatPlaylist} wrote as JSON, M3U8 or JSPF.
 *
 * @throws {InputError} When the file is missing or has no recipe in it.
 */
export function readRecipe(path: string): Record<string, unknown> {
  const text = new TextDecoder().decode(readFile(path));
  try {
    const line = text.split("\n").find((line) => line.startsWith(RECIPE_LINE));
    const value = JSON.parse(line ? line.slice(RECIPE_LINE.length) : text);
    const recipe = line ? value : value.recipe ?? value.playlist?.extension?.[RECIPE_URI]?.[0];
    if (typeof recipe === "object" && recipe !== null) return recipe;
  } catch {
    // Falls through: neither a recipe line nor JSON.
  }
  throw new InputError(`${path}: expected a JSON, M3U8 or JSPF playlist of segue shuffle but found no recipe in it`);
}

/** A Spotify id (22 characters of base 62) as its URI, any other id as it is. */
function trackUri(id: string): string {
  return /^[A-Za-z0-9]{22}$/.test(id) ? `spotify:track:${id}` : id;
}

/** A path of any system as a URI; a URL as it is. */
function uriOf(path: string): string {
  if (/^[a-z][\w+.-]+:/i.test(path)) return path;
  const slashes = path.replaceAll("\\", "/");
  // A drive, a share, or a root of Unix.
  const root = /^[a-z]:/i.test(path)
    ? "file:///"
    : /^\/\//.test(slashes)
    ? "file:"
    : path.startsWith("/")
    ? "file://"
    : "";
  return root + encodeURI(slashes).replaceAll("#", "%23").replaceAll("?", "%3F");
}

function known(value: number, digits: number): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
