/** The same play that was reported twice: within one file, or by two files and services. */
import { group } from "d3-array";
import type { Listening } from "./forms/form.ts";

/** An entry with the number of the file it stands in. */
export interface FiledListening extends Listening {
  /** Index in the files of the history. */
  file: number;
}

/** Entries that were left out because the same play stood elsewhere, by what told it. */
export interface Doubles {
  /** In one file, of the same offline time and the same length of play. */
  offline: number;
  /** In one file, overlapping by more than half of the shorter play. */
  overlapping: number;
  /** In two files, at the same time. */
  acrossFiles: number;
}

/** Starts of the same play in two files differ by less, ms; and by more where a time is told to the minute. */
const NEAR = 90_000;
const MINUTE = 60_000;

/**
 * Leaves out what was reported twice. Within one file two entries are two plays, unless offline time and length are
 * equal, or the plays overlap by more than half: both cannot have happened. Across files entries of one track whose
 * starts differ by less than 90 s are the same play, 150 s where one is told to the minute, one to one; but not when
 * both lengths are known and one play ended before the other began. Of the same play the entry of known length is kept,
 * of several the one with the more exact time, then the longer one.
 *
 * @param trackOf Names the track of an entry: entries of other tracks are never the same play.
 * @returns The entries by start, and how many were left out.
 */
export function withoutDoubles<Entry extends FiledListening>(
  entries: readonly Entry[],
  trackOf: (entry: Entry) => string | number,
): { entries: Entry[]; doubles: Doubles } {
  const doubles: Doubles = { offline: 0, overlapping: 0, acrossFiles: 0 };
  const kept: Entry[] = [];
  for (const ofTrack of group(entries, trackOf).values()) {
    let known: Entry[] = [];
    for (const ofFile of group(ofTrack, ({ file }) => file).values()) {
      known = joinFiles(known, withinFile(byStart(ofFile), doubles), doubles);
    }
    kept.push(...known);
  }
  return { entries: byStart(kept), doubles };
}

/** Entries of one track and file, by start. */
function withinFile<Entry extends FiledListening>(entries: readonly Entry[], doubles: Doubles): Entry[] {
  const kept: Entry[] = [];
  const offline = new Set<string>();
  for (const entry of entries) {
    const told = entry.offline === undefined ? undefined : `${entry.offline} ${entry.played}`;
    const before = kept.at(-1);
    if (told !== undefined && offline.has(told)) doubles.offline++;
    else if (before !== undefined && overlap(before, entry)) {
      doubles.overlapping++;
      kept[kept.length - 1] = better(before, entry);
    } else kept.push(entry);
    if (told !== undefined) offline.add(told);
  }
  return kept;
}

/** Whether two plays overlap by more than half of the shorter one, as surely as their times are told. */
function overlap(a: FiledListening, b: FiledListening): boolean {
  if (Number.isNaN(a.played) || Number.isNaN(b.played)) return a.start === b.start;
  const common = endOf(a, b) - Math.max(a.start, b.start) - (isToTheMinute(a, b) ? MINUTE : 0);
  return common > Math.min(a.played, b.played) / 2;
}

/** Adds the entries of a file to those of the files before; both by start. */
function joinFiles<Entry extends FiledListening>(known: Entry[], added: Entry[], doubles: Doubles): Entry[] {
  const joined: Entry[] = [];
  let [k, a] = [0, 0];
  while (k < known.length && a < added.length) {
    if (isSamePlay(known[k], added[a])) {
      doubles.acrossFiles++;
      joined.push(better(known[k++], added[a++]));
    } else joined.push(known[k].start <= added[a].start ? known[k++] : added[a++]);
  }
  return byStart([...joined, ...known.slice(k), ...added.slice(a)]);
}

function isSamePlay(a: FiledListening, b: FiledListening): boolean {
  const slack = isToTheMinute(a, b) ? MINUTE : 0;
  const apart = Math.abs(a.start - b.start);
  if (apart >= NEAR + slack) return false;
  const known = !Number.isNaN(a.played) && !Number.isNaN(b.played);
  return !known || apart === 0 || Math.max(a.start, b.start) - endOf(a, b) < slack;
}

function isToTheMinute(a: Listening, b: Listening): boolean {
  return Boolean(a.toTheMinute || b.toTheMinute);
}

/** When the first of two plays ended. */
function endOf(a: Listening, b: Listening): number {
  return Math.min(a.start + a.played, b.start + b.played);
}

function better<Entry extends Listening>(a: Entry, b: Entry): Entry {
  const isKnown = ({ played }: Listening) => Number(!Number.isNaN(played));
  if (isKnown(a) !== isKnown(b)) return isKnown(a) > isKnown(b) ? a : b;
  if (Boolean(a.toTheMinute) !== Boolean(b.toTheMinute)) return a.toTheMinute ? b : a;
  return b.played > a.played ? b : a;
}

function byStart<Entry extends Listening>(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => a.start - b.start);
}
