/**
 * A second thread for the kernels: one worker that lives as long as the process, does not keep it alive, and shares
 * memory with it.
 *
 * @module
 */
import { Worker } from "node:worker_threads";

/** The functions of the compiled kernels; arguments are byte offsets and counts, see `kernels.as`. */
export interface KernelExports {
  /** Mean and scatter of a block. */
  moments(
    x: number,
    count: number,
    d: number,
    stride: number,
    t: number,
    shift: number,
    mean: number,
    scatter: number,
  ): void;
  /** Scores of a block. */
  scores(x: number, count: number, d: number, mean: number, w: number, k: number, z: number): void;
  /** Nearest centroid of each row of blocks of eight. */
  nearest(
    x: number,
    blocks: number,
    d: number,
    w: number,
    k: number,
    half: number,
    labels: number,
    gains: number,
  ): void;
}

/** What the worker is given. */
export interface HelperData {
  /** The compiled kernels. */
  module: WebAssembly.Module;
  /** The memory in which both threads see the blocks. */
  memory: WebAssembly.Memory;
  /** 64 bytes for the calls. */
  control: SharedArrayBuffer;
}

/** Places in the control memory: number of the call asked for, of the call done, whether the worker runs, the kernel. */
export const [CALL, DONE, READY, KERNEL] = [0, 1, 2, 3];

const PAGE = 65536;
/** The most the helper's memory can grow to: 512 MiB. */
const MOST_PAGES = 8192;

let helper: { memory: WebAssembly.Memory; state: Int32Array; owner: object | undefined } | undefined;

/**
 * Starts the second thread unless it runs already. It is of use some hundredths of a second later.
 *
 * @param module The compiled kernels.
 */
export function startHelper(module: WebAssembly.Module): void {
  if (helper) return;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  const control = new SharedArrayBuffer(64);
  helper = { memory, state: new Int32Array(control), owner: undefined };
  const workerData: HelperData = { module, memory, control };
  try {
    new Worker(new URL("./kernel_worker.ts", import.meta.url), { workerData }).unref();
  } catch {
    // No permission to read the worker's file, say: then one thread does all the work.
  }
}

/**
 * Whether the second thread is ready.
 *
 * @returns False before it was started and while it starts.
 */
export function helperRuns(): boolean {
  return helper !== undefined && Atomics.load(helper.state, READY) === 1;
}

/**
 * Takes the second thread's memory for a kernel. It belongs to the kernel that took it last.
 *
 * @param owner Who takes it.
 * @param bytes How much is needed.
 * @returns The memory, or nothing while the thread does not run or when that much is not to be had.
 */
export function takeHelper(owner: object, bytes: number): SharedArrayBuffer | undefined {
  if (!helper || !helperRuns() || bytes > MOST_PAGES * PAGE) return undefined;
  const missing = Math.ceil((bytes - helper.memory.buffer.byteLength) / PAGE);
  if (missing > 0) helper.memory.grow(missing);
  helper.owner = owner;
  return helper.memory.buffer as unknown as SharedArrayBuffer;
}

/**
 * Whether the second thread's memory still belongs to a kernel.
 *
 * @param owner The kernel.
 * @returns False when another has taken it since.
 */
export function ownsHelper(owner: object): boolean {
  return helper?.owner === owner;
}

/**
 * Lets the second thread run a kernel.
 *
 * @param kernel 0 for moments, 1 for scores.
 * @param args Its arguments.
 */
export function callHelper(kernel: 0 | 1, args: readonly number[]): void {
  const { state } = helper!;
  state[KERNEL] = kernel;
  state.set(args, KERNEL + 1);
  Atomics.add(state, CALL, 1);
  Atomics.notify(state, CALL);
}

/**
 * Whether the second thread has done what it was last asked.
 *
 * @returns False while it works.
 */
export function helperDone(): boolean {
  const { state } = helper!;
  return Atomics.load(state, DONE) === Atomics.load(state, CALL);
}

/**
 * Waits until the second thread has done what it was last asked.
 *
 * @throws {Error} When it does not answer for a minute.
 */
export function awaitHelper(): void {
  const { state } = helper!;
  const deadline = performance.now() + 60_000;
  while (!helperDone()) {
    Atomics.wait(state, DONE, Atomics.load(state, CALL) - 1, 1000);
    if (performance.now() > deadline) throw new Error("The second thread of PCA does not answer");
  }
}
