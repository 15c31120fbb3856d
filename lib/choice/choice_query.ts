/**
 * The query that reads a choice log as choice sets: ids and clusters as codes, constants and interactions as features,
 * the chosen row as 1.
 */
import { InputError } from "../data/errors.ts";
import { queryColumns, sqlName, sqlText } from "../data/parquet.ts";
import { NUMERIC, type OpenChoiceLog } from "./choice_log.ts";

/** More named alternatives than this are tracks, not alternatives that keep their meaning from set to set. */
const MOST_ALTERNATIVES = 60;

/** How to read a choice log. */
export interface ChoiceQuery {
  /** Which of cluster, alternative and offset there are. */
  optional: string[];
  /** The query that gives the rows, those of a set together: id, chosen, the optional columns, the features. */
  sql: string;
  rows: number;
  features: string[];
  /** Number of clusters; 0 without. */
  clusterCount: number;
  /** Names of the alternatives, when they are few. */
  levels?: string[];
  /** Column whose levels have a constant each. */
  constants?: string;
  /** Level whose constant is 0. */
  base?: string;
  /** What a choice set is called in errors. */
  nameOf: (id: number) => string;
}

/**
 * Finds out how a choice log is to be read.
 *
 * @throws {InputError} When there are no rows or no features, a feature is not numeric, or a value is missing.
 */
export async function choiceQuery(log: OpenChoiceLog): Promise<ChoiceQuery> {
  const { columns, types } = log;
  const { choiceId, cluster, alternative, constants, byAlternative, offset } = columns;
  const { count } = await ask(log, "SELECT count(*)::DOUBLE AS count FROM log");
  const rows = Number(count[0]);
  if (rows === 0) throw new InputError("Expected at least one row but found none");
  const named = alternative === undefined ? undefined : await valuesOf(log, "alternative", alternative, "v");
  const base = baseLevel(log, named?.values);
  const others = base === undefined ? [] : named!.values.filter((level) => level !== base);
  if (others.length > MOST_ALTERNATIVES * 5) {
    throw new InputError(`Expected ${alternative} to have few levels but found ${named!.values.length}`);
  }
  for (const name of [...columns.features, ...byAlternative, ...(offset ? [offset] : [])]) {
    await expectNumeric(log, name);
  }
  const isLevel = (level: string) => `${sqlName(alternative!)}::VARCHAR = ${sqlText(level)}`;
  const forLevels = (name: string, sql: (level: string) => string) =>
    others.map((level): [string, string] => [`${name}:${level}`, sql(level)]);
  const features: [name: string, sql: string][] = [
    ...(constants ? forLevels(constants, isLevel) : []),
    ...columns.features.map((name): [string, string] => [name, sqlName(name)]),
    ...byAlternative.flatMap((name) =>
      forLevels(name, (level) => `CASE WHEN ${isLevel(level)} THEN ${sqlName(name)}::DOUBLE ELSE 0 END`)
    ),
  ];
  if (features.length === 0) {
    throw new InputError(
      `Expected at least one numeric feature but found none; columns: ${[...types.keys()].join(", ")}`,
    );
  }
  const ids = await isExact(log, choiceId)
    ? { sql: sqlName(choiceId), values: undefined }
    : await valuesOf(log, "choice", choiceId, "first");
  const clusters = cluster ? await valuesOf(log, "cluster", cluster, "first") : undefined;
  const few = named && named.values.length <= MOST_ALTERNATIVES ? named : undefined;
  const optional = Object.entries({ cluster: clusters?.sql, alternative: few?.sql, offset: offset && sqlName(offset) })
    .filter(([, sql]) => sql);
  const chosen = await chosenSql(log);
  const sql = [ids.sql, chosen, ...optional.map(([, sql]) => sql), ...features.map(([, sql]) => sql)]
    .map((expression, c) => `coalesce((${expression})::DOUBLE, 'nan'::DOUBLE) AS c${c}`);
  return {
    optional: optional.map(([name]) => name),
    sql: await inOrder(log, `SELECT ${sql.join(", ")} FROM log`),
    rows,
    features: features.map(([name]) => name),
    clusterCount: clusters?.values.length ?? 0,
    levels: few?.values,
    constants,
    base,
    nameOf: (id) => ids.values?.[id] ?? String(id),
  };
}

function ask({ connection }: OpenChoiceLog, sql: string) {
  return queryColumns(connection, sql);
}

/** Rows that are not in order of their choice set are sorted once, on disk if need be. */
async function inOrder(log: OpenChoiceLog, sql: string): Promise<string> {
  const { falls } = await ask(
    log,
    `SELECT coalesce(bool_or(c0 < before), false) AS falls FROM (SELECT c0, lag(c0) OVER () AS before FROM (${sql}))`,
  );
  if (!falls[0]) return sql;
  await log.connection.run(`CREATE TEMP TABLE sorted AS ${sql} ORDER BY 1`);
  return "FROM sorted";
}

function baseLevel({ columns }: OpenChoiceLog, levels: string[] | undefined): string | undefined {
  const { constants, byAlternative, alternative, base = levels?.[0] } = columns;
  if (!constants && byAlternative.length === 0) {
    if (columns.base === undefined) return undefined;
    throw new InputError("--base needs --constants or --by-alternative to say what it is the base of");
  }
  if (levels!.includes(base!)) return base;
  throw new InputError(
    `Expected --base to be a level of ${alternative} but found '${base}'; levels: ${levels!.join(", ")}`,
  );
}

/** Whether the values of an id column are whole numbers that a double holds. */
async function isExact(log: OpenChoiceLog, column: string): Promise<boolean> {
  if (!/^U?(TINY|SMALL|BIG)?INT(EGER)?$/.test(log.types.get(column)!)) return false;
  const { m } = await ask(log, `SELECT max(abs(coalesce(${sqlName(column)}, 1e300)))::DOUBLE AS m FROM log`);
  return Number(m[0]) < Number.MAX_SAFE_INTEGER;
}

/** Codes for the texts of a column, in alphabetical order (`v`) or that of their first rows (`first`). */
async function valuesOf(
  log: OpenChoiceLog,
  use: string,
  column: string,
  order: "v" | "first",
): Promise<{ sql: string; values: string[] }> {
  const text = `${sqlName(column)}::VARCHAR`;
  const { n } = await ask(log, `SELECT count(*)::DOUBLE AS n FROM log WHERE ${text} IS NULL`);
  if (Number(n[0]) > 0) throw new InputError(`Expected ${column} in every row but it is missing in ${n[0]} rows`);
  await log.connection.run(
    `CREATE TYPE ${use}_values AS ENUM (SELECT v FROM (SELECT v, min(n) AS first FROM
      (SELECT ${text} AS v, row_number() OVER () AS n FROM log) GROUP BY v) ORDER BY ${order})`,
  );
  const { v } = await ask(log, `SELECT unnest(enum_range(NULL::${use}_values))::VARCHAR AS v`);
  return { sql: `enum_code(${text}::${use}_values)`, values: v as string[] };
}

/** 1 for the chosen row, whether it is marked or named. */
async function chosenSql(log: OpenChoiceLog): Promise<string> {
  const { columns: { chosen, alternative }, types } = log;
  const text = `lower(trim(${sqlName(chosen)}::VARCHAR))`;
  const flag = `try_cast(regexp_replace(${text}, '[.]0$', '') AS BOOLEAN)`;
  const { v } = await ask(
    log,
    `SELECT DISTINCT coalesce(${text}, '') AS v FROM log WHERE ${flag} IS NULL ORDER BY v LIMIT 3`,
  );
  const others = v as string[];
  if (others.includes("")) throw new InputError(`Expected ${chosen} in every row but it is missing in some`);
  if (others.length === 0) return NUMERIC.test(types.get(chosen)!) ? sqlName(chosen) : flag;
  const names = alternative ?? (types.has("alternative") ? "alternative" : undefined);
  if (names) return `${text} = lower(trim(${sqlName(names)}::VARCHAR))`;
  throw new InputError(
    `Expected ${chosen} to be 1/0, true/false or yes/no but found '${others[0]}'; ` +
      `if it names the chosen alternative, say which column names the alternatives with --alternative`,
  );
}

async function expectNumeric(log: OpenChoiceLog, column: string): Promise<void> {
  if (NUMERIC.test(log.types.get(column)!)) return;
  const name = sqlName(column);
  const { v, id } = await ask(
    log,
    `SELECT ${name}::VARCHAR AS v, ${sqlName(log.columns.choiceId)}::VARCHAR AS id FROM log
     WHERE ${name} IS NOT NULL AND try_cast(${name} AS DOUBLE) IS NULL LIMIT 1`,
  );
  if (v.length === 0) return;
  throw new InputError(
    `Expected feature ${column} to be numeric but found '${v[0]}' in choice set ${id[0]}; for a constant for each of ` +
      `its levels use --constants ${column}`,
  );
}
