/**
 * NumPy's NPY format, version 1.0 (and 2.0 when reading): what `numpy.save` writes and `numpy.load` reads.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InputError } from "./errors.ts";
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

/** A matrix [rows, columns] of float32, row-major, as `math/matrix.ts` has it. */
export interface NpyMatrix {
  /** The elements, `rows * columns` of them. */
  readonly data: Float32Array;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
}

const CONSTRUCTORS = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "|u1": Uint8Array,
} as const;

/** Writes a matrix or another array as an NPY file, atomically. */
export function writeNpy(path: string, array: NpyArray | NpyMatrix): void {
  const shape = "shape" in array ? array.shape : [array.rows, array.columns];
  writeAtomic(path, npyChunks({ data: array.data, shape }));
}

/**
 * Reads an NPY file as a matrix of float32; float64 and integers of at most 32 bits are converted.
 *
 * @throws {InputError} When the file is missing, is not NPY, does not hold two axes of numbers, or holds int64.
 */
export function readNpyMatrix(path: string): NpyMatrix {
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
 * Reads an NPY file, straight into the array that is returned.
 *
 * @returns Elements, row-major, and shape.
 * @throws {InputError} When the file is missing, cut, not NPY, or of an unsupported element type.
 */
export function readNpy(path: string): NpyArray {
  const array = withFile(path, (file, size) => readArray(size, (bytes, from) => readInto(file, bytes, from), path));
  if (typeof array !== "string") return array;
  throw new InputError(`${path}: expected numbers but found a byte string; save it with astype("float32")`);
}

/** The bytes of an NPY file, as header and data (the data is a view, not a copy). */
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

/** What the header of an NPY file says. */
export interface NpyHead {
  /** Element type as NumPy writes it, e.g. `"<f4"` or `"|S3"`. */
  descr: string;
  /** Length of each axis; empty for a scalar. */
  shape: number[];
  /** Column-major: the first index changes fastest. */
  fortran: boolean;
  /** Where the elements start. */
  start: number;
}

/** Bytes of an NPY file that hold its header, as {@linkcode writeNpy} and NumPy write it. */
const HEAD_BYTES = 4096;

/** Fills `bytes` with those of an NPY file from a place on. */
export type ReadBytes = (bytes: Uint8Array, from: number) => void;

/**
 * Reads the header of an NPY file.
 *
 * @param size Length of the file in bytes.
 * @param name What to call it in errors.
 * @throws {InputError} When it is another kind of file, or the header is cut.
 */
export function npyHead(size: number, read: ReadBytes, name: string): NpyHead {
  const bytes = new Uint8Array(Math.min(size, HEAD_BYTES));
  read(bytes, 0);
  if (bytes.length < 12 || bytes[0] !== 0x93 || new TextDecoder().decode(bytes.subarray(1, 6)) !== "NUMPY") {
    throw new InputError(`${name}: expected a NumPy NPY file but found another kind of file`);
  }
  const view = new DataView(bytes.buffer);
  const [from, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const start = from + length;
  if (start > bytes.length) throw new InputError(`${name}: the header ends early; the file is cut`);
  const header = new TextDecoder().decode(bytes.subarray(from, start));
  const descr = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "?";
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((s) => s.trim()).map(Number);
  return { descr, shape, fortran: shape.length > 1 && /'fortran_order':\s*True/.test(header), start };
}

/**
 * Reads an NPY file, straight into the array that is returned. A matrix that was saved column by column is transposed.
 *
 * @param size Length of the file in bytes.
 * @param name What to call it in errors.
 * @returns Elements, row-major, and shape; a byte string (NumPy type `S`) as text.
 * @throws {InputError} When the file is cut, not NPY, or of an unsupported element type, or when more than two axes are
 * in column-major order.
 */
export function readArray(size: number, read: ReadBytes, name: string): NpyArray | string {
  const { descr, shape, fortran, start } = npyHead(size, read, name);
  const width = /^\|S(\d+)$/.exec(descr)?.[1];
  const constructor = width ? Uint8Array : CONSTRUCTORS[descr as keyof typeof CONSTRUCTORS];
  if (!constructor) {
    const known = Object.keys(CONSTRUCTORS).join(", ");
    throw new InputError(`${name}: expected element type ${known} but found ${descr}; save it with astype("float32")`);
  }
  const count = shape.reduce((product, axis) => product * axis, Number(width ?? 1));
  const expected = count * constructor.BYTES_PER_ELEMENT;
  if (size - start < expected) {
    throw new InputError(`${name}: expected ${expected} bytes of data but found ${size - start}; the file is cut`);
  }
  const data = new constructor(count);
  read(new Uint8Array(data.buffer), start);
  if (width) return new TextDecoder().decode(data as Uint8Array).replace(/\0+$/, "");
  if (!fortran) return { data, shape };
  if (shape.length > 2) {
    throw new InputError(
      `${name}: expected row-major (C) order but found Fortran order; save numpy.ascontiguousarray(X)`,
    );
  }
  const [rows, columns] = shape;
  const turned = data.slice();
  for (let j = 0; j < columns; j++) for (let i = 0; i < rows; i++) turned[i * columns + j] = data[j * rows + i];
  return { data: turned, shape };
}

/**
 * Works with an open file, and closes it.
 *
 * @param use Gets its descriptor and its size in bytes.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function withFile<T>(path: string, use: (file: number, size: number) => T): T {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    throw new InputError(`${path}: no such file`);
  }
  try {
    const status = fstatSync(file);
    if (status.isDirectory()) throw new InputError(`${path}: expected a file but found a folder`);
    return use(file, status.size);
  } finally {
    closeSync(file);
  }
}

/**
 * Fills bytes from a place in a file, also beyond 2 GiB.
 *
 * @returns How many bytes were read; fewer at the end of the file.
 */
export function readInto(file: number, bytes: Uint8Array, from: number): number {
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(file, bytes, read, Math.min(bytes.length - read, 1 << 30), from + read);
    if (count === 0) break;
    read += count;
  }
  return read;
}

/**
 * Reads a whole file, also beyond 2 GiB.
 *
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function readFile(path: string): Uint8Array<ArrayBuffer> {
  return withFile(path, (file, size) => {
    const bytes = new Uint8Array(size);
    readInto(file, bytes, 0);
    return bytes;
  });
}
