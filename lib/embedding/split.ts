/**
 * Splitting tracks into training, validation and test rows by group: tracks of one artist or album sound alike, and one
 * of them in training would tell about the other in the test.
 */
import { max } from "d3-array";
import { type Catalog, codesOf } from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import { type Random, shuffleInPlace } from "../math/random.ts";

/** Rows of each part; together all rows, none twice. */
export interface RowSplit {
  /** Rows to learn from. */
  train: Int32Array;
  /** Rows that say when to stop. */
  validation: Int32Array;
  /** Rows that nothing was fitted or chosen on. */
  test: Int32Array;
}

/** Share of the rows wanted for validation, and for test. */
const SHARE = 0.1;
/** Fewer groups than this cannot be split in three. */
const FEWEST_GROUPS = 10;

/**
 * Groups the tracks of a catalogue by their first artist; by album when there are fewer than ten artists; else every
 * track is a group of its own.
 *
 * @returns What they are grouped by, the group of each row in [0, count), and the number of groups.
 */
export function leakageGroups(
  catalog: Catalog,
): { by: "artist" | "album" | "track"; groups: Int32Array; count: number } {
  const artists = catalog.lists.artists?.map((list, i) => list[0] || `track ${i}`);
  const albums = (catalog.texts.album_id ?? catalog.texts.album)?.map((album, i) => album || `track ${i}`);
  for (const [by, names] of [["artist", artists], ["album", albums]] as const) {
    if (!names) continue;
    const groups = codesOf(names);
    const count = max(groups)! + 1;
    if (count >= FEWEST_GROUPS) return { by, groups, count };
  }
  return { by: "track", groups: Int32Array.from({ length: catalog.length }, (_, i) => i), count: catalog.length };
}

/**
 * Splits rows so that no group lies in two parts. Groups are taken in random order; each goes to the validation rows
 * while it fits into their share, else to the test rows while it fits into theirs, else to the training rows.
 *
 * @param groups Group of each row, in [0, count).
 * @param count Number of groups, at least 3.
 * @returns The rows of each part, ascending. The parts are near their share from below; a part is never empty.
 * @throws {InputError} When there are fewer than three groups.
 */
export function splitByGroup(groups: Int32Array, count: number, random: Random): RowSplit {
  if (count < 3) throw new InputError(`Expected at least 3 groups to split but found ${count}`);
  const sizes = new Int32Array(count);
  for (const group of groups) sizes[group]++;
  const order = shuffleInPlace(Int32Array.from({ length: count }, (_, g) => g), random);
  const room = SHARE * groups.length;
  const part = new Uint8Array(count);
  const filled = [0, 0, 0];
  for (const group of order) {
    const place = [1, 2].find((p) => filled[p] + sizes[group] <= room) ?? 0;
    part[group] = place;
    filled[place] += sizes[group];
  }
  // Groups too large for their share: the smallest two make the parts that stayed empty.
  const smallest = order.toSorted((a, b) => sizes[a] - sizes[b]);
  for (const p of [1, 2]) if (filled[p] === 0) part[smallest[p - 1]] = p;
  const rows = (p: number) => Int32Array.from(groups.keys()).filter((i) => part[groups[i]] === p);
  return { train: rows(0), validation: rows(1), test: rows(2) };
}
