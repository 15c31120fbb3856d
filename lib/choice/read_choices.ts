/**
 * Reading choice logs: any CSV or Parquet file in long format, one row an alternative.
 *
 * @module
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { concatenate } from "../data/concatenate.ts";
import { InputError } from "../data/errors.ts";
import { queryColumns, sqlName, sqlText, withDuckDB } from "../data/parquet.ts";
import type { ChoiceBatches } from "./conditional_logit.ts";
import { type ChoiceSets, groupChoices } from "../listening/choice_sets.ts";

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

/** Choice sets as read from a file. */
export interface ChoiceTable {
  /** The choice sets. */
  sets: ChoiceSets;
  /** Level whose constant is 0, when there are constants. */
  base?: string;
}

/** Columns that are not features unless they are asked for. */
const BOOKKEEPING = new Set([
  ...["user_id", "step", "alternative", "track_id", "session", "position", "skipped", "timestamp"],
  ...["sampling_offset"],
  ...["", "column0", "column00", "rownames", "unnamed: 0"],
]);
const NUMERIC = /INT|DOUBLE|FLOAT|DECIMAL|BOOLEAN/;
/** Most bytes of features to hold in memory. */
const MOST_BYTES = 4 * 2 ** 30;
/** Memory of DuckDB while it feeds batches; beyond it, it spills to disk. */
const BATCH_MEMORY = "128MB";
/** More named alternatives than this are tracks, not alternatives that keep their meaning from set to set. */
const MOST_ALTERNATIVES = 60;

/**
 * Reads choice sets from a long-format CSV (plain or gzipped) or Parquet file. Rows of a set may lie anywhere.
 *
 * @param path The file.
 * @param columns Which columns mean what.
 * @returns The choice sets, in ascending order of numeric ids, or in the order in which text ids first appear.
 * @throws {InputError} When the file or a column is missing, a feature is not numeric, a value is missing, or a set has
 * no chosen row or several, or the features take over 4 GiB.
 *
 * @example
 * ```ts ignore
 * const { sets } = await readChoices("choices.parquet", { cluster: "user_id" });
 * const fit = fitConditionalLogit(sets);
 * ```
 */
export async function readChoices(path: string, columns: ChoiceColumns = {}): Promise<ChoiceTable> {
  return await withChoiceLog(path, columns, async (connection, found, types) => {
    const plan = await makePlan(connection, found, types, columns.base);
    const bytes = 8 * plan.rows * plan.features.length;
    if (bytes > MOST_BYTES) {
      throw new InputError(
        `${plan.rows} rows of ${plan.features.length} features take ${(bytes / 2 ** 30).toFixed(1)} GiB; fit them in ` +
          `batches with --stream`,
      );
    }
    const { value } = await readBatches(connection, plan, plan.rows).next();
    return { sets: { ...value!, constantsName: plan.constants }, base: plan.base };
  });
}

/**
 * Opens a choice log for fitting in batches, so that memory stays bounded however long the file is. Rows that are not
 * in order of their choice set are sorted once, on disk if need be.
 *
 * @param path The file.
 * @param columns Which columns mean what.
 * @param use Gets the batches; they are gone afterwards.
 * @param batchRows Rows of a batch, about; a set is never split.
 * @returns What `use` returns.
 * @throws {InputError} As {@linkcode readChoices}.
 */
export async function withChoiceBatches<T>(
  path: string,
  columns: ChoiceColumns,
  use: (source: ChoiceBatches & { base?: string }) => Promise<T>,
  batchRows: number = 131072,
): Promise<T> {
  return await withChoiceLog(path, columns, async (connection, found, types) => {
    const plan = await makePlan(connection, found, types, columns.base);
    const { features, clusterCount, base } = plan;
    return await use({ features, clusterCount, base, batches: () => readBatches(connection, plan, batchRows) });
  }, BATCH_MEMORY);
}

/** Whole choice sets, so many rows at a time that no set is split. */
async function* readBatches(
  connection: DuckDBConnection,
  plan: Plan,
  batchRows: number,
): AsyncGenerator<ChoiceSets, undefined> {
  // Rows wait here until a batch of whole sets is full: one array a column, the last one with all features, row-major.
  const single = 2 + plan.optional.length;
  const width = plan.features.length;
  const widths = [...Array(single).fill(1), width];
  let waiting = widths.map((w) => new Float64Array(w * Math.min(plan.rows, 2 * batchRows)));
  let rows = 0;
  const result = await connection.stream(plan.sql);
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    if (rows + chunk.rowCount > waiting[0].length) {
      waiting = waiting.map((part) => concatenate(Float64Array, [part, new Float64Array(part.length)]));
    }
    for (let c = 0; c < single + width; c++) {
      // The query gives doubles and leaves no NULL, so that nothing is boxed.
      const { items } = chunk.getColumnVector(c) as unknown as { items: Float64Array };
      const part = waiting[Math.min(c, single)];
      if (c < single) part.set(items, rows);
      else for (let i = 0, at = rows * width + c - single; i < items.length; i++, at += width) part[at] = items[i];
    }
    rows += chunk.rowCount;
    if (rows < batchRows || rows === plan.rows) continue;
    const whole = waiting[0].indexOf(waiting[0][rows - 1]);
    if (whole === 0) continue;
    yield batchOf(waiting.map((part, c) => part.slice(0, whole * widths[c])), plan);
    waiting.forEach((part, c) => part.copyWithin(0, whole * widths[c], rows * widths[c]));
    rows -= whole;
  }
  if (rows > 0) yield batchOf(waiting.map((part, c) => part.subarray(0, rows * widths[c])), plan);
}

function batchOf(parts: Float64Array[], plan: Plan): ChoiceSets {
  const [choice, chosen] = parts;
  const { cluster, alternative, offset } = Object.fromEntries(plan.optional.map((name, o) => [name, parts[2 + o]]));
  return groupChoices({
    features: plan.features,
    values: parts[parts.length - 1],
    choice,
    chosen,
    cluster,
    alternative: alternative && Int32Array.from(alternative),
    alternatives: plan.levels,
    offset,
    nameOf: plan.nameOf,
  });
}

/** How to read a choice log. */
interface Plan {
  /** Which of cluster, alternative and offset there are. */
  optional: string[];
  /** The query that gives the rows, those of a set together: id, chosen, the optional columns, the features. */
  sql: string;
  rows: number;
  features: string[];
  clusterCount: number;
  levels?: string[];
  constants?: string;
  base?: string;
  nameOf: (id: number) => string;
}

/**
 * Opens a choice log as the table `log` and finds its columns.
 *
 * @param path The file.
 * @param columns Which columns mean what.
 * @param use Gets the connection, DuckDB's type of each column, and which columns mean what; its errors name the file.
 * @param memoryLimit DuckDB's memory limit.
 * @returns What `use` returns.
 * @throws {InputError} When the file or a column is missing.
 */
export async function withChoiceLog<T>(
  path: string,
  columns: ChoiceColumns,
  use: (connection: DuckDBConnection, found: FoundColumns, types: ReadonlyMap<string, string>) => Promise<T>,
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
      const { name, type } = await queryColumns(
        connection,
        "SELECT column_name AS name, column_type AS type FROM (DESCRIBE log)",
      );
      const types = new Map((name as string[]).map((column, c) => [column, (type as string[])[c]]));
      return await use(connection, findColumns(types, columns), types);
    } catch (error) {
      const unnamed = error instanceof InputError && !error.message.startsWith(path);
      throw unnamed ? new InputError(`${path}: ${error.message}`) : error;
    }
  }, memoryLimit);
}

/** Rows that are not in order of their choice set are sorted once, on disk if need be. */
async function inOrder(connection: DuckDBConnection, sql: string): Promise<string> {
  const { falls } = await queryColumns(
    connection,
    `SELECT coalesce(bool_or(c0 < before), false) AS falls FROM (SELECT c0, lag(c0) OVER () AS before FROM (${sql}))`,
  );
  if (!falls[0]) return sql;
  await connection.run(`CREATE TEMP TABLE sorted AS ${sql} ORDER BY 1`);
  return "FROM sorted";
}

/** Which columns of a choice log mean what, all known to be there. */
export interface FoundColumns extends Omit<ChoiceColumns, "base"> {
  /** Column of the choice sets. */
  choiceId: string;
  /** Column that marks or names the chosen row. */
  chosen: string;
  /** Columns that are features as they stand. */
  features: readonly string[];
  /** Columns whose weight differs by alternative. */
  byAlternative: readonly string[];
}

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
  return { choiceId, chosen, features, cluster, alternative, constants, byAlternative, offset };
}

async function makePlan(
  connection: DuckDBConnection,
  found: FoundColumns,
  types: ReadonlyMap<string, string>,
  level: string | undefined,
): Promise<Plan> {
  const { choiceId, chosen, cluster, alternative, constants, byAlternative, offset } = found;
  const { count } = await queryColumns(connection, "SELECT count(*)::DOUBLE AS count FROM log");
  const rows = Number(count[0]);
  if (rows === 0) throw new InputError("Expected at least one row but found none");
  const named = alternative === undefined ? undefined : await valuesOf(connection, "alternative", alternative, "v");
  const base = baseLevel(found, level, named?.values);
  const others = base === undefined ? [] : named!.values.filter((level) => level !== base);
  if (others.length > MOST_ALTERNATIVES * 5) {
    throw new InputError(`Expected ${alternative} to have few levels but found ${named!.values.length}`);
  }
  for (const name of [...found.features, ...byAlternative, ...(offset ? [offset] : [])]) {
    await expectNumeric(connection, name, types.get(name)!, choiceId);
  }
  const isLevel = (level: string) => `${sqlName(alternative!)}::VARCHAR = ${sqlText(level)}`;
  const forLevels = (name: string, sql: (level: string) => string) =>
    others.map((level): [string, string] => [`${name}:${level}`, sql(level)]);
  const features: [name: string, sql: string][] = [
    ...(constants ? forLevels(constants, isLevel) : []),
    ...found.features.map((name): [string, string] => [name, sqlName(name)]),
    ...byAlternative.flatMap((name) =>
      forLevels(name, (level) => `CASE WHEN ${isLevel(level)} THEN ${sqlName(name)}::DOUBLE ELSE 0 END`)
    ),
  ];
  if (features.length === 0) {
    throw new InputError(
      `Expected at least one numeric feature but found none; columns: ${[...types.keys()].join(", ")}`,
    );
  }
  const ids = await isExact(connection, choiceId, types.get(choiceId)!)
    ? { sql: sqlName(choiceId) }
    : await valuesOf(connection, "choice", choiceId, "first");
  const clusters = cluster ? await valuesOf(connection, "cluster", cluster, "first") : undefined;
  const few = named && named.values.length <= MOST_ALTERNATIVES ? named : undefined;
  const optional = Object.entries({ cluster: clusters?.sql, alternative: few?.sql, offset: offset && sqlName(offset) })
    .filter(([, sql]) => sql);
  const marks = await chosenSql(
    connection,
    chosen,
    types.get(chosen)!,
    alternative ?? (types.has("alternative") ? "alternative" : undefined),
  );
  const sql = [ids.sql, marks, ...optional.map(([, sql]) => sql), ...features.map(([, sql]) => sql)]
    .map((expression, c) => `coalesce((${expression})::DOUBLE, 'nan'::DOUBLE) AS c${c}`);
  return {
    optional: optional.map(([name]) => name),
    sql: await inOrder(connection, `SELECT ${sql.join(", ")} FROM log`),
    rows,
    features: features.map(([name]) => name),
    clusterCount: clusters?.values.length ?? 0,
    levels: few?.values,
    constants,
    base,
    nameOf: (id) => "values" in ids ? ids.values[id] : String(id),
  };
}

function baseLevel(
  { constants, byAlternative, alternative }: FoundColumns,
  wanted: string | undefined,
  levels: string[] | undefined,
): string | undefined {
  if (!constants && byAlternative.length === 0) {
    if (wanted === undefined) return undefined;
    throw new InputError("--base needs --constants or --by-alternative to say what it is the base of");
  }
  const base = wanted ?? levels![0];
  if (levels!.includes(base)) return base;
  throw new InputError(
    `Expected --base to be a level of ${alternative} but found '${base}'; levels: ${levels!.join(", ")}`,
  );
}

/** Whether the values of an id column are whole numbers that a double holds. */
async function isExact(connection: DuckDBConnection, column: string, type: string): Promise<boolean> {
  if (!/^U?(TINY|SMALL|BIG)?INT(EGER)?$/.test(type)) return false;
  const sql = `SELECT max(abs(coalesce(${sqlName(column)}, 1e300)))::DOUBLE AS m FROM log`;
  const { m } = await queryColumns(connection, sql);
  return Number(m[0]) < Number.MAX_SAFE_INTEGER;
}

/** Codes for the texts of a column, in alphabetical order (`v`) or that of their first rows (`first`). */
async function valuesOf(
  connection: DuckDBConnection,
  use: string,
  column: string,
  order: "v" | "first",
): Promise<{ sql: string; values: string[] }> {
  const text = `${sqlName(column)}::VARCHAR`;
  const missing = await queryColumns(connection, `SELECT count(*)::DOUBLE AS n FROM log WHERE ${text} IS NULL`);
  if (Number(missing.n[0]) > 0) {
    throw new InputError(`Expected ${column} in every row but it is missing in ${missing.n[0]} rows`);
  }
  await connection.run(
    `CREATE TYPE ${use}_values AS ENUM (SELECT v FROM (SELECT v, min(n) AS first FROM
      (SELECT ${text} AS v, row_number() OVER () AS n FROM log) GROUP BY v) ORDER BY ${order})`,
  );
  const { v } = await queryColumns(connection, `SELECT unnest(enum_range(NULL::${use}_values))::VARCHAR AS v`);
  return { sql: `enum_code(${text}::${use}_values)`, values: v as string[] };
}

async function chosenSql(
  connection: DuckDBConnection,
  chosen: string,
  type: string,
  alternative: string | undefined,
): Promise<string> {
  const text = `lower(trim(${sqlName(chosen)}::VARCHAR))`;
  const flag = `try_cast(regexp_replace(${text}, '[.]0$', '') AS BOOLEAN)`;
  const { v } = await queryColumns(
    connection,
    `SELECT DISTINCT coalesce(${text}, '') AS v FROM log WHERE ${flag} IS NULL ORDER BY v LIMIT 3`,
  );
  const others = v as string[];
  if (others.includes("")) throw new InputError(`Expected ${chosen} in every row but it is missing in some`);
  if (others.length === 0) return NUMERIC.test(type) ? sqlName(chosen) : flag;
  if (alternative) return `${text} = lower(trim(${sqlName(alternative)}::VARCHAR))`;
  throw new InputError(
    `Expected ${chosen} to be 1/0, true/false or yes/no but found '${
      others[0]
    }'; if it names the chosen alternative, ` +
      `say which column names the alternatives with --alternative`,
  );
}

async function expectNumeric(
  connection: DuckDBConnection,
  column: string,
  type: string,
  choiceId: string,
): Promise<void> {
  if (NUMERIC.test(type)) return;
  const name = sqlName(column);
  const { v, id } = await queryColumns(
    connection,
    `SELECT ${name}::VARCHAR AS v, ${sqlName(choiceId)}::VARCHAR AS id FROM log
     WHERE ${name} IS NOT NULL AND try_cast(${name} AS DOUBLE) IS NULL LIMIT 1`,
  );
  if (v.length === 0) return;
  throw new InputError(
    `Expected feature ${column} to be numeric but found '${v[0]}' in choice set ${id[0]}; for a constant for each of ` +
      `its levels use --constants ${column}`,
  );
}
