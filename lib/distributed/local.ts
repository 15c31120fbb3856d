/**
 * The local engine: partition functions on worker processes of this machine.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { InputError } from "../errors.ts";
import { decodeRows, encodeRows, type RowColumns, rowCount, type RowSchema, type RowTable } from "./arrow.ts";
import type { Engine, JobResult, JobStatistics, StepCall, StepRegistry } from "./engine.ts";
import { openSource } from "./sources.ts";
import { type Closing, encodeBroadcast, type Failure, FRAME_HEAD, frameHead, type Opening, parseHead } from "./wire.ts";

/** A partition of a step: the tables it is given, made when its turn comes. */
type Partition = () => Promise<Uint8Array[]>;

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
const PARTITIONS_AN_EXECUTOR = 4;
const TABLE_ROWS = 10_000;

/**
 * Makes the engine; its workers start with the first job.
 *
 * @param options Number of worker processes, and the module of the steps.
 * @returns The engine.
 */
export function localEngine(options: { executors: number; steps: URL }): Engine {
  const { executors, steps } = options;
  const workers: LocalWorker[] = [];
  const history: JobStatistics[] = [];
  return {
    name: "local",
    executors,
    history,
    async run(job): Promise<JobResult> {
      const registry = (await import(steps.href)).STEPS as StepRegistry;
      while (workers.length < executors) workers.push(new LocalWorker(steps));
      const start = performance.now();
      const source = await openSource(job.source, job.partitions ?? executors * PARTITIONS_AN_EXECUTOR);
      const file = job.source.kind === "items" ? "" : job.source.path;
      let partitions: Partition[] = source.partitions;
      let results: Uint8Array[][] = [];
      let tasks = 0;
      let shuffleBytes = 0;
      const stepSeconds: number[] = [];
      for (const [s, call] of job.steps.entries()) {
        if (call.shuffle) {
          const schema = (await registry[job.steps[s - 1].step]()).output;
          shuffleBytes += results.flat().reduce((sum, bytes) => sum + bytes.length, 0);
          partitions = shufflePartitions(results, schema, call.shuffle);
        }
        const before = workers.map(({ busySeconds }) => busySeconds);
        results = await runStep(workers, call, partitions, file);
        stepSeconds.push(workers.reduce((sum, { busySeconds }, w) => sum + busySeconds - before[w], 0));
        tasks += partitions.length;
      }
      const statistics: JobStatistics = {
        job: job.name,
        seconds: (performance.now() - start) / 1000,
        tasks,
        stepSeconds,
        shuffleBytes,
        peakTaskMiB: Math.max(...workers.map(({ peakMiB }) => peakMiB)),
      };
      history.push(statistics);
      return { statistics, tables: () => decodeAll(results) };
    },
    // deno-lint-ignore require-await
    async close() {
      for (const worker of workers.splice(0)) worker.end();
    },
  };
}

async function* decodeAll(results: Uint8Array[][]): AsyncGenerator<RowTable> {
  for (const tables of results) for (const bytes of tables) yield decodeRows(bytes);
}

/** Every worker takes the next partition when it is free. */
async function runStep(
  workers: LocalWorker[],
  call: StepCall,
  partitions: Partition[],
  file: string,
): Promise<Uint8Array[][]> {
  const value = encodeBroadcast(call.broadcast);
  const broadcast = createHash("sha256").update(value).digest("hex");
  const results: Uint8Array[][] = partitions.map(() => []);
  let next = 0;
  await Promise.all(workers.map(async (worker) => {
    while (next < partitions.length) {
      const partition = next++;
      const opening = { step: call.step, broadcast, partition, attempt: 0, file };
      results[partition] = await worker.run(opening, value, await partitions[partition]());
    }
  }));
  return results;
}

/** A worker process and the frames that go to and fro. */
class LocalWorker {
  peakMiB = 0;
  busySeconds = 0;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly input: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(steps: URL) {
    this.child = spawn(process.execPath, ["run", "-A", "--quiet", WORKER, steps.href], {
      stdio: ["pipe", "pipe", "inherit"],
    }) as unknown as ChildProcessWithoutNullStreams;
    this.input = this.child.stdout[Symbol.asyncIterator]();
  }

  end(): void {
    this.child.stdin.end();
    this.child.kill();
  }

  async run(opening: Opening, broadcast: Uint8Array, tables: Uint8Array[]): Promise<Uint8Array[]> {
    const results: Uint8Array[] = [];
    const start = performance.now();
    let next = 0;
    await this.send("O", new TextEncoder().encode(JSON.stringify(opening)));
    for (;;) {
      const { letter, body } = await this.receive();
      if (letter === "V") await this.send("V", broadcast);
      else if (letter === "N") {
        if (next < tables.length) await this.send("B", tables[next++]);
        else await this.send("E", new Uint8Array(0));
      } else if (letter === "B") results.push(body);
      else if (letter === "D") {
        this.peakMiB = Math.max(this.peakMiB, (JSON.parse(new TextDecoder().decode(body)) as Closing).peakMiB);
        this.busySeconds += (performance.now() - start) / 1000;
        return results;
      } else {
        const { message, input } = JSON.parse(new TextDecoder().decode(body)) as Failure;
        throw input ? new InputError(message) : new Error(message);
      }
    }
  }

  private async send(letter: string, body: Uint8Array): Promise<void> {
    this.child.stdin.write(frameHead(letter, body.length));
    if (!this.child.stdin.write(body)) await once(this.child.stdin, "drain");
  }

  private async receive(): Promise<{ letter: string; body: Uint8Array }> {
    const { letter, length } = parseHead(await this.take(FRAME_HEAD));
    return { letter, body: await this.take(length) };
  }

  private async take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (this.rest.length === 0) {
        const { value, done } = await this.input.next();
        if (done) throw new Error("A worker process ended in the middle of a partition");
        this.rest = value;
      }
      const part = this.rest.subarray(0, length - filled);
      taken.set(part, filled);
      filled += part.length;
      this.rest = this.rest.subarray(part.length);
    }
    return taken;
  }
}

/** Brings the rows of equal `part` together and sorts them. */
function shufflePartitions(
  results: Uint8Array[][],
  schema: RowSchema,
  { partitions, order }: { partitions: number; order: readonly string[] },
): Partition[] {
  const parts: { table: RowTable; rows: number[] }[][] = Array.from({ length: partitions }, () => []);
  for (const bytes of results.flat()) {
    const table = decodeRows(bytes);
    const destinations = table.numbers("part")!;
    const rows: number[][] = Array.from({ length: partitions }, () => []);
    for (let r = 0; r < destinations.length; r++) rows[destinations[r]].push(r);
    rows.forEach((found, p) => {
      if (found.length > 0) parts[p].push({ table, rows: found });
    });
  }
  // deno-lint-ignore require-await
  return parts.map((pieces) => async () => {
    const columns = Object.fromEntries(
      Object.entries(schema).map(([name, type]) => [
        name,
        pieces.flatMap(({ table, rows }) => {
          const values = type === "text"
            ? table.texts(name)
            : type === "binary"
            ? table.bytes(name)
            : table.numbers(name)!;
          return rows.map((r) => values[r]);
        }),
      ]),
    );
    const keys = order.map((name) => columns[name] as number[]);
    const sorted = (columns.part as number[]).map((_, r) => r).sort((a, b) => {
      const key = keys.find((key) => key[a] !== key[b]);
      return key ? key[a] - key[b] : 0;
    });
    const tables: Uint8Array[] = [];
    for (let from = 0; from < sorted.length; from += TABLE_ROWS) {
      const rows = sorted.slice(from, from + TABLE_ROWS);
      const piece = Object.fromEntries(
        Object.entries(columns).map(([name, values]) => [name, rows.map((r) => values[r])]),
      ) as RowColumns;
      if (rowCount(piece) > 0) tables.push(encodeRows(schema, piece));
    }
    return tables;
  });
}
