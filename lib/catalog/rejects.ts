/** The rows that did not come through, and how `rejects.csv` tells of them. */
import { rollups } from "d3-array";
import { csvFormatRows } from "d3-dsv";
import { basename } from "node:path";

/** A row of `rejects.csv`. */
export interface Reject {
  /** The source file. */
  file: string;
  /** Physical line, or row of a Parquet file, from 1. */
  line: number;
  /** Its id, empty where there is none. */
  id: string;
  /** What is wrong with it. */
  reason: string;
}

/** What a source is called: its file's name, behind the archive's where it is in one. */
export function sourceName(file: string): string {
  return /[^\\/]+\.zip\/.*$/i.exec(file)?.[0] ?? basename(file);
}

/** The kind of a reason: without the value that was found. */
export function reasonKind(reason: string): string {
  return reason.replace(/ but found .*/s, "");
}

/** Counts rejects by kind of reason, the commonest first. */
export function countReasons(rejects: readonly Reject[]): Record<string, number> {
  const counts = rollups(rejects, ({ length }) => length, ({ reason }) => reasonKind(reason));
  return Object.fromEntries(counts.sort((a, b) => b[1] - a[1]));
}

/** The content of `rejects.csv`, with a header line. */
export function rejectsCsv(rejects: readonly Reject[]): string {
  const plain = (text: string) => text.replace(/\p{Cc}+/gu, " ");
  const rows = rejects.map(({ file, line, id, reason }) => [sourceName(file), String(line), id, reason].map(plain));
  return csvFormatRows([["file", "line", "track_id", "reason"], ...rows]) + "\n";
}
