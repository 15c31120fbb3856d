/** What a form of listening history is: how its files are told, and how they are read. */
import type { TrackReference } from "../../catalog/match.ts";

/** One entry of a history. */
export interface Listening {
  /** Which track. */
  reference: TrackReference;
  /** When it started, in ms since 1970; NaN when the source does not say. */
  start: number;
  /** How long it played, in ms; NaN when the source does not say. */
  played: number;
  /** The listener went on to the next track; null when the source does not say. */
  skipped: boolean | null;
  /** Played in shuffle mode; null when the source does not say. */
  shuffle: boolean | null;
}

/** An object of a JSON file, before anything is known of it. */
export type Json = Record<string, unknown>;

/** A file whose form is to be told. */
export interface HistoryFile {
  /** Its text. */
  text: string;
  /** Its objects, when it is JSON. */
  objects?: readonly Json[];
}

/** A form of listening history. */
export interface HistoryForm {
  /** Name, e.g. `"spotify-extended"`. */
  name: string;
  /** What it is, for people: `"Spotify's extended streaming history"`. */
  title: string;
  /** Where it is had. */
  source: string;
  /** What tells it, for the message about a file of no known form. */
  told: string;
  /** What its times mean, and in which zone. */
  times: string;
  /** Names of its files; of a folder or an archive only such are read. */
  files: RegExp;
  /** The entries of a file, undefined for one that is no music; undefined in all when it is not of this form. */
  read(file: HistoryFile): (Listening | undefined)[] | undefined;
}

/** A form of JSON objects that have some keys, one object an entry. */
export function jsonForm(
  form: Omit<HistoryForm, "read" | "told">,
  keys: readonly string[],
  entryOf: (object: Json) => Listening | undefined,
): HistoryForm {
  return {
    ...form,
    told: `objects with ${keys.join(" and ")}`,
    read: ({ objects }) => objects && keys.every((key) => key in (objects[0] ?? {})) ? objects.map(entryOf) : undefined,
  };
}

/** A text that says something; undefined for what is no text, or blank. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
