/**
 * TensorFlow, loaded in this one place. Native TensorFlow through tfjs-node where `deno task setup` could get its
 * library, else the JavaScript CPU backend with a warning.
 */
import type * as tfjs from "@tensorflow/tfjs";
import process from "node:process";
import util from "node:util";
import { type Matrix, matrix } from "./matrix.ts";

export type TensorFlow = typeof tfjs;

export type Model = InstanceType<TensorFlow["LayersModel"]>;
export type Tensor = InstanceType<TensorFlow["Tensor"]>;

/** Which TensorFlow runs. */
export interface TensorBackend {
  /** `"tensorflow"` (native, through tfjs-node) or `"cpu"` (JavaScript). */
  name: "tensorflow" | "cpu";
  /** Version of the native library, or of tfjs for the JavaScript backend. */
  version: string;
  /** Why the native library is not used, when it is not. */
  reason?: string;
}

let loading: Promise<{ tf: TensorFlow; backend: TensorBackend }> | undefined;

/**
 * Loads TensorFlow once. With `SEGUE_TENSOR=cpu` in the environment the JavaScript backend is taken on purpose.
 *
 * @returns The API and which backend it got.
 */
export function loadTensorFlow(): Promise<{ tf: TensorFlow; backend: TensorBackend }> {
  return loading ??= load();
}

/** Rows that TensorFlow computes at once where all rows of a matrix pass through it. */
const BLOCK_ROWS = 16_384;

/**
 * Puts the rows of a matrix through TensorFlow, block by block, so that memory does not grow with the rows.
 *
 * @param compute What is computed from a block [rows, d]; tensors that it makes are freed.
 * @returns For each block, in the order of the rows, its first row, how many it has, and the values that were computed,
 * row-major.
 */
export function* inBlocks(
  tf: TensorFlow,
  x: Matrix,
  compute: (block: Tensor) => Tensor,
): Generator<{ start: number; count: number; values: Float32Array | Int32Array }> {
  const { data, rows, columns } = x;
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - start);
    const part = data.subarray(start * columns, (start + count) * columns);
    const result = tf.tidy(() => compute(tf.tensor2d(part, [count, columns])));
    const values = result.dataSync() as Float32Array | Int32Array;
    result.dispose();
    yield { start, count, values };
  }
}

/**
 * Puts the rows of a matrix through TensorFlow, as {@linkcode inBlocks}, and gathers the results.
 *
 * @param compute What is computed from a block [rows, d]: a tensor [rows, columns].
 * @returns The matrix [n, columns].
 */
export function mapRows(
  tf: TensorFlow,
  x: Matrix,
  columns: number,
  compute: (block: Tensor) => Tensor,
): Matrix {
  const result = matrix(x.rows, columns);
  for (const { start, values } of inBlocks(tf, x, compute)) result.data.set(values, start * columns);
  return result;
}

async function load(): Promise<{ tf: TensorFlow; backend: TensorBackend }> {
  let reason = "SEGUE_TENSOR=cpu asks for it";
  if (process.env.SEGUE_TENSOR !== "cpu") {
    try {
      process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
      // tfjs-node 4.22.0 calls a function that current runtimes no longer have.
      const patched = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
      patched.isNullOrUndefined ??= (value) => value === null || value === undefined;
      const tf = (await import("@tensorflow/tfjs-node")) as unknown as TensorFlow & { version: Record<string, string> };
      await tf.ready();
      const native = tf.backend() as unknown as { binding?: { TF_Version?: string } };
      return { tf, backend: { name: "tensorflow", version: native.binding?.TF_Version ?? "unknown" } };
    } catch (error) {
      reason = String(error instanceof Error ? error.message : error).split("\n")[0];
    }
  }
  const tf = await import("@tensorflow/tfjs");
  await tf.setBackend("cpu");
  await tf.ready();
  console.error(
    [
      "",
      "  ############################################################################",
      "  #  WARNING: TensorFlow's native library is not in use. Training runs on    #",
      "  #  the JavaScript backend, 10 to 100 times slower. Run `deno task setup`.  #",
      "  ############################################################################",
      `  Reason: ${reason}`,
      "",
    ].join("\n"),
  );
  return { tf, backend: { name: "cpu", version: tf.version_core, reason } };
}
