/**
 * Matrix files that are larger than memory: read and written a few rows at a time.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { InputError } from "../errors.ts";
import { writeAtomicWith } from "../storage/atomic.ts";
import { npyHeader } from "../storage/npy.ts";

/**
 * Shape of a float32 matrix file.
 *
 * @param path An NPY file.
 * @returns Rows, columns and where the numbers begin.
 * @throws {InputError} When the file is missing, cut, or not a float32 matrix in C order.
 */
export function matrixShape(path: string): { rows: number; columns: number; offset: number } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    throw new InputError(`${path}: no such file`);
  }
  try {
    const head = new Uint8Array(4096);
    const text = new TextDecoder("windows-1252").decode(head.subarray(0, readSync(file, head, 0, head.length, 0)));
    const found = /^.NUMPY[\s\S]{4,6}\{'descr': '([^']+)', 'fortran_order': (\w+), 'shape': \((\d+), (\d+)\), *\} *\n/
      .exec(text);
    if (!found || found[1] !== "<f4" || found[2] !== "False") {
      throw new InputError(`${path}: expected a float32 matrix [n, d] in C order as NPY file; save it as float32`);
    }
    const shape = { rows: Number(found[3]), columns: Number(found[4]), offset: found[0].length };
    if (fstatSync(file).size < shape.offset + shape.rows * shape.columns * 4) {
      throw new InputError(`${path}: expected ${shape.rows} x ${shape.columns} numbers; the file is cut`);
    }
    return shape;
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a float32 matrix whose rows come in any order, atomically.
 *
 * @param path The NPY file to write.
 * @param rows Number of rows; each must come once.
 * @param columns Number of columns.
 * @param parts Row numbers and the bytes of these rows, one behind another.
 * @throws {Error} When a row is missing or comes twice.
 */
export async function writeMatrixRows(
  path: string,
  rows: number,
  columns: number,
  parts: AsyncIterable<{ row: ArrayLike<number>; bytes: Uint8Array }>,
): Promise<void> {
  const width = columns * 4;
  const header = npyHeader("<f4", [rows, columns]);
  const seen = new Uint8Array(rows);
  await writeAtomicWith(path, async (temporary) => {
    const file = openSync(temporary, "w");
    try {
      writeSync(file, header, 0, header.length, 0);
      for await (const { row, bytes } of parts) {
        for (let i = 0; i < row.length;) {
          const first = i;
          // Rows that follow each other are written as one.
          do {
            if (seen[row[i]]++) throw new Error(`Row ${row[i]} of ${path} came twice`);
          } while (++i < row.length && row[i] === row[i - 1] + 1);
          const part = bytes.subarray(first * width, i * width);
          for (let written = 0; written < part.length;) {
            const at = header.length + row[first] * width + written;
            written += writeSync(file, part, written, Math.min(part.length - written, 1 << 30), at);
          }
        }
      }
    } finally {
      closeSync(file);
    }
    const missing = seen.indexOf(0);
    if (missing >= 0) throw new Error(`Row ${missing} of ${path} never came`);
  });
}
