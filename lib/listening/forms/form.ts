/** What a form of listening history is: how its files are told, and how they are read. */
import type { TrackReference } from "../../catalog/match.ts";
import type { DateOrder } from "../../data/times.ts";

/** One entry of a history. */
export interface Listening {
  /** Which track. */
  reference: TrackReference;
  /** When it started, in ms since 1970; NaN when the source does not say. */
  start: number;
  /** How long it played, in ms; NaN when the source does not say. */
  played: number;
  /** The source says that the listener went on to the next track; null when it does not say. */
  skipped: boolean | null;
  /** Played in shuffle mode; null when the source does not say. */
  shuffle: boolean | null;
  /** Its time is told to the minute only. */
  toTheMinute?: boolean;
  /** When a device without connection says that it started, in the source's units. */
  offline?: number;
}

/** An object of a JSON file, before anything is known of it. */
export type Json = Record<string, unknown>;

/** A file whose form is to be told. */
export interface HistoryFile {
  /** Its text. */
  text: string;
  /** Its objects, when it is JSON. */
  objects?: readonly Json[];
  /** The order of day and month that the user says it has. */
  dates?: DateOrder;
}

/** What a file of a form holds. */
export interface HistoryEntries {
  /** Its entries, undefined for one that is no music. */
  entries: (Listening | undefined)[];
  /** What was told from the file of how to read it. */
  note?: string;
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
  /** What a file holds; undefined when it is not of this form. */
  read(file: HistoryFile): HistoryEntries | undefined;
}

/** A form of JSON objects that have some keys, one object an entry. */
export function jsonForm(
  form: Omit<HistoryForm, "read" | "told">,
  keys: readonly string[],
  entryOf: (object: Json) => Listening | undefined,
): HistoryForm {
  const isOfForm = (object: Json) => keys.every((key) => key in object);
  return {
    ...form,
    told: `objects with ${keys.join(" and ")}`,
    read: ({ objects }) => objects?.slice(0, 20).some(isOfForm) ? { entries: objects.map(entryOf) } : undefined,
  };
}

/** A text that says something; undefined for what is no text, or blank. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

/** A length of time; NaN for what is none. */
export function lengthOf(value: unknown): number {
  const length = value === null || value === "" ? NaN : Number(value);
  return length >= 0 ? length : NaN;
}
