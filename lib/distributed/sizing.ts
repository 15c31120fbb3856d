/**
 * What a cluster must be for a catalogue that no machine here holds: arithmetic on measured runs of the graph step.
 *
 * @module
 */
import { expectInteger, expectNumber, InputError } from "../errors.ts";
import { mean } from "../mean.ts";

/** A measured run of the graph step on an engine; a row of `bench_distributed_graph.csv`. */
export interface MeasuredGraphRun {
  /** Number of tracks. */
  rows: number;
  /** Dimensions of their vectors. */
  columns: number;
  /** Neighbours of each. */
  k: number;
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

/** What is asked of the cluster. */
export interface SizingOptions {
  /** Number of tracks. */
  tracks: number;
  /** Hours that the graph may take. Default 1. */
  hours?: number;
  /** Tracks at home in a cell; those of the largest measured run when left out, so that a cell is one that was measured. */
  cellRows?: number;
  /** Cores of an executor. Default 4. */
  coresPerExecutor?: number;
  /** Share of the cores' time that is work, measured with more than one executor. Default 0.8. */
  efficiency?: number;
  /** Price of a core and hour, in any currency. Default 0.05. */
  pricePerCoreHour?: number;
  /** Network of an executor, MiB/s. Default 500. */
  networkMiBPerSecond?: number;
}

/** A line of the reckoning. */
export interface SizingRow {
  /** What is reckoned. */
  quantity: string;
  /** How, with the numbers put in. */
  arithmetic: string;
  /** What comes of it. */
  value: number;
  /** Its unit; empty for a plain number. */
  unit: string;
}

const MIB = 2 ** 20;

/**
 * Reckons what the graph of a large catalogue takes: cells, replication, bytes shuffled, processor hours, executors,
 * memory and cost. With cells of one size the join costs the same a track however many tracks there are; replication
 * grows with the number of cells, at most as a + b ln(cells), which is fitted to the measured runs by least squares
 * (b = 0 when they show no growth); putting a track into its cells costs a' + b' cells seconds, fitted likewise;
 * seconds of the join, the bytes of a row on its way and the memory of a task are those of the largest run.
 *
 * @param measured Measured runs of several sizes, with cells of one size.
 * @param options What is asked of the cluster.
 * @returns The lines, each with its arithmetic.
 * @throws {InputError} When there is no measured run or an option is out of range.
 *
 * @example
 * ```ts
 * import { sizeCluster } from "./sizing.ts";
 *
 * const measured = [
 *   { rows: 1e5, columns: 20, k: 50, cells: 4, replication: 2, assignSeconds: 1, joinSeconds: 20, shuffleBytes: 2e7, peakTaskMiB: 200 },
 * ];
 * console.table(sizeCluster(measured, { tracks: 100e6, hours: 2 }));
 * ```
 */
export function sizeCluster(measured: readonly MeasuredGraphRun[], options: SizingOptions): SizingRow[] {
  if (measured.length === 0) throw new InputError("Expected at least one measured run but found none");
  const largest = measured.reduce((a, b) => b.rows > a.rows ? b : a);
  const tracks = expectInteger("tracks", options.tracks, 1);
  const hours = expectNumber("hours", options.hours ?? 1, 1e-6);
  const cellRows = expectNumber("cellRows", options.cellRows ?? Math.round(largest.rows / largest.cells), 1);
  const coresPerExecutor = expectInteger("coresPerExecutor", options.coresPerExecutor ?? 4, 1);
  const efficiency = expectNumber("efficiency", options.efficiency ?? 0.8, 0.01, 1);
  const price = expectNumber("pricePerCoreHour", options.pricePerCoreHour ?? 0.05, 0);
  const network = expectNumber("networkMiBPerSecond", options.networkMiBPerSecond ?? 500, 1e-3);

  const cells = Math.ceil(tracks / cellRows);
  const growth = rising(measured, ({ cells }) => Math.log(cells), ({ replication }) => replication);
  const replication = Math.max(1, growth.a + growth.b * Math.log(cells));
  const rowBytes = largest.shuffleBytes / (largest.rows * largest.replication);
  const shuffle = tracks * replication * rowBytes;
  const assign = rising(measured, ({ cells }) => cells, ({ assignSeconds, rows }) => assignSeconds / rows);
  const assignHours = tracks * Math.max(0, assign.a + assign.b * cells) / 3600;
  const joinSeconds = largest.joinSeconds / (largest.rows * largest.replication);
  const joinHours = tracks * replication * joinSeconds / 3600;
  const coreHours = (assignHours + joinHours) / efficiency;
  const executors = Math.ceil(coreHours / (hours * coresPerExecutor));
  const seconds = coreHours / (executors * coresPerExecutor) * 3600;
  const memory = largest.peakTaskMiB * coresPerExecutor;
  const transfer = shuffle / MIB / (executors * network);
  return [
    line("cells", `${count(tracks)} tracks / ${count(cellRows)} a cell`, cells, ""),
    line("replication", `${digits(growth.a)} + ${digits(growth.b)} ln(${count(cells)})`, replication, "rows a track"),
    line(
      "bytes of a row on its way",
      `${count(largest.shuffleBytes)} B / (${count(largest.rows)} x ${digits(largest.replication)})`,
      rowBytes,
      "B",
    ),
    line(
      "shuffle volume",
      `${count(tracks)} x ${digits(replication)} x ${digits(rowBytes)} B`,
      shuffle / 2 ** 30,
      "GiB",
    ),
    line(
      "putting rows into cells",
      `${count(tracks)} x (${digits(assign.a * 1e6)} + ${digits(assign.b * 1e6)} x ${count(cells)}) µs`,
      assignHours,
      "core hours",
    ),
    line(
      "joining the cells",
      `${count(tracks)} x ${digits(replication)} x ${digits(joinSeconds * 1e6)} µs`,
      joinHours,
      "core hours",
    ),
    line(
      "core hours in all",
      `(${digits(assignHours)} + ${digits(joinHours)}) / ${digits(efficiency)}`,
      coreHours,
      "core hours",
    ),
    line(
      "executors",
      `${digits(coreHours)} core hours / (${digits(hours)} h x ${coresPerExecutor} cores)`,
      executors,
      "",
    ),
    line("hours", `${digits(coreHours)} core hours / (${executors} x ${coresPerExecutor} cores)`, seconds / 3600, "h"),
    line(
      "of them moving rows",
      `${digits(shuffle / 2 ** 30)} GiB / (${executors} x ${digits(network)} MiB/s)`,
      transfer / 3600,
      "h",
    ),
    line(
      "memory of an executor",
      `${coresPerExecutor} tasks x ${digits(largest.peakTaskMiB)} MiB`,
      memory / 1024,
      "GiB",
    ),
    line("cost", `${digits(coreHours)} core hours x ${digits(price)}`, coreHours * price, "price units"),
  ];
}

/** Least squares of y = a + b x; the largest y and b = 0 where the runs have one x or show no rise. */
function rising(
  measured: readonly MeasuredGraphRun[],
  xOf: (run: MeasuredGraphRun) => number,
  yOf: (run: MeasuredGraphRun) => number,
): { a: number; b: number } {
  const [x, y] = [measured.map(xOf), measured.map(yOf)];
  const [mx, my] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  const b = spread > 0 ? x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0) / spread : 0;
  return b > 0 ? { a: my - b * mx, b } : { a: Math.max(...y), b: 0 };
}

function line(quantity: string, arithmetic: string, value: number, unit: string): SizingRow {
  return { quantity, arithmetic, value: Number(value.toPrecision(4)), unit };
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
