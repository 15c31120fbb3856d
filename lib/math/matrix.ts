/** Dense row-major matrices of 32-bit floats: the form of features and embeddings. */

/** A dense matrix [rows, columns], row-major: element (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  /** The elements, `rows * columns` of them. */
  readonly data: Float32Array;
  /** Number of rows: tracks, as a rule. */
  readonly rows: number;
  /** Number of columns: features or dimensions. */
  readonly columns: number;
}

/**
 * Makes a matrix over existing elements, or of zeros.
 *
 * @param data The elements, row-major; zeros when left out.
 * @returns The matrix; it shares `data`.
 * @throws {RangeError} When `data` does not hold `rows * columns` elements.
 */
export function matrix(
  rows: number,
  columns: number,
  data: Float32Array = new Float32Array(rows * columns),
): Matrix {
  if (data.length !== rows * columns) {
    throw new RangeError(`Expected ${rows} x ${columns} = ${rows * columns} elements but found ${data.length}`);
  }
  return { data, rows, columns };
}

/**
 * Row i of a matrix, as a view: writing to it writes to the matrix.
 *
 * @param i Row index in [0, rows).
 * @returns A view of `columns` elements.
 */
export function row(x: Matrix, i: number): Float32Array {
  return x.data.subarray(i * x.columns, (i + 1) * x.columns);
}

/**
 * Picks rows, copying them.
 *
 * @param rows Row indices in [0, n), in the order wanted.
 * @returns A new matrix [rows.length, d].
 */
export function takeRows(x: Matrix, rows: ArrayLike<number>): Matrix {
  const data = new Float32Array(rows.length * x.columns);
  for (let r = 0; r < rows.length; r++) data.set(row(x, rows[r]), r * x.columns);
  return { data, rows: rows.length, columns: x.columns };
}

/** Scales rows to length 1; zero rows stay zero. Cost O(n d). */
export function unitRows(x: Matrix): Matrix {
  const unit = matrix(x.rows, x.columns);
  for (let i = 0; i < x.rows; i++) {
    let sum = 0;
    for (let j = i * x.columns; j < (i + 1) * x.columns; j++) sum += x.data[j] * x.data[j];
    const factor = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    for (let j = i * x.columns; j < (i + 1) * x.columns; j++) unit.data[j] = x.data[j] * factor;
  }
  return unit;
}

/**
 * Finds the first element that is NaN or infinite.
 *
 * @returns Its row and column, or `undefined` when all elements are finite.
 */
export function firstNonFinite(x: Matrix): { row: number; column: number } | undefined {
  for (let i = 0; i < x.data.length; i++) {
    if (!Number.isFinite(x.data[i])) return { row: Math.floor(i / x.columns), column: i % x.columns };
  }
  return undefined;
}

/**
 * Checks that all elements are finite.
 *
 * @throws {RangeError} `Expected finite numbers but found NaN in row 4, column 1`.
 */
export function checkFinite(x: Matrix): void {
  const at = firstNonFinite(x);
  if (!at) return;
  const found = x.data[at.row * x.columns + at.column];
  throw new RangeError(`Expected finite numbers but found ${found} in row ${at.row}, column ${at.column}`);
}

/**
 * Squared Euclidean distance of two rows.
 *
 * @param y A matrix [m, d], which may be the same.
 */
export function squaredDistance(x: Matrix, i: number, y: Matrix, j: number): number {
  const d = x.columns;
  let sum = 0;
  for (let a = i * d, b = j * d, end = a + d; a < end; a++, b++) {
    const difference = x.data[a] - y.data[b];
    sum += difference * difference;
  }
  return sum;
}

/**
 * Cosine similarity of two vectors.
 *
 * @param b A vector of the same length.
 * @returns A value in [-1, 1]; 0 when either vector is zero.
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa === 0 || bb === 0 ? 0 : Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb)));
}
