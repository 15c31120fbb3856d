import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { deserialize, serialize } from "node:v8";
import { decodeRows, encodeRows, rowsOf, type RowTable } from "../../lib/spark/arrow.ts";
import type { Engine, JobStatistics, Source, Step, StepRegistry } from "../../lib/spark/engine.ts";
import { STEPS } from "../../lib/spark/steps.ts";
import { InputError } from "../../lib/data/errors.ts";
import { readNpyMatrix } from "../../lib/data/npy.ts";
import { queryColumns, sqlName, sqlText, withDuckDB } from "../../lib/data/parquet.ts";

const EXECUTORS = 2;

/** Stands in for a cluster: runs partition functions in this process, one after another, over the same Arrow tables. */
export function engineHere(registry: StepRegistry = STEPS): Engine {
  const history: JobStatistics[] = [];
  return {
    executors: EXECUTORS,
    history,
    async run({ name, source, steps }) {
      const start = performance.now();
      let given = await partitionsOf(source, 4 * EXECUTORS);
      let tasks = 0;
      let shuffleBytes = 0;
      for (const { step, broadcast, shuffle } of steps) {
        const loaded = await registry[step]();
        if (shuffle) {
          shuffleBytes += given.flat().reduce((sum, bytes) => sum + bytes.length, 0);
          const schema = (await registry[steps[steps.findIndex((call) => call.step === step) - 1].step]()).output;
          given = regroup(given.flat().map(decodeRows), Object.entries(schema), shuffle);
        }
        tasks += given.length;
        const results: Uint8Array[][] = [];
        for (const [partition, tables] of given.entries()) {
          results.push(await work(loaded, tables, deserialize(serialize(broadcast)), partition, source));
        }
        given = results;
      }
      const seconds = (performance.now() - start) / 1000;
      history.push({
        ...{ job: name, seconds, tasks, stepSeconds: steps.map(() => seconds / steps.length) },
        ...{ shuffleBytes, peakTaskMiB: 0 },
      });
      return tablesOf(given.flat());
    },
    close: () => Promise.resolve(),
  };
}

async function work(step: Step, tables: Uint8Array[], broadcast: unknown, partition: number, source: Source) {
  const results: Uint8Array[] = [];
  try {
    for await (const columns of step.run(tablesOf(tables), broadcast, { partition, attempt: 0 })) {
      results.push(encodeRows(step.output, columns));
    }
  } catch (error) {
    throw error instanceof InputError && source.kind !== "items"
      ? new InputError(`${source.path}: ${error.message}`)
      : error;
  }
  return results;
}

async function* tablesOf(tables: Uint8Array[]): AsyncGenerator<RowTable> {
  for (const bytes of tables) yield await Promise.resolve(decodeRows(bytes));
}

/** Each partition one table, none empty. */
async function partitionsOf(source: Source, count: number): Promise<Uint8Array[][]> {
  if (source.kind === "items") {
    return Array.from({ length: source.count }, (_, item) => [encodeRows({ item: "int" }, { item: [item] })]);
  }
  if (source.kind === "npy") {
    const x = readNpyMatrix(source.path);
    return ranges(x.rows, count).map(([from, to]) => {
      const vector = rowsOf(x.data.subarray(from * x.columns, to * x.columns), to - from);
      const row = Int32Array.from({ length: to - from }, (_, i) => from + i);
      return [encodeRows({ row: "int", vector: "binary" }, { row, vector })];
    });
  }
  const { path, columns, by } = source;
  const table = `read_parquet(${sqlText(path)}, file_row_number = true)`;
  return await withDuckDB(async (connection) => {
    const described = await queryColumns(connection, `SELECT column_name FROM (DESCRIBE SELECT * FROM ${table})`);
    const names = columns.filter((name) => (described.column_name as string[]).includes(name)).map(sqlName);
    const rows = Number((await queryColumns(connection, `SELECT count(*)::DOUBLE AS n FROM ${table}`)).n[0]);
    const parts = by === undefined
      ? ranges(rows, count).map(([from, to]) => `WHERE file_row_number BETWEEN ${from} AND ${to - 1} ORDER BY "row"`)
      : Array.from(
        { length: count },
        (_, p) => `WHERE hash(${sqlName(by)}) % ${count} = ${p} ORDER BY ${sqlName(by)}, "row"`,
      );
    const select = `SELECT file_row_number AS "row", ${names.join(", ")} FROM ${table}`;
    const found: Uint8Array[][] = [];
    for (const where of parts) {
      const values = await queryColumns(connection, `${select} ${where}`);
      if (values.row.length > 0) found.push([tableToIPC(tableFromArrays(values), { format: "stream" })!]);
    }
    return found;
  });
}

function ranges(rows: number, count: number): [number, number][] {
  const parts = Math.min(rows, count);
  return Array.from({ length: parts }, (_, p) => [Math.floor(rows * p / parts), Math.floor(rows * (p + 1) / parts)]);
}

/** Brings the rows of equal `part` together, in order. */
function regroup(
  tables: RowTable[],
  schema: [string, "int" | "binary"][],
  { partitions, order }: { partitions: number; order: readonly string[] },
): Uint8Array[][] {
  const columns = Object.fromEntries(schema.map(([name, type]) => [
    name,
    tables.flatMap((table): (number | Uint8Array)[] =>
      type === "int" ? Array.from(table.numbers(name)!) : table.bytes(name)
    ),
  ]));
  const numbers = (name: string) => columns[name] as number[];
  return Array.from({ length: partitions }, (_, p) => {
    const rows = numbers("part").flatMap((part, r) => part === p ? [r] : []).sort((a, b) => {
      const key = order.find((name) => numbers(name)[a] !== numbers(name)[b]);
      return key ? numbers(key)[a] - numbers(key)[b] : 0;
    });
    if (rows.length === 0) return [];
    const picked = schema.map(([name]) => [name, rows.map((r) => columns[name][r])]);
    return [encodeRows(Object.fromEntries(schema), Object.fromEntries(picked))];
  });
}
