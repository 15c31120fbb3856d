/** The credits of sources that name several artists in one text: each distinct text is taken apart once. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { queryColumns, sqlName } from "../data/parquet.ts";
import { splitCounted, splitCredits } from "./credits.ts";
import { listOf, maybeJoined, tidyList } from "./list_sql.ts";
import { type SourceColumns, sourceText } from "./read_sql.ts";
import { listStyle } from "./rules.ts";

/** What became of credits that may name several artists. */
export interface CreditAccount {
  /** Rows whose credit was taken apart. */
  separated: number;
  /** Rows with a sign left standing, because none of the names beside it stands alone elsewhere. */
  inDoubt: number;
  /** The commonest of these credits, at most three. */
  examples: string[];
}

/**
 * Takes the credits of all sources apart, by the artists who stand alone in any of them, and by the number of artists'
 * ids where a source has them. Sources that name artists one by one are read only when another has a joined credit.
 *
 * @returns The artists of each joined credit.
 */
export async function readCredits(
  connection: DuckDBConnection,
  sources: readonly SourceColumns[],
): Promise<{ credits: Map<string, string[]>; account: CreditAccount }> {
  const isText = ({ form, types }: SourceColumns) => !types[form.columns.artists!].endsWith("[]");
  const inSentences = sources.filter((source) => isText(source) && listStyle("artists", source.form) === "credit");
  const rowsOf = new Map<string, number>();
  const counted = new Map<string, string[]>();
  const joined = new Set<string>();
  for (const source of inSentences) {
    const { form, types, sql } = source;
    const hasIds = form.columns.artist_ids !== undefined && !types[form.columns.artist_ids].endsWith("[]");
    const ids = hasIds ? `len(string_split_regex(${sourceText("artist_ids", form, types)}, '[,;]'))` : "NULL";
    const found = await queryColumns(
      connection,
      `SELECT credit, count(*)::DOUBLE AS rows, ${maybeJoined("credit")}::DOUBLE AS joined,
        CASE WHEN min(ids) = max(ids) THEN min(ids) END::DOUBLE AS ids
        FROM (SELECT trim(${sourceText("artists", form, types)}) AS credit, ${ids} AS ids FROM ${sql})
        WHERE credit <> '' AND NOT starts_with(credit, '[') GROUP BY credit ORDER BY rows DESC, credit`,
    ) as { credit: string[]; rows: Float64Array; joined: Float64Array; ids: Float64Array };
    // One id beside every credit is that of the first artist.
    const countsArtists = found.ids.some((count) => count > 1);
    found.credit.forEach((credit, i) => {
      rowsOf.set(credit, (rowsOf.get(credit) ?? 0) + found.rows[i]);
      if (found.joined[i] === 1) joined.add(credit);
      const artists = countsArtists && found.ids[i] > 0 ? splitCounted(credit, found.ids[i]) : undefined;
      if (artists) counted.set(credit, artists);
    });
  }
  const account: CreditAccount = { separated: 0, inDoubt: 0, examples: [] };
  const credits = new Map<string, string[]>();
  if (joined.size === 0) return { credits, account };
  const alone = [...counted.values()].flat();
  for (const source of sources) {
    const column = isText(source)
      ? sourceText("artists", source.form, source.types)
      : sqlName(source.form.columns.artists!);
    const style = inSentences.includes(source) ? "python" : listStyle("artists", source.form);
    const list = isText(source) ? listOf(`trim(${column})`, style) : tidyList(column);
    const { artist } = await queryColumns(connection, `SELECT DISTINCT unnest(${list}) AS artist FROM ${source.sql}`);
    alone.push(...(artist as string[]));
  }
  const found = splitCredits([...rowsOf.keys()].filter((credit) => !counted.has(credit)), alone);
  for (const credit of joined) {
    const { artists, inDoubt } = found.get(credit) ?? { artists: counted.get(credit)!, inDoubt: false };
    const rows = rowsOf.get(credit)!;
    credits.set(credit, artists);
    if (artists.length > 1) account.separated += rows;
    if (inDoubt) account.inDoubt += rows;
    if (inDoubt && account.examples.length < 3) account.examples.push(credit);
  }
  return { credits, account };
}
