/** The compiled join kernel, and the tasks that a thread runs with it. */
import { Buffer } from "node:buffer";
import { KERNEL_WASM } from "./kernel.wasm.ts";

interface Kernel {
  /** Takes the sizes in the order of {@linkcode LAYOUT}, then the scratch; gives the end of the scratch. */
  setup(...sizes: number[]): number;
  resultIdsAt(): number;
  resultSimilaritiesAt(): number;
  assign(row: number, members: number, count: number, center: number, around: number, out: number): void;
  comparedPoints(): number;
  join(
    members: number,
    count: number,
    home: number,
    first: number,
    probes: number,
    reach: number,
    around: number,
  ): void;
}

/** Names of {@linkcode Layout}, in the order in which `setup` of kernel.as takes them. */
const LAYOUT = [
  ...["dimensions", "k", "rows", "cellCount", "cellBlocks", "blocks", "ids", "centroids", "centroidBlocks"] as const,
  ...["groupSize", "capacity"] as const,
] as const;

/** Where things lie in the shared memory: byte offsets, and the sizes that the kernel needs. */
export type Layout = Record<typeof LAYOUT[number], number>;

/** Groups of rows to assign to their nearest centroid among those near the group. */
export interface AssignTask {
  kind: "assign";
  layout: Layout;
  /** Byte offset of row 0. */
  row: number;
  /** For each group: byte offset of its members (i32 row numbers), their number, byte offset of its centre. */
  groups: Int32Array;
  /** Centroids to compare. */
  around: number;
  /** Byte offset of the result, i32 by row number. */
  out: number;
}

/** Which cells a row looks into; see `join` in kernel.as. */
export interface Reach {
  /** Cells nearest to the home cell that all rows of it look into. */
  first: number;
  /** Cells nearest to the row, or 0 to go by distance. */
  probes: number;
  /** How much farther than the nearest centroid, in squared distances to the k-th neighbour so far. */
  reach: number;
  /** Cells near the home cell that come into question. */
  around: number;
}

/** Groups of rows whose neighbours to find. */
export interface JoinTask {
  kind: "join";
  layout: Layout;
  /** For each group: byte offset of its members (i32), their number, the cell they lie in. */
  groups: Int32Array;
  /** Which cells to look into; all when left out. */
  reach?: Reach;
  /** Result row of a member: its id, or its place behind the first member of the first group. */
  place: "id" | "order";
  /** Neighbour ids, k a result row. */
  ids: Int32Array;
  /** Cosines, k a result row. */
  similarities: Float32Array;
  /** Points that the rows of each group were compared with. */
  compared: Float64Array;
}

/** A task that threads share: each takes the next piece until none is left. */
export type Task = AssignTask | JoinTask;

/** Compiles the kernel: a module to be handed to each thread. Throws where WebAssembly has no SIMD. */
export function compileKernel(): WebAssembly.Module {
  return new WebAssembly.Module(Buffer.from(KERNEL_WASM, "base64"));
}

/** Whether this machine runs the kernel: WebAssembly with relaxed SIMD and shared memory. */
export function kernelRuns(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && WebAssembly.validate(Buffer.from(KERNEL_WASM, "base64"));
}

/** Number of pieces that threads take from a task. */
export function pieceCount(task: Task): number {
  return task.groups.length / 3;
}

/**
 * Makes the function with which a thread works on tasks.
 *
 * @param memory The memory that the threads share.
 * @param next A counter that the threads share: the next piece of the task at hand.
 * @param scratch Byte offset of this thread's scratch.
 * @returns Takes pieces of a task until none is left.
 */
export function taskRunner(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  next: Int32Array,
  scratch: number,
): (task: Task) => void {
  const kernel = instantiate(module, memory);
  return (task) => {
    const pieces = pieceCount(task);
    setUp(kernel, task.layout, scratch);
    for (let piece = Atomics.add(next, 0, 1); piece < pieces; piece = Atomics.add(next, 0, 1)) {
      const [members, count, place] = task.groups.subarray(3 * piece, 3 * piece + 3);
      if (task.kind === "assign") kernel.assign(task.row, members, count, place, task.around, task.out);
      else runJoin(kernel, memory, task, piece);
    }
  };
}

/** Bytes of scratch that each thread needs for a layout; any memory will do. */
export function scratchBytes(module: WebAssembly.Module, memory: WebAssembly.Memory, layout: Layout): number {
  return setUp(instantiate(module, memory), layout, 0);
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}

function setUp(kernel: Kernel, at: Layout, scratch: number): number {
  return kernel.setup(...LAYOUT.map((name) => at[name]), scratch) >>> 0;
}

function runJoin(kernel: Kernel, memory: WebAssembly.Memory, task: JoinTask, piece: number): void {
  const { k } = task.layout;
  const members = task.groups[3 * piece] >>> 0;
  const before = (members - (task.groups[0] >>> 0)) / 4;
  const count = task.groups[3 * piece + 1];
  const { first, probes, reach, around } = task.reach ?? { first: 0, probes: 0, reach: 0, around: 0 };
  kernel.join(members, count, task.groups[3 * piece + 2], first, probes, reach, around);
  task.compared[piece] = kernel.comparedPoints();
  const who = new Int32Array(memory.buffer, members, count);
  const ids = new Int32Array(memory.buffer, kernel.resultIdsAt() >>> 0, count * k);
  const similarities = new Float32Array(memory.buffer, kernel.resultSimilaritiesAt() >>> 0, count * k);
  for (let m = 0; m < count; m++) {
    const to = (task.place === "id" ? who[m] : before + m) * k;
    task.ids.set(ids.subarray(m * k, m * k + k), to);
    task.similarities.set(similarities.subarray(m * k, m * k + k), to);
  }
}
