// AssemblyScript (https://www.assemblyscript.org): the inner loops of PCA and k-means, four 32-bit floats at a time.
// `deno run -A lib/kernels.ts` compiles this file into kernels.wasm.ts; a test checks that they match.
// All pointers are byte offsets into the memory, multiples of 16; the caller lays the memory out (see kernels.ts).

// Moments of one block of rows. `x` is row-major [count, d] with 16 readable bytes behind it; count <= stride, stride a
// multiple of 8. `t` has room for [d + 4, stride] floats; `shift` holds d + 4 floats near the means. Writes the column means
// (f64) to `mean` and the upper triangle of the scatter matrix about them (f64, [d, d]) to `scatter`. O(count d^2 / 2).
export function moments(x: usize, count: i32, d: i32, stride: i32, t: usize, shift: usize, mean: usize, scatter: usize): void {
  const rowBytes = <usize>d << 2;
  const columnBytes = <usize>stride << 2;
  const whole = count & ~3;
  const used = (count + 7) & ~7;
  for (let j = 0; j < d; j += 4) {
    const s = v128.load(shift + (<usize>j << 2));
    // Four rows by four columns at a time: subtract the shift, transpose, store.
    let at = x + (<usize>j << 2);
    let to = t + <usize>j * columnBytes;
    for (let r = 0; r < whole; r += 4) {
      const a = f32x4.sub(v128.load(at), s);
      const b = f32x4.sub(v128.load(at + rowBytes), s);
      const c = f32x4.sub(v128.load(at + 2 * rowBytes), s);
      const e = f32x4.sub(v128.load(at + 3 * rowBytes), s);
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const ce0 = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
      const ce1 = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab0, ce0, 0, 1, 4, 5));
      v128.store(to + columnBytes, v128.shuffle<f32>(ab0, ce0, 2, 3, 6, 7));
      v128.store(to + 2 * columnBytes, v128.shuffle<f32>(ab1, ce1, 0, 1, 4, 5));
      v128.store(to + 3 * columnBytes, v128.shuffle<f32>(ab1, ce1, 2, 3, 6, 7));
      at += 4 * rowBytes;
      to += 16;
    }
    for (let c = 0; c < 4; c++) {
      const column = t + <usize>(j + c) * columnBytes;
      for (let r = whole; r < used; r++) store<f32>(column + (<usize>r << 2), 0);
      for (let r = whole; r < count; r++) {
        const value = load<f32>(x + <usize>r * rowBytes + (<usize>(j + c) << 2));
        store<f32>(column + (<usize>r << 2), value - load<f32>(shift + (<usize>(j + c) << 2)));
      }
    }
  }
  for (let i = 0; i < d; i += 3) {
    for (let j = i; j < d; j += 3) tile(t, columnBytes, used, i, j, d, scatter);
  }
  // The shift is not quite the mean: correct for the rest.
  for (let j = 0; j < d; j++) {
    let p = t + <usize>j * columnBytes;
    const end = p + (<usize>used << 2);
    let even = f32x4.splat(0), odd = f32x4.splat(0);
    for (; p < end; p += 32) {
      even = f32x4.add(even, v128.load(p));
      odd = f32x4.add(odd, v128.load(p, 16));
    }
    const sum = total(even) + total(odd);
    store<f64>(mean + (<usize>j << 3), sum / <f64>count);
  }
  for (let i = 0; i < d; i++) {
    const ri = load<f64>(mean + (<usize>i << 3));
    for (let j = i; j < d; j++) {
      const at = scatter + (<usize>(i * d + j) << 3);
      store<f64>(at, load<f64>(at) - <f64>count * ri * load<f64>(mean + (<usize>j << 3)));
    }
  }
  for (let j = 0; j < d; j++) {
    const at = mean + (<usize>j << 3);
    store<f64>(at, load<f64>(at) + <f64>load<f32>(shift + (<usize>j << 2)));
  }
}

// Nine dot products at once: columns i..i+2 with columns j..j+2.
function tile(t: usize, columnBytes: usize, used: i32, i: i32, j: i32, d: i32, scatter: usize): void {
  let p = t + <usize>i * columnBytes;
  let q = t + <usize>j * columnBytes;
  const end = p + (<usize>used << 2);
  let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s02 = f32x4.splat(0);
  let s10 = f32x4.splat(0), s11 = f32x4.splat(0), s12 = f32x4.splat(0);
  let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s22 = f32x4.splat(0);
  const pair = columnBytes << 1;
  while (p < end) {
    const p1 = p + columnBytes, p2 = p + pair, q1 = q + columnBytes, q2 = q + pair;
    let a0 = v128.load(p), a1 = v128.load(p1), a2 = v128.load(p2);
    let b = v128.load(q);
    s00 = f32x4.relaxed_madd(a0, b, s00);
    s10 = f32x4.relaxed_madd(a1, b, s10);
    s20 = f32x4.relaxed_madd(a2, b, s20);
    b = v128.load(q1);
    s01 = f32x4.relaxed_madd(a0, b, s01);
    s11 = f32x4.relaxed_madd(a1, b, s11);
    s21 = f32x4.relaxed_madd(a2, b, s21);
    b = v128.load(q2);
    s02 = f32x4.relaxed_madd(a0, b, s02);
    s12 = f32x4.relaxed_madd(a1, b, s12);
    s22 = f32x4.relaxed_madd(a2, b, s22);
    a0 = v128.load(p, 16), a1 = v128.load(p1, 16), a2 = v128.load(p2, 16);
    b = v128.load(q, 16);
    s00 = f32x4.relaxed_madd(a0, b, s00);
    s10 = f32x4.relaxed_madd(a1, b, s10);
    s20 = f32x4.relaxed_madd(a2, b, s20);
    b = v128.load(q1, 16);
    s01 = f32x4.relaxed_madd(a0, b, s01);
    s11 = f32x4.relaxed_madd(a1, b, s11);
    s21 = f32x4.relaxed_madd(a2, b, s21);
    b = v128.load(q2, 16);
    s02 = f32x4.relaxed_madd(a0, b, s02);
    s12 = f32x4.relaxed_madd(a1, b, s12);
    s22 = f32x4.relaxed_madd(a2, b, s22);
    p += 32;
    q += 32;
  }
  put(scatter, d, i, j, s00);
  put(scatter, d, i, j + 1, s01);
  put(scatter, d, i, j + 2, s02);
  put(scatter, d, i + 1, j, s10);
  put(scatter, d, i + 1, j + 1, s11);
  put(scatter, d, i + 1, j + 2, s12);
  put(scatter, d, i + 2, j, s20);
  put(scatter, d, i + 2, j + 1, s21);
  put(scatter, d, i + 2, j + 2, s22);
}

function put(scatter: usize, d: i32, i: i32, j: i32, v: v128): void {
  if (i > j || j >= d) return;
  store<f64>(scatter + (<usize>(i * d + j) << 3), total(v));
}

function total(v: v128): f64 {
  return <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) + <f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3);
}

// Scores of one block of rows: z = (x - mean) w. `x` row-major [count, d] with 16 readable bytes behind it, count a multiple
// of 4 (the rest of the last four rows may be anything), `mean` [d + 4] with zeros at the end, `w` [d, stride] with k rounded
// up to a multiple of 4 as stride, `z` [count, k] with 16 bytes behind it. Centres x in place. O(count d k).
export function scores(x: usize, count: i32, d: i32, mean: usize, w: usize, k: i32, z: usize): void {
  const rowBytes = <usize>d << 2;
  const outBytes = <usize>k << 2;
  const stride = (k + 3) & ~3;
  for (let r = 0; r < count; r += 4) {
    const first = x + <usize>r * rowBytes;
    for (let i = 0; i < 4; i++) {
      const row = first + <usize>i * rowBytes;
      for (let j: usize = 0; j < rowBytes; j += 16) v128.store(row + j, f32x4.sub(v128.load(row + j), v128.load(mean + j)));
    }
    // From the last columns to the first: what a store writes beyond its row is then overwritten by that row's own.
    let c = stride;
    const out = z + <usize>r * outBytes;
    if (stride & 4) {
      c -= 4;
      four(first, rowBytes, d, w + (<usize>c << 2), <usize>stride << 2, out + (<usize>c << 2), outBytes);
    }
    while (c > 0) {
      c -= 8;
      eight(first, rowBytes, d, w + (<usize>c << 2), <usize>stride << 2, out + (<usize>c << 2), outBytes);
    }
  }
}

// Four rows by four columns.
function four(p: usize, rowBytes: usize, d: i32, q: usize, weightBytes: usize, out: usize, outBytes: usize): void {
  let a0 = f32x4.splat(0), b0 = f32x4.splat(0), c0 = f32x4.splat(0), d0 = f32x4.splat(0);
  for (let j = 0; j < d; j++) {
    const w0 = v128.load(q);
    a0 = f32x4.relaxed_madd(v128.load_splat<f32>(p), w0, a0);
    b0 = f32x4.relaxed_madd(v128.load_splat<f32>(p + rowBytes), w0, b0);
    c0 = f32x4.relaxed_madd(v128.load_splat<f32>(p + 2 * rowBytes), w0, c0);
    d0 = f32x4.relaxed_madd(v128.load_splat<f32>(p + 3 * rowBytes), w0, d0);
    p += 4;
    q += weightBytes;
  }
  v128.store(out, a0);
  v128.store(out + outBytes, b0);
  v128.store(out + 2 * outBytes, c0);
  v128.store(out + 3 * outBytes, d0);
}

// Four rows by eight columns.
function eight(p: usize, rowBytes: usize, d: i32, q: usize, weightBytes: usize, out: usize, outBytes: usize): void {
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), b0 = f32x4.splat(0), b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), d0 = f32x4.splat(0), d1 = f32x4.splat(0);
  for (let j = 0; j < d; j++) {
    const w0 = v128.load(q), w1 = v128.load(q, 16);
    let v = v128.load_splat<f32>(p);
    a0 = f32x4.relaxed_madd(v, w0, a0);
    a1 = f32x4.relaxed_madd(v, w1, a1);
    v = v128.load_splat<f32>(p + rowBytes);
    b0 = f32x4.relaxed_madd(v, w0, b0);
    b1 = f32x4.relaxed_madd(v, w1, b1);
    v = v128.load_splat<f32>(p + 2 * rowBytes);
    c0 = f32x4.relaxed_madd(v, w0, c0);
    c1 = f32x4.relaxed_madd(v, w1, c1);
    v = v128.load_splat<f32>(p + 3 * rowBytes);
    d0 = f32x4.relaxed_madd(v, w0, d0);
    d1 = f32x4.relaxed_madd(v, w1, d1);
    p += 4;
    q += weightBytes;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out + outBytes, b0);
  v128.store(out + outBytes, b1, 16);
  v128.store(out + 2 * outBytes, c0);
  v128.store(out + 2 * outBytes, c1, 16);
  v128.store(out + 3 * outBytes, d0);
  v128.store(out + 3 * outBytes, d1, 16);
}

// The nearest centroid of each row: the largest x c - |c|^2 / 2. `x` holds blocks of eight rows, [blocks, d, 8], about some
// centre; `w` [k, d] the centroids about it and `half` [k] half their squared lengths, k a multiple of 4 (fill up with a
// huge half). Writes the centroid to `labels` (i32) and the largest value to `gains` (f32), [blocks, 8]. O(blocks 8 d k).
export function nearest(x: usize, blocks: i32, d: i32, w: usize, k: i32, half: usize, labels: usize, gains: usize): void {
  const rowBytes = <usize>d << 2;
  const blockBytes = <usize>d << 5;
  for (let b = 0; b < blocks; b++) {
    const end = x + blockBytes;
    let best0 = f32x4.splat(-f32.MAX_VALUE), best1 = best0;
    let label0 = i32x4.splat(0), label1 = label0;
    for (let c = 0, q = w; c < k; c += 4, q += 3 * rowBytes) {
      const h = half + (<usize>c << 2);
      let a0 = f32x4.neg(v128.load_splat<f32>(h)), a1 = a0;
      let b0 = f32x4.neg(v128.load_splat<f32>(h, 4)), b1 = b0;
      let c0 = f32x4.neg(v128.load_splat<f32>(h, 8)), c1 = c0;
      let d0 = f32x4.neg(v128.load_splat<f32>(h, 12)), d1 = d0;
      for (let p = x; p < end; p += 32, q += 4) {
        const x0 = v128.load(p), x1 = v128.load(p, 16);
        let v = v128.load_splat<f32>(q);
        a0 = f32x4.relaxed_madd(x0, v, a0);
        a1 = f32x4.relaxed_madd(x1, v, a1);
        v = v128.load_splat<f32>(q + rowBytes);
        b0 = f32x4.relaxed_madd(x0, v, b0);
        b1 = f32x4.relaxed_madd(x1, v, b1);
        v = v128.load_splat<f32>(q + 2 * rowBytes);
        c0 = f32x4.relaxed_madd(x0, v, c0);
        c1 = f32x4.relaxed_madd(x1, v, c1);
        v = v128.load_splat<f32>(q + 3 * rowBytes);
        d0 = f32x4.relaxed_madd(x0, v, d0);
        d1 = f32x4.relaxed_madd(x1, v, d1);
      }
      let more = f32x4.gt(a0, best0);
      best0 = v128.bitselect(a0, best0, more);
      label0 = v128.bitselect(i32x4.splat(c), label0, more);
      more = f32x4.gt(a1, best1);
      best1 = v128.bitselect(a1, best1, more);
      label1 = v128.bitselect(i32x4.splat(c), label1, more);
      more = f32x4.gt(b0, best0);
      best0 = v128.bitselect(b0, best0, more);
      label0 = v128.bitselect(i32x4.splat(c + 1), label0, more);
      more = f32x4.gt(b1, best1);
      best1 = v128.bitselect(b1, best1, more);
      label1 = v128.bitselect(i32x4.splat(c + 1), label1, more);
      more = f32x4.gt(c0, best0);
      best0 = v128.bitselect(c0, best0, more);
      label0 = v128.bitselect(i32x4.splat(c + 2), label0, more);
      more = f32x4.gt(c1, best1);
      best1 = v128.bitselect(c1, best1, more);
      label1 = v128.bitselect(i32x4.splat(c + 2), label1, more);
      more = f32x4.gt(d0, best0);
      best0 = v128.bitselect(d0, best0, more);
      label0 = v128.bitselect(i32x4.splat(c + 3), label0, more);
      more = f32x4.gt(d1, best1);
      best1 = v128.bitselect(d1, best1, more);
      label1 = v128.bitselect(i32x4.splat(c + 3), label1, more);
    }
    v128.store(labels, label0);
    v128.store(labels, label1, 16);
    v128.store(gains, best0);
    v128.store(gains, best1, 16);
    labels += 32;
    gains += 32;
    x = end;
  }
}
