/** The Spark engine: the driver's process (`driver.py`) and what is said to it. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import { InputError } from "../data/errors.ts";
import { decodeRows, type RowSchema, type RowTable } from "./arrow.ts";
import type { Engine, Failure, Job, JobStatistics, StepRegistry } from "./engine.ts";
import { javaProblem } from "./java.ts";
import { matrixShape } from "./matrix_file.ts";

/** The Spark engine, with what only a cluster has. */
export interface SparkEngine extends Engine {
  /** Processes of the cluster that this engine started, the master first; none when it uses another cluster. */
  readonly pids: readonly number[];
}

/** What the driver answers. */
interface Answer {
  error?: Failure;
  pids?: number[];
  files?: string[];
  statistics?: Omit<JobStatistics, "job">;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = join(ROOT, ".venv-spark/bin/python");
const FIND_SPARK = "import importlib.util; importlib.util.find_spec('pyspark').origin";
const PARTITIONS_AN_EXECUTOR = 4;
/** Memory of an executor's JVM, MiB. */
const EXECUTOR_MIB = 1024;
/** Memory of a worker process beside the executor's own, MiB: what a cluster started here grants each executor more. */
const HEADROOM_MIB = 512;

/**
 * Whether Spark can be used here.
 *
 * @returns Why not, in one sentence that says what to do; undefined when it can.
 */
export function sparkProblem(): string | undefined {
  const mend = "run deno task setup --spark";
  const java = javaProblem();
  if (java) return `${java}, then ${mend}`;
  return spawnSync(PYTHON, ["-c", FIND_SPARK]).status === 0 ? undefined : `Spark is not installed; ${mend}`;
}

/**
 * Opens a Spark session, on a cluster of its own when no master is named: a master and a worker of one core an executor
 * on 127.0.0.1. They end with {@linkcode Engine.close}, and when this process ends in whatever way.
 *
 * @param options Master, number of executors, and the module whose `STEPS` are the steps: the library's when left out.
 * @throws {InputError} When Spark is not installed or the master does not answer.
 */
export async function sparkEngine(
  options: { master?: string; executors: number; steps?: URL },
): Promise<SparkEngine> {
  const problem = sparkProblem();
  if (problem) throw new InputError(problem);
  const { master, executors, steps = new URL("steps.ts", import.meta.url) } = options;
  const registry = (await import(steps.href)).STEPS as StepRegistry;
  if (master !== undefined) await expectMaster(master);
  const driver = new DriverProcess();
  const worker = fileURLToPath(new URL("worker.ts", import.meta.url));
  const opened = await driver.ask({
    master,
    executors,
    memory: `${EXECUTOR_MIB + HEADROOM_MIB}m`,
    executorMemory: `${EXECUTOR_MIB}m`,
    command: [process.execPath, "run", "-A", "--quiet", "--config", join(ROOT, "deno.json"), worker, steps.href],
  }).catch(async (error) => {
    await driver.close();
    throw error;
  });
  const history: JobStatistics[] = [];
  const broadcasts = mkdtempSync(join(tmpdir(), "segue-broadcast-"));
  return {
    executors,
    history,
    pids: opened.pids!,
    async run(job) {
      const staging = resolve(mkdtempSync(join(job.staging ?? tmpdir(), ".segue-spark-")));
      try {
        const { files, statistics } = await driver.ask({
          name: job.name,
          source: sourceOf(job),
          partitions: executors * PARTITIONS_AN_EXECUTOR,
          keep: job.keep ?? false,
          large: job.staging !== undefined,
          staging,
          steps: await Promise.all(job.steps.map(async ({ step, broadcast, shuffle }) => ({
            step,
            broadcast: keepBroadcast(broadcasts, serialize(broadcast)),
            schema: schemaOf((await registry[step]()).output),
            shuffle,
          }))),
        });
        history.push({ job: job.name, ...statistics! });
        return readResult(files!, staging);
      } catch (error) {
        rmSync(staging, { recursive: true, force: true });
        throw error;
      }
    },
    async close() {
      await driver.close();
      rmSync(broadcasts, { recursive: true, force: true });
    },
  };
}

async function* readResult(files: string[], staging: string): AsyncGenerator<RowTable> {
  try {
    for (const file of files) {
      const table = decodeRows(readFileSync(file));
      if (table.length > 0) yield table;
      rmSync(file);
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** As Spark writes it, e.g. `"row int, vector binary"`. */
function schemaOf(schema: RowSchema): string {
  return Object.entries(schema).map((column) => column.join(" ")).join(", ");
}

function sourceOf({ source }: Job): Record<string, unknown> {
  if (source.kind === "items") return { ...source };
  const path = resolve(source.path);
  if (!existsSync(path)) throw new InputError(`${source.path}: no such file`);
  return source.kind === "npy" ? { ...source, path, shape: matrixShape(path) } : { ...source, path };
}

/** Named by what is in it, so that the same value is sent to the cluster once. */
function keepBroadcast(folder: string, value: Uint8Array): string {
  const path = join(folder, createHash("sha256").update(value).digest("hex"));
  if (!existsSync(path)) writeFileSync(path, value);
  return path;
}

/** Spark itself would try for minutes. */
async function expectMaster(master: string): Promise<void> {
  const { hostname, port } = new URL(master.replace(/^spark:/, "http:"));
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port || 80), timeout: 5000 });
    const fail = () => {
      socket.destroy();
      reject(new InputError(`${master}: no Spark master answers there; start one, or leave --master out`));
    };
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    }).once("error", fail).once("timeout", fail);
  });
}

/** `driver.py`: a line of JSON to it, a line back. */
class DriverProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<void>;
  private said = "";

  constructor() {
    this.child = spawn(PYTHON, [fileURLToPath(new URL("driver.py", import.meta.url))], {
      // A group of its own: Ctrl-C is for the command, which ends the driver by ending its input.
      detached: true,
      env: {
        ...process.env,
        PYSPARK_PYTHON: PYTHON,
        PYTHONDONTWRITEBYTECODE: "1",
        NO_COLOR: "1",
      },
    }) as unknown as ChildProcessWithoutNullStreams;
    this.child.stderr.on("data", (text) => {
      this.said = (this.said + text).slice(-4000);
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => this.child.on("close", () => resolve()));
  }

  async ask(request: Record<string, unknown>): Promise<Answer> {
    this.child.stdin.write(JSON.stringify(request) + "\n");
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`The Spark driver ended: ${this.said.trim().split("\n").slice(-5).join(" ")}`);
    const answer = JSON.parse(value) as Answer;
    if (answer.error) throw answer.error.input ? new InputError(answer.error.message) : new Error(answer.error.message);
    return answer;
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }
}
