/** A choice log and its columns: any CSV or Parquet file in long format, one row an alternative. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { InputError } from "../data/errors.ts";
import { queryColumns, sqlText, withDuckDB } from "../data/parquet.ts";

/** Which columns of a choice log mean what. */
export interface ChoiceColumns {
  /** Column that says which rows stood together; numbers or texts in any order. `choice_id` by default. */
  choiceId?: string;
  /**
   * Column that marks the chosen row by 1/0, true/false, yes/no, or names the chosen alternative in every row of the
   * set. `chosen` by default.
   */
  chosen?: string;
  /** Features, in order; all numeric columns but the bookkeeping ones when left out. */
  features?: readonly string[];
  /** Column of listeners (or other clusters) for cluster-robust standard errors. */
  cluster?: string;
  /** Column that names the alternative of each row; the `constants` column, or `alternative`, when left out. */
  alternative?: string;
  /** Column whose levels each get a constant, the base level but one. */
  constants?: string;
  /** Level of the alternatives whose constant is 0; the first in alphabetical order when left out. */
  base?: string;
  /** Columns whose weight differs by alternative (a listener's income, say), 0 at the base level. */
  byAlternative?: readonly string[];
  /**
   * Column that is added to the utility with coefficient 1; `sampling_offset` (the sampling correction of `segue
   * choices`) when left out and there is one; empty for none.
   */
  offset?: string;
}

/** Columns that are not features unless they are asked for. */
const BOOKKEEPING = new Set([
  ...["user_id", "step", "alternative", "track_id", "session", "position", "skipped", "timestamp"],
  ...["sampling_offset"],
  ...["", "column0", "column00", "rownames", "unnamed: 0"],
]);
/** DuckDB's types that are numbers. */
export const NUMERIC: RegExp = /INT|DOUBLE|FLOAT|DECIMAL|BOOLEAN/;

/** A choice log that DuckDB has open as the table `log`. */
export interface OpenChoiceLog {
  connection: DuckDBConnection;
  columns: FoundColumns;
  types: ReadonlyMap<string, string>;
}

/**
 * Opens a choice log and finds its columns.
 *
 * @param use Gets the open log; its errors name the file.
 * @returns What `use` returns.
 * @throws {InputError} When the file or a column is missing.
 */
export async function withChoiceLog<T>(
  path: string,
  columns: ChoiceColumns,
  use: (log: OpenChoiceLog) => Promise<T>,
  memoryLimit: string = "2GB",
): Promise<T> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file`);
  return await withDuckDB(async (connection) => {
    await connection.run(`SET temp_directory = ${sqlText(tmpdir())}`);
    const log = /\.parquet$/i.test(path)
      ? `VIEW log AS FROM read_parquet(${sqlText(path)})`
      : `TABLE log AS FROM read_csv(${sqlText(path)}, sample_size = -1, nullstr = ['', 'NA', 'NaN', 'null'])`;
    try {
      await connection.run(`CREATE TEMP ${log}`);
    } catch (error) {
      throw new InputError(`${path}: expected a CSV or Parquet file but DuckDB says: ${String(error).split("\n")[0]}`);
    }
    try {
      const { column_name, column_type } = await queryColumns(connection, "FROM (DESCRIBE log)");
      const types = new Map((column_name as string[]).map((name, c) => [name, (column_type as string[])[c]]));
      return await use({ connection, columns: findColumns(types, columns), types });
    } catch (error) {
      const unnamed = error instanceof InputError && !error.message.startsWith(path);
      throw unnamed ? new InputError(`${path}: ${error.message}`) : error;
    }
  }, memoryLimit);
}

/** Which columns of a choice log mean what, all known to be there. */
export type FoundColumns =
  & ChoiceColumns
  & Required<Pick<ChoiceColumns, "choiceId" | "chosen" | "features" | "byAlternative">>;

/** Features that are not named are all numeric columns but the bookkeeping ones. */
function findColumns(types: ReadonlyMap<string, string>, columns: ChoiceColumns): FoundColumns {
  const expectColumn = (name: string, option: string, what: string): string => {
    if (types.has(name)) return name;
    const found = [...types.keys()].join(", ");
    throw new InputError(`Expected a column ${name} ${what}; name another with ${option}. Columns found: ${found}`);
  };
  const given = (name: string | undefined, option: string, what: string) =>
    name ? expectColumn(name, option, what) : undefined;
  const choiceId = expectColumn(columns.choiceId ?? "choice_id", "--choice-id", "that says which rows stood together");
  const chosen = expectColumn(columns.chosen ?? "chosen", "--chosen", "that marks the chosen row");
  const constants = given(columns.constants, "--constants", "whose levels get a constant each");
  const byAlternative = columns.byAlternative ?? [];
  for (const name of byAlternative) expectColumn(name, "--by-alternative", "to interact");
  const needed = columns.alternative ?? constants ?? (byAlternative.length > 0 ? "alternative" : undefined);
  const alternative = given(needed, "--alternative", "that names the alternatives") ??
    (types.get("alternative") === "VARCHAR" ? "alternative" : undefined);
  const cluster = given(columns.cluster, "--cluster", "of the clusters");
  const corrections = types.has("sampling_offset") ? "sampling_offset" : undefined;
  const offset = given(columns.offset ?? corrections, "--offset", "that is added to the utility");
  const used = new Set([choiceId, chosen, alternative, cluster, offset, constants, ...byAlternative]);
  const features = columns.features?.map((name) => expectColumn(name, "--features", "as a feature")) ??
    [...types.keys()].filter((name) =>
      NUMERIC.test(types.get(name)!) && !used.has(name) && !BOOKKEEPING.has(name.toLowerCase())
    );
  return { choiceId, chosen, features, cluster, alternative, constants, base: columns.base, byAlternative, offset };
}
