/**
 * NumPy's NPY format, version 1.0 (and 2.0 when reading): what `numpy.save` writes and `numpy.load` reads.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InputError } from "../errors.ts";
import type { Matrix } from "../matrix.ts";
import { writeAtomic } from "./atomic.ts";

/** The element types that are written; all little-endian. */
export type NpyData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** An array with its shape, row-major. */
export interface NpyArray<T extends NpyData = NpyData> {
  /** The elements, row-major. */
  data: T;
  /** Length of each axis; empty for a scalar. */
  shape: number[];
}

const CONSTRUCTORS = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "|u1": Uint8Array,
} as const;

/**
 * Writes a matrix or another array as an NPY file, atomically.
 *
 * @param path The file to write.
 * @param array The array.
 */
export function writeNpy(path: string, array: NpyArray | Matrix): void {
  writeAtomic(path, npyChunks(toNpyArray(array)));
}

/**
 * Reads an NPY file of a known shape class: a float32 matrix. Float64 and integer matrices are converted.
 *
 * @param path The file to read.
 * @returns The matrix [rows, columns].
 * @throws {InputError} When the file is missing, is not NPY, or does not hold two axes of numbers.
 */
export function readNpyMatrix(path: string): Matrix {
  const { data, shape } = readNpy(path);
  if (shape.length !== 2) {
    throw new InputError(`${path}: expected a matrix with 2 axes but found ${shape.length}; save it with shape [n, d]`);
  }
  if (data instanceof BigInt64Array) {
    throw new InputError(`${path}: expected float32 elements but found int64; save it as float32`);
  }
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), rows: shape[0], columns: shape[1] };
}

/**
 * Reads an NPY file.
 *
 * @param path The file to read.
 * @returns Elements and shape.
 * @throws {InputError} When the file is missing, cut, not NPY, of an unsupported element type or in Fortran order.
 */
export function readNpy(path: string): NpyArray {
  return decodeNpy(readFile(path), path);
}

/**
 * The bytes of an NPY file, as header and data (the data is a view, not a copy).
 *
 * @param array The array.
 * @returns Two chunks.
 */
export function npyChunks(array: NpyArray): [Uint8Array, Uint8Array] {
  const type = Object.entries(CONSTRUCTORS).find(([, constructor]) => array.data instanceof constructor)![0];
  return [
    npyHeader(type, array.shape),
    new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength),
  ];
}

/**
 * The header of an NPY file.
 *
 * @param descr The element type as NumPy writes it, e.g. `"<f4"` or `"|S3"`.
 * @param shape Length of each axis.
 * @returns The header, padded to a multiple of 64 bytes.
 */
export function npyHeader(descr: string, shape: number[]): Uint8Array {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${axes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = new TextEncoder().encode("\x93NUMPY\x01\x00\x00\x00" + text.padEnd(length - 11) + "\n");
  const bytes = header.subarray(header.length - length);
  bytes[0] = 0x93;
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(8, length - 10, true);
  return bytes;
}

/**
 * Decodes the bytes of an NPY file.
 *
 * @param bytes The whole file.
 * @param name What to call it in errors.
 * @returns Elements and shape; the elements share the memory of `bytes` where alignment allows.
 * @throws {InputError} As {@linkcode readNpy}.
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  if (bytes.length < 12 || bytes[0] !== 0x93 || new TextDecoder().decode(bytes.subarray(1, 6)) !== "NUMPY") {
    throw new InputError(`${name}: expected a NumPy NPY file but found another kind of file`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "?";
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((s) => s.trim()).map(Number);
  if (/'fortran_order':\s*True/.test(header) && shape.length > 1) {
    throw new InputError(
      `${name}: expected row-major (C) order but found Fortran order; save numpy.ascontiguousarray(X)`,
    );
  }
  const constructor = CONSTRUCTORS[descr as keyof typeof CONSTRUCTORS];
  if (!constructor) {
    const known = Object.keys(CONSTRUCTORS).join(", ");
    throw new InputError(`${name}: expected element type ${known} but found ${descr}; save it with astype("float32")`);
  }
  const count = shape.reduce((product, axis) => product * axis, 1);
  const expected = count * constructor.BYTES_PER_ELEMENT;
  const offset = bytes.byteOffset + start + length;
  const found = bytes.length - start - length;
  if (found < expected) {
    throw new InputError(`${name}: expected ${expected} bytes of data but found ${found}; the file is cut`);
  }
  const aligned = offset % constructor.BYTES_PER_ELEMENT === 0;
  const buffer = aligned ? bytes.buffer : bytes.slice(start + length).buffer;
  const data = new constructor(buffer as ArrayBuffer, aligned ? offset : 0, count);
  return { data, shape };
}

/**
 * Reads a whole file, also beyond 2 GiB.
 *
 * @param path The file to read.
 * @returns Its bytes.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function readFile(path: string): Uint8Array<ArrayBuffer> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    throw new InputError(`${path}: no such file`);
  }
  try {
    const status = fstatSync(file);
    if (status.isDirectory()) throw new InputError(`${path}: expected a file but found a folder`);
    const bytes = new Uint8Array(status.size);
    for (let read = 0; read < bytes.length;) {
      const count = readSync(file, bytes, read, Math.min(bytes.length - read, 1 << 30), read);
      if (count === 0) break;
      read += count;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

function toNpyArray(array: NpyArray | Matrix): NpyArray {
  return "shape" in array ? array : { data: array.data, shape: [array.rows, array.columns] };
}
