/** Matrix files that are larger than memory: many partitions write their rows into one file, each at its place. */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../data/errors.ts";
import type { Matrix } from "../math/matrix.ts";
import { writeAtomicWith } from "../data/atomic.ts";
import { npyHead, npyHeader, readInto, withFile } from "../data/npy.ts";
import { bytesOf, type RowTable } from "./arrow.ts";
import { type Engine, type Job, mergedStep, runAndMerge, type Step } from "./engine.ts";

/**
 * Shape of a float32 matrix file.
 *
 * @returns Rows, columns and where the numbers begin.
 * @throws {InputError} When the file is missing, cut, or not a float32 matrix in C order.
 */
export function matrixShape(path: string): { rows: number; columns: number; offset: number } {
  return withFile(path, (file, size) => {
    const head = npyHead(size, (bytes, from) => readInto(file, bytes, from), path);
    const { descr, shape: [rows, columns, ...more], fortran, start: offset } = head;
    if (descr !== "<f4" || fortran || columns === undefined || more.length > 0) {
      throw new InputError(`${path}: expected a float32 matrix [n, d] in C order as NPY file; save it as float32`);
    }
    if (size < offset + rows * columns * 4) {
      throw new InputError(`${path}: expected ${rows} x ${columns} numbers; the file is cut`);
    }
    return { rows, columns, offset };
  });
}

/** A matrix file that is being written. */
export interface RowsFile {
  /** Where it lies, for all machines. */
  path: string;
  /** Where its numbers begin. */
  offset: number;
}

/**
 * A step that writes the rows it makes into a matrix file, for {@linkcode writeMatrixOn}.
 *
 * @param make Makes a row of the matrix from each row of a table.
 * @returns The step; it comes to the number of rows.
 */
export function writingStep<Broadcast extends { file: RowsFile }>(
  make: (table: RowTable, broadcast: Broadcast) => Matrix | Promise<Matrix>,
): Step {
  return mergedStep(async function* (rows, broadcast: Broadcast) {
    for await (const table of rows) {
      yield writeRows(broadcast.file, table.numbers("row")!, await make(table, broadcast));
    }
  }, add);
}

/**
 * Writes a float32 matrix by many hands, atomically.
 *
 * @param jobOf The job, whose last step is a {@linkcode writingStep} that is given the file.
 * @throws {Error} When a row is missing or comes twice.
 */
export async function writeMatrixOn(
  engine: Engine,
  path: string,
  rows: number,
  columns: number,
  jobOf: (file: RowsFile) => Job,
): Promise<void> {
  const header = npyHeader("<f4", [rows, columns]);
  await writeAtomicWith(path, async (temporary) => {
    const file = openSync(temporary, "w");
    writeSync(file, header);
    ftruncateSync(file, header.length + rows * columns * 4);
    closeSync(file);
    const written = await runAndMerge(engine, jobOf({ path: resolve(temporary), offset: header.length }), add);
    if (written !== rows) throw new Error(`Expected ${rows} rows of ${path} but found ${written}`);
  });
}

function add(a: number, b: number): number {
  return a + b;
}

/** Writes rows, whose numbers ascend, at their places; the same rows may be written again. */
function writeRows({ path, offset }: RowsFile, row: ArrayLike<number>, x: Matrix): number {
  const width = x.columns * 4;
  const bytes = bytesOf(x.data);
  const file = openSync(path, "r+");
  try {
    for (let i = 0; i < row.length;) {
      const first = i;
      // Rows that follow each other are written as one.
      while (++i < row.length && row[i] === row[i - 1] + 1);
      const part = bytes.subarray(first * width, i * width);
      for (let written = 0; written < part.length;) {
        const at = offset + row[first] * width + written;
        written += writeSync(file, part, written, Math.min(part.length - written, 1 << 30), at);
      }
    }
  } finally {
    closeSync(file);
  }
  return row.length;
}
