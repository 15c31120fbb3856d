/**
 * Reading choice logs: any CSV or Parquet file in long format, one row an alternative.
 *
 * @module
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { InputError } from "../errors.ts";
import { chunksOfDoubles, streamDoubles } from "../storage/numbers.ts";
import { queryColumns, sqlName, sqlText, withDuckDB } from "../storage/parquet.ts";
import type { ChoiceBatches } from "./conditional_logit.ts";
import { type ChoiceSets, groupChoices } from "./sets.ts";

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
const YES = ["1", "1.0", "true", "t", "yes", "y"];
const NO = ["0", "0.0", "false", "f", "no", "n"];
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
 * @returns The choice sets, in the order in which numeric ids first appear, or in alphabetical order of text ids.
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
  return await withChoiceLog(path, columns, async (connection, plan) => {
    const capacity = plan.rows;
    const width = plan.features.length;
    if (8 * capacity * width > MOST_BYTES) {
      const size = (8 * capacity * width / 2 ** 30).toFixed(1);
      throw new InputError(`${capacity} rows of ${width} features take ${size} GiB; fit them in batches with --stream`);
    }
    const values = new Float64Array(capacity * width);
    const choice = new Int32Array(capacity);
    const chosen = new Uint8Array(capacity);
    const cluster = plan.has.cluster ? new Int32Array(capacity) : undefined;
    const alternative = plan.has.alternative ? new Int32Array(capacity) : undefined;
    const offset = plan.has.offset ? new Float64Array(capacity) : undefined;
    const codes = new Map<number, number>();
    let previous = NaN;
    let code = -1;
    let row = 0;
    await streamDoubles(connection, `SELECT ${plan.columns.join(", ")} FROM log`, (parts, count) => {
      const [ids, marks] = parts;
      const { cluster: clusters, alternative: alternatives, offset: offsets } = plan.pick(parts);
      for (let i = 0; i < count; i++) {
        if (ids[i] !== previous) {
          previous = ids[i];
          const known = codes.get(previous);
          code = known ?? codes.size;
          if (known === undefined) codes.set(previous, code);
        }
        choice[row + i] = code;
        chosen[row + i] = marks[i];
      }
      for (let i = 0; cluster && i < count; i++) cluster[row + i] = clusters![i];
      for (let i = 0; alternative && i < count; i++) alternative[row + i] = alternatives![i];
      offset?.set(offsets!, row);
      for (let k = 0; k < width; k++) {
        const part = parts[parts.length - width + k];
        for (let i = 0, a = row * width + k; i < count; i++, a += width) values[a] = part[i];
      }
      row += count;
    });
    const ids = [...codes.keys()];
    const sets = groupChoices({
      features: plan.features,
      values,
      choice,
      setCount: codes.size,
      chosen,
      offset,
      cluster: cluster && denseCodes(cluster),
      alternative,
      alternatives: plan.levels,
      nameOf: (n) => plan.nameOf(ids[n]),
    });
    return { sets: { ...sets, constantsName: plan.constants }, base: plan.base };
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
  use: (source: ChoiceBatches & { base?: string; rows: number }) => Promise<T>,
  batchRows: number = 131072,
): Promise<T> {
  return await withChoiceLog(path, columns, async (connection, plan) => {
    let clusterCount = 0;
    let previous = -Infinity;
    let ascending = true;
    const codes = plan.has.cluster ? plan.columns.slice(0, 3) : plan.columns.slice(0, 1);
    await streamDoubles(connection, `SELECT ${codes.join(", ")} FROM log`, (parts, count) => {
      const ids = parts[0];
      const clusters = parts.at(2);
      for (let i = 0; i < count; i++) {
        if (ids[i] < previous) ascending = false;
        previous = ids[i];
        if (clusters && clusters[i] >= clusterCount) clusterCount = clusters[i] + 1;
      }
    });
    let sql = `SELECT ${plan.columns.join(", ")} FROM log`;
    if (!ascending) {
      await connection.run(`CREATE TEMP TABLE sorted AS ${sql} ORDER BY 1`);
      sql = "SELECT * FROM sorted";
    }
    const source = {
      features: plan.features,
      clusterCount,
      base: plan.base,
      rows: plan.rows,
      batches: () => readBatches(connection, sql, plan, batchRows),
    };
    return await use(source);
  }, BATCH_MEMORY);
}

async function* readBatches(
  connection: DuckDBConnection,
  sql: string,
  plan: Plan,
  batchRows: number,
): AsyncGenerator<ChoiceSets> {
  // Rows wait here, column by column, until a batch of whole sets is full.
  let waiting = plan.columns.map(() => new Float64Array(2 * batchRows));
  let rows = 0;
  for await (const { columns, count } of chunksOfDoubles(connection, sql)) {
    if (rows + count > waiting[0].length) {
      waiting = waiting.map((column) => {
        const larger = new Float64Array(2 * column.length);
        larger.set(column);
        return larger;
      });
    }
    columns.forEach((column, c) => waiting[c].set(column, rows));
    rows += count;
    if (rows < batchRows) continue;
    const [ids] = waiting;
    let whole = rows;
    while (whole > 0 && ids[whole - 1] === ids[rows - 1]) whole--;
    if (whole === 0) continue;
    yield batchOf(waiting, whole, plan);
    for (const column of waiting) column.copyWithin(0, whole, rows);
    rows -= whole;
  }
  if (rows > 0) yield batchOf(waiting, rows, plan);
}

function batchOf(waiting: Float64Array[], rows: number, plan: Plan): ChoiceSets {
  const width = plan.features.length;
  const values = new Float64Array(rows * width);
  const choice = new Int32Array(rows);
  const [ids, marks] = waiting;
  const names = [ids[0]];
  for (let r = 0; r < rows; r++) {
    if (ids[r] !== names[names.length - 1]) names.push(ids[r]);
    choice[r] = names.length - 1;
  }
  for (let k = 0; k < width; k++) {
    const column = waiting[waiting.length - width + k];
    for (let r = 0, a = k; r < rows; r++, a += width) values[a] = column[r];
  }
  const { cluster, offset } = plan.pick(waiting);
  return groupChoices({
    features: plan.features,
    values,
    choice,
    setCount: names.length,
    chosen: Uint8Array.from(marks.subarray(0, rows)),
    cluster: cluster && Int32Array.from(cluster.subarray(0, rows)),
    offset: offset?.slice(0, rows),
    nameOf: (n) => plan.nameOf(names[n]),
  });
}

/** How to read a choice log. */
interface Plan {
  /** SQL of the columns: id, chosen, then those of cluster, alternative and offset that there are, then the features. */
  columns: string[];
  /** Finds cluster, alternative and offset among the columns read. */
  pick: (columns: Float64Array[]) => { cluster?: Float64Array; alternative?: Float64Array; offset?: Float64Array };
  rows: number;
  features: string[];
  has: { cluster: boolean; alternative: boolean; offset: boolean };
  levels?: string[];
  constants?: string;
  base?: string;
  nameOf: (id: number) => string;
}

async function withChoiceLog<T>(
  path: string,
  columns: ChoiceColumns,
  use: (connection: DuckDBConnection, plan: Plan) => Promise<T>,
  memoryLimit: string = "2GB",
): Promise<T> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file`);
  return await withDuckDB(async (connection) => {
    await connection.run(`SET temp_directory = ${sqlText(tmpdir())}`);
    try {
      if (/\.parquet$/i.test(path)) {
        await connection.run(`CREATE TEMP VIEW log AS SELECT * FROM read_parquet(${sqlText(path)})`);
      } else {
        const missing = `nullstr = ['', 'NA', 'NaN', 'null']`;
        await connection.run(
          `CREATE TEMP TABLE log AS SELECT * FROM read_csv(${sqlText(path)}, sample_size = -1, ${missing})`,
        );
      }
    } catch (error) {
      throw new InputError(`${path}: expected a CSV or Parquet file but DuckDB says: ${String(error).split("\n")[0]}`);
    }
    try {
      return await use(connection, await makePlan(connection, columns));
    } catch (error) {
      if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`);
      throw error;
    }
  }, memoryLimit);
}

/**
 * The features of a choice log when none are named: all numeric columns but the bookkeeping ones.
 *
 * @param types DuckDB's type of each column.
 * @param used Columns that mean something else.
 * @returns Names of the features, in the order of the columns.
 */
export function defaultFeatures(
  types: ReadonlyMap<string, string>,
  used: ReadonlySet<string | undefined>,
): string[] {
  return [...types.keys()].filter((name) =>
    NUMERIC.test(types.get(name)!) && !used.has(name) && !BOOKKEEPING.has(name.toLowerCase())
  );
}

async function makePlan(connection: DuckDBConnection, columns: ChoiceColumns): Promise<Plan> {
  const described = await queryColumns(connection, "SELECT column_name, column_type FROM (DESCRIBE log)");
  const types = new Map<string, string>();
  (described.column_name as string[]).forEach((name, i) => types.set(name, (described.column_type as string[])[i]));
  const expectColumn = (name: string, option: string, what: string): string => {
    if (types.has(name)) return name;
    const found = [...types.keys()].join(", ");
    throw new InputError(`Expected a column ${name} ${what}; name another with ${option}. Columns found: ${found}`);
  };
  const choiceId = expectColumn(columns.choiceId ?? "choice_id", "--choice-id", "that says which rows stood together");
  const chosen = expectColumn(columns.chosen ?? "chosen", "--chosen", "that marks the chosen row");
  const constants = columns.constants &&
    expectColumn(columns.constants, "--constants", "whose levels get a constant each");
  const needed = columns.alternative ?? constants ?? (columns.byAlternative?.length ? "alternative" : undefined);
  const alternative = needed
    ? expectColumn(needed, "--alternative", "that names the alternatives")
    : types.get("alternative") === "VARCHAR"
    ? "alternative"
    : undefined;
  const cluster = columns.cluster && expectColumn(columns.cluster, "--cluster", "of the clusters");
  const offset = columns.offset
    ? expectColumn(columns.offset, "--offset", "that is added to the utility")
    : columns.offset === undefined && types.has("sampling_offset")
    ? "sampling_offset"
    : undefined;
  for (const name of columns.byAlternative ?? []) expectColumn(name, "--by-alternative", "to interact");

  const { count } = await queryColumns(connection, "SELECT count(*)::DOUBLE AS count FROM log");
  const rows = Number(count[0]);
  if (rows === 0) throw new InputError("Expected at least one row but found none");
  const levels = alternative ? await distinct(connection, alternative) : undefined;
  const base = await baseLevel(columns, alternative, levels);
  const others = (levels ?? []).filter((level) => level !== base);
  if (base !== undefined && others.length > MOST_ALTERNATIVES * 5) {
    throw new InputError(`Expected ${alternative} to have few levels but found ${levels!.length}`);
  }
  const isLevel = (level: string) => `${sqlName(alternative!)}::VARCHAR = ${sqlText(level)}`;
  const used = new Set([choiceId, chosen, alternative, cluster, offset, constants, ...(columns.byAlternative ?? [])]);
  const plain = columns.features?.map((name) => expectColumn(name, "--features", "as a feature")) ??
    defaultFeatures(types, used);
  for (const name of [...plain, ...(columns.byAlternative ?? []), ...(offset ? [offset] : [])]) {
    await expectNumeric(connection, name, types.get(name)!, choiceId);
  }
  const features: [name: string, sql: string][] = [
    ...(constants ? others.map((level): [string, string] => [`${constants}:${level}`, `(${isLevel(level)})`]) : []),
    ...plain.map((name): [string, string] => [name, sqlName(name)]),
    ...(columns.byAlternative ?? []).flatMap((name) =>
      others.map((level): [string, string] => [
        `${name}:${level}`,
        `CASE WHEN ${isLevel(level)} THEN ${sqlName(name)}::DOUBLE ELSE 0 END`,
      ])
    ),
  ];
  if (features.length === 0) {
    throw new InputError(
      `Expected at least one numeric feature but found none; columns: ${[...types.keys()].join(", ")}`,
    );
  }
  const id = await codeOf(connection, choiceId, types.get(choiceId)!);
  const clusterCode = cluster && await codeOf(connection, cluster, "VARCHAR");
  const named = levels && levels.length <= MOST_ALTERNATIVES;
  if (named) await connection.run(`CREATE TYPE alternatives AS ENUM (${levels.map(sqlText).join(", ")})`);
  const optional = [
    ["cluster", clusterCode ? clusterCode.sql : undefined],
    ["alternative", named ? `enum_code(${sqlName(alternative!)}::VARCHAR::alternatives)` : undefined],
    ["offset", offset && sqlName(offset)],
  ].filter(([, sql]) => sql !== undefined);
  const expressions = [
    id.sql,
    await chosenSql(
      connection,
      chosen,
      types.get(chosen)!,
      alternative ?? (types.has("alternative") ? "alternative" : undefined),
    ),
    ...optional.map(([, sql]) => sql),
    ...features.map(([, sql]) => sql),
  ];
  return {
    columns: expressions.map((expression, c) => `coalesce((${expression})::DOUBLE, 'nan'::DOUBLE) AS c${c}`),
    pick: (columns) => Object.fromEntries(optional.map(([name], o) => [name, columns[2 + o]])),
    rows,
    features: features.map(([name]) => name),
    has: { cluster: cluster !== undefined, alternative: !!named, offset: offset !== undefined },
    levels: named ? levels : undefined,
    constants: constants || undefined,
    base,
    nameOf: id.nameOf,
  };
}

function baseLevel(
  columns: ChoiceColumns,
  alternative: string | undefined,
  levels: string[] | undefined,
): string | undefined {
  if (!columns.constants && !columns.byAlternative?.length) {
    if (columns.base === undefined) return undefined;
    throw new InputError("--base needs --constants or --by-alternative to say what it is the base of");
  }
  const base = columns.base ?? levels![0];
  if (levels!.includes(base)) return base;
  throw new InputError(
    `Expected --base to be a level of ${alternative} but found '${base}'; levels: ${levels!.join(", ")}`,
  );
}

async function distinct(connection: DuckDBConnection, column: string): Promise<string[]> {
  const name = sqlName(column);
  const sql = `SELECT DISTINCT ${name}::VARCHAR AS v FROM log WHERE ${name} IS NOT NULL ORDER BY v LIMIT 10000`;
  const { v } = await queryColumns(connection, sql);
  const missing = await queryColumns(connection, `SELECT count(*)::DOUBLE AS n FROM log WHERE ${name} IS NULL`);
  if (Number(missing.n[0]) > 0) {
    throw new InputError(`Expected ${column} to name every alternative but it is missing in ${missing.n[0]} rows`);
  }
  return v as string[];
}

/** A number for each value of an id column: itself where that is exact, else its place among the sorted texts. */
async function codeOf(
  connection: DuckDBConnection,
  column: string,
  type: string,
): Promise<{ sql: string; nameOf: (id: number) => string }> {
  const name = sqlName(column);
  const missing = await queryColumns(connection, `SELECT count(*)::DOUBLE AS n FROM log WHERE ${name} IS NULL`);
  if (Number(missing.n[0]) > 0) {
    throw new InputError(`Expected ${column} in every row but it is missing in ${missing.n[0]} rows`);
  }
  if (/^U?(TINY|SMALL|BIG)?INT(EGER)?$/.test(type)) {
    const { m } = await queryColumns(connection, `SELECT max(abs(${name}::HUGEINT))::DOUBLE AS m FROM log`);
    if (Number(m[0]) < Number.MAX_SAFE_INTEGER) return { sql: name, nameOf: String };
  }
  const codes = `codes_of_${column.replaceAll(/\W/g, "_")}`;
  await connection.run(
    `CREATE TYPE ${sqlName(codes)} AS ENUM (SELECT DISTINCT ${name}::VARCHAR AS v FROM log ORDER BY v)`,
  );
  const { v } = await queryColumns(connection, `SELECT unnest(enum_range(NULL::${sqlName(codes)}))::VARCHAR AS v`);
  return { sql: `enum_code(${name}::VARCHAR::${sqlName(codes)})`, nameOf: (id) => String(v[id]) };
}

async function chosenSql(
  connection: DuckDBConnection,
  chosen: string,
  type: string,
  alternative: string | undefined,
): Promise<string> {
  const text = `lower(trim(${sqlName(chosen)}::VARCHAR))`;
  const list = (values: string[]) => values.map(sqlText).join(", ");
  const { v } = await queryColumns(
    connection,
    `SELECT DISTINCT coalesce(${text}, '') AS v FROM log WHERE ${text} IS NULL OR ${text} NOT IN (${
      list([...YES, ...NO])
    })
     ORDER BY v LIMIT 3`,
  );
  const others = v as string[];
  if (others.includes("")) throw new InputError(`Expected ${chosen} in every row but it is missing in some`);
  if (others.length === 0 && NUMERIC.test(type)) return sqlName(chosen);
  if (others.length === 0) return `${text} IN (${list(YES)})`;
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

function denseCodes(codes: Int32Array): Int32Array {
  const known = new Map<number, number>();
  let previous = NaN;
  let code = 0;
  return codes.map((value) => {
    if (value === previous) return code;
    previous = value;
    const found = known.get(value);
    code = found ?? known.size;
    if (found === undefined) known.set(value, code);
    return code;
  });
}
