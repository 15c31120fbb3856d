// AssemblyScript (https://www.assemblyscript.org): the forward pass of SASRec for one request, four 32-bit floats at a
// time. `deno run -A test/compile_kernels.ts` compiles this file into kernel.wasm.ts; a test checks that they match.
// All pointers are byte offsets into the memory, multiples of 16; the caller lays the memory out (see kernel.ts). Widths
// (d, n, the width of a head) are multiples of 4.

// out = gain * (x - mean) / sqrt(variance + 1e-6) + bias, a row at a time. O(rows d)
export function layerNorm(x: usize, gain: usize, bias: usize, out: usize, rows: i32, d: i32): void {
  const bytes = <usize>d << 2;
  for (let r = 0; r < rows; r++) {
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) sums = f32x4.add(sums, v128.load(x + i));
    const mean = f32x4.splat(total(sums) / <f32>d);
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const c = f32x4.sub(v128.load(x + i), mean);
      squares = f32x4.relaxed_madd(c, c, squares);
    }
    const scale = f32x4.splat(<f32>1 / Mathf.sqrt(total(squares) / <f32>d + <f32>1e-6));
    for (let i: usize = 0; i < bytes; i += 16) {
      const c = f32x4.mul(f32x4.sub(v128.load(x + i), mean), scale);
      v128.store(out + i, f32x4.relaxed_madd(c, v128.load(gain + i), v128.load(bias + i)));
    }
    x += bytes;
    out += bytes;
  }
}

// out[rows, n] = a[rows, k] w[k, n] + bias[n]; bias may be 0 (none). mode 1: ReLU; mode 2: added to what is in out. O(rows k n)
export function dense(a: usize, w: usize, bias: usize, out: usize, rows: i32, k: i32, n: i32, mode: i32): void {
  const aBytes = <usize>k << 2;
  const wBytes = <usize>n << 2;
  const zero = f32x4.splat(0);
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    for (let j: usize = 0; j < wBytes; j += 32) {
      const two = j + 16 < wBytes;
      const b0 = bias ? v128.load(bias + j) : zero;
      const b1 = bias && two ? v128.load(bias + j + 16) : zero;
      let s00 = b0, s10 = b0, s20 = b0, s30 = b0, s01 = b1, s11 = b1, s21 = b1, s31 = b1;
      let p = a;
      let q = w + j;
      const end = a + aBytes;
      for (; p < end; p += 4) {
        const w0 = v128.load(q);
        const w1 = two ? v128.load(q, 16) : zero;
        q += wBytes;
        let x = v128.load32_splat(p);
        s00 = f32x4.relaxed_madd(x, w0, s00);
        s01 = f32x4.relaxed_madd(x, w1, s01);
        x = v128.load32_splat(p + aBytes);
        s10 = f32x4.relaxed_madd(x, w0, s10);
        s11 = f32x4.relaxed_madd(x, w1, s11);
        x = v128.load32_splat(p + 2 * aBytes);
        s20 = f32x4.relaxed_madd(x, w0, s20);
        s21 = f32x4.relaxed_madd(x, w1, s21);
        x = v128.load32_splat(p + 3 * aBytes);
        s30 = f32x4.relaxed_madd(x, w0, s30);
        s31 = f32x4.relaxed_madd(x, w1, s31);
      }
      put(out + j, s00, mode);
      put(out + wBytes + j, s10, mode);
      put(out + 2 * wBytes + j, s20, mode);
      put(out + 3 * wBytes + j, s30, mode);
      if (two) {
        put(out + j + 16, s01, mode);
        put(out + wBytes + j + 16, s11, mode);
        put(out + 2 * wBytes + j + 16, s21, mode);
        put(out + 3 * wBytes + j + 16, s31, mode);
      }
    }
    a += 4 * aBytes;
    out += 4 * wBytes;
  }
  for (; r < rows; r++) {
    for (let j: usize = 0; j < wBytes; j += 16) {
      let s = bias ? v128.load(bias + j) : zero;
      let q = w + j;
      for (let p = a; p < a + aBytes; p += 4) {
        s = f32x4.relaxed_madd(v128.load32_splat(p), v128.load(q), s);
        q += wBytes;
      }
      put(out + j, s, mode);
    }
    a += aBytes;
    out += wBytes;
  }
}

// Causal attention of the queries first .. n-1 over the keys 0 .. i. q, k and v are the first elements of row 0; rows of q
// are qStride bytes apart, rows of k and v kvStride. Adds to out (row `first` first, heads * width floats a row). `chances`
// has room for heads * n floats and holds, afterwards, what the last query attends to. O((n - first) n heads width)
export function attend(
  q: usize, qStride: usize, k: usize, v: usize, kvStride: usize, heads: i32, width: i32, first: i32, n: i32,
  out: usize, chances: usize,
): void {
  const headBytes = <usize>width << 2;
  const outBytes = headBytes * <usize>heads;
  const scale = <f32>1 / Mathf.sqrt(<f32>width);
  for (let i = first; i < n; i++) {
    for (let head = 0; head < heads; head++) {
      const shift = headBytes * <usize>head;
      const query = q + <usize>(i - first) * qStride + shift;
      const row = chances + ((<usize>head * <usize>n) << 2);
      let key = k + shift;
      let largest = -f32.MAX_VALUE;
      for (let j = 0; j <= i; j++) {
        let s = f32x4.splat(0);
        for (let c: usize = 0; c < headBytes; c += 16) s = f32x4.relaxed_madd(v128.load(query + c), v128.load(key + c), s);
        const value = total(s) * scale;
        store<f32>(row + (<usize>j << 2), value);
        if (value > largest) largest = value;
        key += kvStride;
      }
      let sum: f32 = 0;
      for (let j = 0; j <= i; j++) {
        const e = exp(load<f32>(row + (<usize>j << 2)) - largest);
        store<f32>(row + (<usize>j << 2), e);
        sum += e;
      }
      const inverse = <f32>1 / sum;
      const target = out + <usize>(i - first) * outBytes + shift;
      for (let c: usize = 0; c < headBytes; c += 16) {
        let s = f32x4.splat(0);
        let value = v + shift + c;
        for (let j = 0; j <= i; j++) {
          s = f32x4.relaxed_madd(v128.load32_splat(row + (<usize>j << 2)), v128.load(value), s);
          value += kvStride;
        }
        v128.store(target + c, f32x4.relaxed_madd(s, f32x4.splat(inverse), v128.load(target + c)));
      }
      if (i == n - 1) {
        for (let j = 0; j <= i; j++) store<f32>(row + (<usize>j << 2), load<f32>(row + (<usize>j << 2)) * inverse);
      }
    }
  }
}

// out[j] = h . e[j] for `rows` rows of e (rows a multiple of 4; the caller pads). O(rows d), bound by reading e once.
export function scores(h: usize, e: usize, rows: i32, d: i32, out: usize): void {
  const bytes = <usize>d << 2;
  for (let r = 0; r < rows; r += 4) {
    const e1 = e + bytes, e2 = e1 + bytes, e3 = e2 + bytes;
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const x = v128.load(h + i);
      s0 = f32x4.relaxed_madd(x, v128.load(e + i), s0);
      s1 = f32x4.relaxed_madd(x, v128.load(e1 + i), s1);
      s2 = f32x4.relaxed_madd(x, v128.load(e2 + i), s2);
      s3 = f32x4.relaxed_madd(x, v128.load(e3 + i), s3);
    }
    const a = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const b = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    v128.store(out, f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7)));
    e = e3 + bytes;
    out += 16;
  }
}

// out[i] = h . e[at[i]] for `count` rows, each summed as `scores` sums it: the results are the same bit by bit. O(count d)
export function scoresAt(h: usize, e: usize, at: usize, count: i32, d: i32, out: usize): void {
  const bytes = <usize>d << 2;
  for (let r = 0; r < count; r++) {
    const row = e + <usize>load<i32>(at) * bytes;
    let s = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) s = f32x4.relaxed_madd(v128.load(h + i), v128.load(row + i), s);
    const even = f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 2);
    store<f32>(out, even + (f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 3)));
    at += 4;
    out += 4;
  }
}

// Scores from 8-bit rows and a 16-bit query: out[j] = unit * scales[j] * (h . q[j]), with h of `width` 16-bit and q[j] of
// `width` 8-bit integers (width a multiple of 8, sums within 32 bits). Of every 64 rows (`rows` is a multiple of 64) lows
// and highs get the largest out[j] - norm * spreads[j] and out[j] + norm * spreads[j]. O(rows width), bound by reading q once.
export function prefilter(
  h: usize, q: usize, scales: usize, spreads: usize, rows: i32, width: i32, unit: f32, norm: f32,
  out: usize, lows: usize, highs: usize,
): void {
  const bytes = <usize>width;
  const units = f32x4.splat(unit);
  const norms = f32x4.splat(norm);
  for (let r = 0; r < rows; r += 64) {
    let low = f32x4.splat(-f32.MAX_VALUE);
    let high = low;
    for (let group = 0; group < 16; group++) {
      const q1 = q + bytes, q2 = q1 + bytes, q3 = q2 + bytes;
      let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
      let p = h;
      for (let i: usize = 0; i < bytes; i += 8) {
        const x = v128.load(p);
        s0 = i32x4.add(s0, i32x4.dot_i16x8_s(x, v128.load8x8_s(q + i)));
        s1 = i32x4.add(s1, i32x4.dot_i16x8_s(x, v128.load8x8_s(q1 + i)));
        s2 = i32x4.add(s2, i32x4.dot_i16x8_s(x, v128.load8x8_s(q2 + i)));
        s3 = i32x4.add(s3, i32x4.dot_i16x8_s(x, v128.load8x8_s(q3 + i)));
        p += 16;
      }
      const a = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 1, 5), v128.shuffle<i32>(s0, s1, 2, 6, 3, 7));
      const b = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 1, 5), v128.shuffle<i32>(s2, s3, 2, 6, 3, 7));
      const sums = i32x4.add(v128.shuffle<i32>(a, b, 0, 1, 4, 5), v128.shuffle<i32>(a, b, 2, 3, 6, 7));
      const value = f32x4.mul(f32x4.convert_i32x4_s(sums), f32x4.mul(units, v128.load(scales)));
      const reach = f32x4.mul(norms, v128.load(spreads));
      v128.store(out, value);
      low = f32x4.max(low, f32x4.sub(value, reach));
      high = f32x4.max(high, f32x4.add(value, reach));
      q = q3 + bytes;
      scales += 16;
      spreads += 16;
      out += 16;
    }
    store<f32>(lows, largest(low));
    store<f32>(highs, largest(high));
    lows += 4;
    highs += 4;
  }
}

// Sum of exp(x[i] - largest) for the first `count` of `rows` elements (rows a multiple of 4), none of them above `largest`. exp by
// Cephes' expf: 2^n times a polynomial, relative error below 2e-7; what is below e^-87 counts as 0. O(rows)
export function sumExp(x: usize, count: i32, rows: i32, largest: f32): f64 {
  for (let i = count; i < rows; i++) store<f32>(x + (<usize>i << 2), -f32.MAX_VALUE);
  const shift = f32x4.splat(largest);
  const floor = f32x4.splat(-87);
  let sum: f64 = 0;
  for (let start = 0; start < rows; start += 1024) {
    const end = x + (<usize>min(rows, start + 1024) << 2);
    let sums = f32x4.splat(0);
    for (let p = x + (<usize>start << 2); p < end; p += 16) {
      const raw = f32x4.sub(v128.load(p), shift);
      const t = f32x4.max(raw, floor);
      const n = f32x4.nearest(f32x4.mul(t, f32x4.splat(1.44269504088896341)));
      let r = f32x4.relaxed_nmadd(n, f32x4.splat(0.693359375), t);
      r = f32x4.relaxed_nmadd(n, f32x4.splat(-2.12194440e-4), r);
      let y = f32x4.splat(1.9875691500e-4);
      y = f32x4.relaxed_madd(y, r, f32x4.splat(1.3981999507e-3));
      y = f32x4.relaxed_madd(y, r, f32x4.splat(8.3334519073e-3));
      y = f32x4.relaxed_madd(y, r, f32x4.splat(4.1665795894e-2));
      y = f32x4.relaxed_madd(y, r, f32x4.splat(1.6666665459e-1));
      y = f32x4.relaxed_madd(y, r, f32x4.splat(5.0000001201e-1));
      y = f32x4.add(f32x4.relaxed_madd(f32x4.mul(y, r), r, r), f32x4.splat(1));
      const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
      sums = f32x4.add(sums, v128.and(f32x4.mul(y, power), f32x4.ge(raw, floor)));
    }
    sum += <f64>total(sums);
  }
  return sum;
}

// exp of a number that is not above 0, as in sumExp. Mathf.exp would keep a table where the caller lays out its memory.
function exp(x: f32): f32 {
  if (x < -87) return 0;
  const n = nearest<f32>(x * <f32>1.44269504088896341);
  const r = x - n * <f32>0.693359375 + n * <f32>2.12194440e-4;
  let y: f32 = 1.9875691500e-4;
  y = y * r + <f32>1.3981999507e-3;
  y = y * r + <f32>8.3334519073e-3;
  y = y * r + <f32>4.1665795894e-2;
  y = y * r + <f32>1.6666665459e-1;
  y = y * r + <f32>5.0000001201e-1;
  y = y * r * r + r + 1;
  return y * reinterpret<f32>((<i32>n + 127) << 23);
}

// @ts-ignore: decorator
@inline
function put(at: usize, value: v128, mode: i32): void {
  if (mode == 1) value = f32x4.max(value, f32x4.splat(0));
  else if (mode == 2) value = f32x4.add(value, v128.load(at));
  v128.store(at, value);
}

// @ts-ignore: decorator
@inline
function total(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

// @ts-ignore: decorator
@inline
function largest(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}
