/** What tables call the canonical columns: the names of public files and of exporters, in nine languages. */
import type { CatalogColumn } from "./catalog.ts";
import data from "./headers.json" with { type: "json" };

/** Names of each column, the best of several first. Capitals, accents, spaces and signs do not matter. */
export const HEADERS: Readonly<Partial<Record<CatalogColumn, readonly string[]>>> = data;

/** A column's name without capitals, accents, spaces and signs. */
export function plainHeader(column: string): string {
  return column.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** What the values of a column must look like where several columns have a fitting name. */
const LOOKS: Partial<Record<CatalogColumn, RegExp>> = {
  track_id: /^(?:spotify:track:|https:\/\/open\.spotify\.com\/.*track\/)?[0-9A-Za-z]{22}/,
  title: /\D/,
  artists: /\D/,
  album: /\D/,
};

/**
 * Tells which column is which by the names, and by the first rows where several names fit: `Track` is the title beside
 * the `Title` of a video, and the number of the track beside the `Title` of the track.
 *
 * @param names Further names of columns.
 * @param sample The fields of some rows.
 */
export function guessColumns(
  header: readonly string[],
  names: readonly (readonly [CatalogColumn, string])[] = [],
  sample: readonly (readonly string[])[] = [],
): Partial<Record<CatalogColumn, string>> {
  const all = [
    ...Object.entries(HEADERS).flatMap(([canonical, names]) => names.map((name) => [canonical, name] as const)),
    ...names,
  ] as [CatalogColumn, string][];
  const candidates = new Map<CatalogColumn, string[]>();
  const plain = header.map(plainHeader);
  for (const [canonical, name] of all) {
    const column = header.includes(name) ? name : header[plain.indexOf(plainHeader(name))];
    if (column) candidates.set(canonical, [...candidates.get(canonical) ?? [], column]);
  }
  const looksRight = (canonical: CatalogColumn, column: string) => {
    const values = sample.map((row) => row[header.indexOf(column)] ?? "").filter((value) => value !== "");
    return values.length > 0 && values.some((value) => LOOKS[canonical]?.test(value));
  };
  return Object.fromEntries(
    [...candidates].map(([canonical, columns]) => [
      canonical,
      columns.find((column) => looksRight(canonical, column)) ?? columns[0],
    ]),
  );
}
