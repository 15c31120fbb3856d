/**
 * Sizing on paper, every line with its arithmetic: what serving takes, and what a cluster must be for a catalogue that
 * no machine here holds.
 */
import { mean } from "d3-array";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";

/** One line of a reckoning. */
export interface SizingLine {
  /** What is reckoned. */
  what: string;
  /** How, with the numbers in it. */
  arithmetic: string;
  /** The value, in the unit of the label. */
  value: number;
  /** Its unit; empty for a plain number. */
  unit: string;
}

/** What serving depends on and was measured. */
export interface ServingMeasures {
  /** Processor time of one pick with its rules and explanation, µs. */
  microsecondsPerPick: number;
  /** Processor time of one online update of a listener's weights, µs. */
  microsecondsPerUpdate: number;
  /** Requests a second that the HTTP service answered, each on disk before it is answered. */
  requestsPerSecond: number;
  /**
   * Cores of the machine where that was measured. Service and load generator shared them, so the service had no more
   * than these: requests over cores is the least that a core answers.
   */
  requestCores: number;
  /** Bytes of one row of the graph, neighbours with their similarities. */
  bytesPerGraphRow: number;
  /** Bytes of one track's embedding. */
  bytesPerEmbedding: number;
  /** Bytes of one event in a saved listener's state. */
  bytesPerEvent: number;
  /** Bytes of one listener's weights and what is not known of them. */
  bytesPerBelief: number;
}

/** What serving depends on and is assumed: prices and habits that the case study states; none is measured here. */
export const SERVING_ASSUMPTIONS = {
  tracks: 100e6,
  listeners: 500e6,
  /** Share of the listeners who listen on a day, in [0, 1]. */
  activeShare: 0.4,
  /** Picks of a listener on such a day. */
  picksPerDay: 30,
  /** Load of the busiest minute over the mean of the day, at least 1. */
  peakFactor: 2.5,
  /** Share of a core that may be busy at the peak, in (0, 1]. */
  utilisation: 0.5,
  /** Events kept of a listener, stored. */
  eventsKept: 2000,
  /** The latest events of a listener who is active, in memory. */
  eventsInMemory: 200,
  /** Copies of everything that must survive a machine. */
  copies: 3,
  coresPerMachine: 32,
  /** Memory of a machine, GiB. */
  memoryPerMachine: 256,
  /** Price of a core for an hour, USD. */
  dollarsPerCoreHour: 0.04,
  /** Price of a GiB of memory for an hour, USD. */
  dollarsPerMemoryHour: 0.005,
  /** Price of a GB of storage for a month, USD. */
  dollarsPerStorageMonth: 0.02,
} as const;

/** What was measured and what is assumed. */
export type ServingLoad = ServingMeasures & Readonly<Record<keyof typeof SERVING_ASSUMPTIONS, number>>;

const SECONDS_PER_DAY = 86_400;
const HOURS_PER_MONTH = 730;
const GIB = 2 ** 30;

/**
 * Reckons what serving takes. Each machine holds the whole graph, so that a pick needs no other machine; listeners'
 * states are spread over the machines.
 *
 * @returns The lines, each with its arithmetic; the later ones use the earlier ones.
 * @throws {InputError} When a number is not above 0, or a machine cannot hold graph and embeddings.
 */
export function sizeServing(load: ServingLoad): SizingLine[] {
  for (const [name, value] of Object.entries(load)) expectNumber(name, value, Number.MIN_VALUE);
  const { lines, add } = reckoning();
  const picksPerDay = add(
    "picks a day",
    `${si(load.listeners)} listeners × ${load.activeShare} active × ${load.picksPerDay} picks`,
    load.listeners * load.activeShare * load.picksPerDay,
    "picks/day",
  );
  const peak = add(
    "picks at the peak",
    `${si(picksPerDay)} / ${SECONDS_PER_DAY} s × ${load.peakFactor}`,
    picksPerDay / SECONDS_PER_DAY * load.peakFactor,
    "picks/s",
  );
  const choosing = add(
    "cores to choose",
    `${si(peak)}/s × ${si(load.microsecondsPerPick)} µs / ${load.utilisation} busy`,
    peak * load.microsecondsPerPick / 1e6 / load.utilisation,
    "cores",
  );
  const updating = add(
    "cores to learn from every event",
    `${si(peak)}/s × ${si(load.microsecondsPerUpdate)} µs / ${load.utilisation} busy`,
    peak * load.microsecondsPerUpdate / 1e6 / load.utilisation,
    "cores",
  );
  const answering = add(
    "cores to answer over HTTP and log, at most",
    `${si(peak)}/s / (${si(load.requestsPerSecond)} requests/s / ${load.requestCores} cores with the load's) / ` +
      `${load.utilisation} busy`,
    peak / (load.requestsPerSecond / load.requestCores) / load.utilisation,
    "cores",
  );
  const catalogue = add(
    "graph and embeddings, each machine",
    `${si(load.tracks)} tracks × (${si(load.bytesPerGraphRow)} + ${si(load.bytesPerEmbedding)}) B`,
    load.tracks * (load.bytesPerGraphRow + load.bytesPerEmbedding) / GIB,
    "GiB",
  );
  const hot = add(
    "states of active listeners, all machines",
    `${si(load.listeners * load.activeShare)} × (${load.eventsInMemory} events × ${si(load.bytesPerEvent)} B + ` +
      `${si(load.bytesPerBelief)} B)`,
    load.listeners * load.activeShare * (load.eventsInMemory * load.bytesPerEvent + load.bytesPerBelief) / GIB,
    "GiB",
  );
  const cores = choosing + updating + answering;
  const room = load.memoryPerMachine - catalogue;
  if (!(room > 0)) {
    throw new InputError(
      `Expected machines with more memory than the ${si(catalogue)} GiB of graph and embeddings but found ` +
        `${load.memoryPerMachine} GiB`,
    );
  }
  const machines = add(
    "machines",
    `the most of ${si(cores)} cores / ${load.coresPerMachine}, ${si(hot)} GiB / (${load.memoryPerMachine} − ` +
      `${si(catalogue)}) GiB, ${load.copies} copies`,
    Math.ceil(Math.max(load.copies, cores / load.coresPerMachine, hot / room)),
    "machines",
  );
  const stateBytes = load.eventsKept * load.bytesPerEvent + load.bytesPerBelief;
  const stored = add(
    "states of all listeners, stored",
    `${si(load.listeners)} × ${si(stateBytes)} B × ${load.copies} copies`,
    load.listeners * stateBytes * load.copies / 1e12,
    "TB",
  );
  const logged = add(
    "log of picks with probabilities, a year",
    `${si(picksPerDay)}/day × 365 × ${si(load.bytesPerEvent)} B × ${load.copies} copies`,
    picksPerDay * 365 * load.bytesPerEvent * load.copies / 1e12,
    "TB",
  );
  const computing = add(
    "computing, a month",
    `${si(machines)} machines × ${load.coresPerMachine} cores × ${HOURS_PER_MONTH} h × ${load.dollarsPerCoreHour}`,
    machines * load.coresPerMachine * HOURS_PER_MONTH * load.dollarsPerCoreHour,
    "USD",
  );
  const memory = add(
    "memory, a month",
    `${si(machines)} machines × ${load.memoryPerMachine} GiB × ${HOURS_PER_MONTH} h × ${load.dollarsPerMemoryHour}`,
    machines * load.memoryPerMachine * HOURS_PER_MONTH * load.dollarsPerMemoryHour,
    "USD",
  );
  const storage = add(
    "storage, a month",
    `(${si(stored)} + ${si(logged)}) TB × 1000 × ${load.dollarsPerStorageMonth}`,
    (stored + logged) * 1000 * load.dollarsPerStorageMonth,
    "USD",
  );
  add(
    "all of it, a listener and month",
    `(${si(computing)} + ${si(memory)} + ${si(storage)}) / ${si(load.listeners)} listeners`,
    (computing + memory + storage) / load.listeners,
    "USD",
  );
  return lines;
}

/** A measured run of the graph step on Spark; a row of `bench_distributed_graph.csv`. */
export interface MeasuredGraphRun {
  /** Number of rows. */
  rows: number;
  /** Number of cells. */
  cells: number;
  /** Rows that the cells hold together, guests among them, over the number of tracks. */
  replication: number;
  /** Seconds of putting rows into cells, over all tasks; a task has a core. */
  assignSeconds: number;
  /** Seconds of joining the cells, over all tasks. */
  joinSeconds: number;
  /** Bytes that changed machines. */
  shuffleBytes: number;
  /** Largest memory of a task, MiB. */
  peakTaskMiB: number;
}

/** Cores of an executor. */
const CORES = 4;
/** Price of a core and hour, in any currency. */
const CORE_HOUR = 0.05;
/** Network of an executor, MiB/s. */
const NETWORK = 500;

/**
 * Reckons what the graph of a large catalogue takes: cells, replication, bytes shuffled, processor hours, executors,
 * memory and cost. With cells of one size the join costs the same a track however many tracks there are; replication
 * grows with the number of cells, at most as a + b ln(cells), which is fitted to the measured runs by least squares
 * (b = 0 when they show no growth); putting a track into its cells costs a' + b' cells seconds, fitted likewise;
 * seconds of the join, the bytes of a row on its way and the memory of a task are those of the largest run.
 *
 * @param measured Measured runs of several sizes, with cells of one size.
 * @throws {InputError} When there is no measured run or an option is out of range.
 *
 * @example
 * ```ts
 * import { sizeCluster } from "./sizing.ts";
 *
 * const measured = [
 *   { rows: 1e5, cells: 4, replication: 2, assignSeconds: 1, joinSeconds: 20, shuffleBytes: 2e7, peakTaskMiB: 200 },
 * ];
 * console.table(sizeCluster(measured, { tracks: 100e6, hours: 2 }));
 * ```
 */
export function sizeCluster(
  measured: readonly MeasuredGraphRun[],
  options: {
    tracks: number;
    /** Hours that the graph may take. Default 1. */
    hours?: number;
    /** Share of the cores' time that is work, measured with more than one executor. Default 0.8. */
    efficiency?: number;
  },
): SizingLine[] {
  if (measured.length === 0) throw new InputError("Expected at least one measured run but found none");
  const tracks = expectInteger("tracks", options.tracks, 1);
  const hours = expectNumber("hours", options.hours ?? 1, 1e-6);
  const efficiency = expectNumber("efficiency", options.efficiency ?? 0.8, 0.01, 1);
  const largest = measured.reduce((a, b) => b.rows > a.rows ? b : a);
  const cellRows = Math.round(largest.rows / largest.cells);
  const rowsJoined = largest.rows * largest.replication;
  const growth = rising(measured, ({ cells }) => Math.log(cells), ({ replication }) => replication);
  const assign = rising(measured, ({ cells }) => cells, ({ assignSeconds, rows }) => assignSeconds / rows);
  const joinSeconds = largest.joinSeconds / rowsJoined;
  const { lines, add } = reckoning();

  const cells = add("cells", `${si(tracks)} tracks / ${si(cellRows)} a cell`, Math.ceil(tracks / cellRows), "");
  const replication = add(
    "replication",
    `${si(growth.a)} + ${si(growth.b)} ln(${si(cells)})`,
    Math.max(1, growth.a + growth.b * Math.log(cells)),
    "rows a track",
  );
  const rowBytes = add(
    "bytes of a row on its way",
    `${si(largest.shuffleBytes)} B / (${si(largest.rows)} x ${si(largest.replication)})`,
    largest.shuffleBytes / rowsJoined,
    "B",
  );
  const shuffle = add(
    "shuffle volume",
    `${si(tracks)} x ${si(replication)} x ${si(rowBytes)} B`,
    tracks * replication * rowBytes / GIB,
    "GiB",
  );
  const assignHours = add(
    "putting rows into cells",
    `${si(tracks)} x (${si(assign.a * 1e6)} + ${si(assign.b * 1e6)} x ${si(cells)}) µs`,
    tracks * Math.max(0, assign.a + assign.b * cells) / 3600,
    "core hours",
  );
  const joinHours = add(
    "joining the cells",
    `${si(tracks)} x ${si(replication)} x ${si(joinSeconds * 1e6)} µs`,
    tracks * replication * joinSeconds / 3600,
    "core hours",
  );
  const coreHours = add(
    "core hours in all",
    `(${si(assignHours)} + ${si(joinHours)}) / ${si(efficiency)}`,
    (assignHours + joinHours) / efficiency,
    "core hours",
  );
  const executors = add(
    "executors",
    `${si(coreHours)} core hours / (${si(hours)} h x ${CORES} cores)`,
    Math.ceil(coreHours / (hours * CORES)),
    "",
  );
  add("hours", `${si(coreHours)} core hours / (${executors} x ${CORES} cores)`, coreHours / (executors * CORES), "h");
  add(
    "of them moving rows",
    `${si(shuffle)} GiB / (${executors} x ${NETWORK} MiB/s)`,
    shuffle * 1024 / (executors * NETWORK) / 3600,
    "h",
  );
  add(
    "memory of an executor",
    `${CORES} tasks x ${si(largest.peakTaskMiB)} MiB`,
    CORES * largest.peakTaskMiB / 1024,
    "GiB",
  );
  add("cost", `${si(coreHours)} core hours x ${CORE_HOUR}`, coreHours * CORE_HOUR, "price units");
  return lines;
}

/** Least squares of y = a + b x; the largest y and b = 0 where the runs have one x or show no rise. */
function rising(
  measured: readonly MeasuredGraphRun[],
  xOf: (run: MeasuredGraphRun) => number,
  yOf: (run: MeasuredGraphRun) => number,
): { a: number; b: number } {
  const [x, y] = [measured.map(xOf), measured.map(yOf)];
  const [mx, my] = [mean(x)!, mean(y)!];
  const spread = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const b = spread > 0 ? x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0) / spread : 0;
  return b > 0 ? { a: my - b * mx, b } : { a: Math.max(...y), b: 0 };
}

/** Lines, and what adds one and gives its result. */
function reckoning() {
  const lines: SizingLine[] = [];
  const add = (what: string, arithmetic: string, value: number, unit: string) => {
    lines.push({ what, arithmetic, value, unit });
    return value;
  };
  return { lines, add };
}

/** A number in three digits with a word for its size. */
function si(value: number): string {
  for (const [size, sign] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e4, " k"]] as const) {
    if (value >= size) return `${Number((value / (sign === " k" ? 1e3 : size)).toPrecision(3))}${sign}`;
  }
  return String(Number(value.toPrecision(3)));
}
