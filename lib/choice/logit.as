// AssemblyScript (https://www.assemblyscript.org): the inner loops of the conditional logit, two 64-bit floats at a time.
// `deno run -A lib/kernels.ts` compiles this file into logit.wasm.ts; a test checks that they match.
// All pointers are byte offsets into the memory, multiples of 16; the caller lays the memory out (see logit_kernel.ts).

// exp of two numbers in [-708, 709], within 2 units in the last place: x = n ln 2 + r, exp(r) by its Taylor series.
// @ts-ignore: decorator
@inline
function exp2x(x: v128): v128 {
  const magic = f64x2.splat(6755399441055744.0);
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634)), magic);
  const n = f64x2.sub(shifted, magic);
  const r = f64x2.sub(
    f64x2.sub(x, f64x2.mul(n, f64x2.splat(0.693147180369123816490))),
    f64x2.mul(n, f64x2.splat(1.90821492927058770002e-10)),
  );
  let p = f64x2.splat(1.6059043836821613e-10);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.08767569878681e-9));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.505210838544172e-8));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.755731922398589e-7));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.7557319223985893e-6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.48015873015873e-5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.984126984126984e-4));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.3888888888888889e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(8.333333333333333e-3));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(4.1666666666666664e-2));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.6666666666666666e-1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  return i64x2.add(p, i64x2.shl(shifted, 52));
}

// @ts-ignore: decorator
@inline
function sum2(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

// Adds the sums of some choice sets. `x` is row-major [rows, width]; set n has the rows starts[n] … starts[n+1]-1 (i32,
// from 0 at the first set) and chose row chosen[n]. `offset` has one f64 a row, or is 0. `scratch` has room for
// [width + 2, stride] f64, stride even and at least the largest set, and for `width` more. The log-likelihood of set n is
// minus its largest utility and minus the log of totals[n]; the largest utilities are summed. Adds to `out`: that sum,
// hits, then the gradient [width] and the upper triangle of the information [width, width]. O(rows width^2 / 2).
export function sums(
  x: usize,
  starts: usize,
  chosen: usize,
  offset: usize,
  sets: i32,
  width: i32,
  weights: usize,
  scratch: usize,
  stride: i32,
  totals: usize,
  out: usize,
): void {
  const column = <usize>stride << 3;
  const rowBytes = <usize>width << 3;
  const probability = scratch;
  const weighted = scratch + column;
  const difference = weighted + column;
  const means = difference + <usize>width * column;
  const gradient = out + 16;
  const information = gradient + rowBytes;
  let shift = load<f64>(out);
  let hits = load<f64>(out, 8);
  for (let n = 0; n < sets; n++) {
    const start = load<i32>(starts + (<usize>n << 2));
    const length = load<i32>(starts + (<usize>n << 2), 4) - start;
    const pick = load<i32>(chosen + (<usize>n << 2));
    const even = length & ~1;
    const end = (<usize>((length + 1) & ~1)) << 3;
    const first = x + <usize>start * rowBytes;
    // Differences from the chosen row, column by column; an odd set gets a last row of zeros.
    for (let k = 0; k < width; k++) {
      const own = load<f64>(x + <usize>pick * rowBytes + (<usize>k << 3));
      const own2 = f64x2.splat(own);
      let at = first + (<usize>k << 3);
      let to = difference + <usize>k * column;
      for (let j = 0; j < even; j += 2) {
        const pair = v128.load64_lane(at + rowBytes, v128.load64_zero(at), 1);
        v128.store(to, f64x2.sub(pair, own2));
        at += rowBytes << 1;
        to += 16;
      }
      if (even < length) {
        store<f64>(to, load<f64>(at) - own);
        store<f64>(to, 0, 8);
      }
    }
    const ownOffset = offset ? load<f64>(offset + (<usize>pick << 3)) : 0;
    let most = f64x2.splat(0);
    for (let a: usize = 0; a < end; a += 16) {
      let u = f64x2.splat(0);
      if (offset) u = f64x2.sub(v128.load(offset + (<usize>start << 3) + a), f64x2.splat(ownOffset));
      let d = difference + a;
      for (let k = 0; k < width; k++) {
        u = f64x2.add(u, f64x2.mul(v128.load64_splat(weights + (<usize>k << 3)), v128.load(d)));
        d += column;
      }
      v128.store(probability + a, u);
      if (a + 8 < (<usize>length << 3)) most = f64x2.max(most, u);
      else most = f64x2.max(most, v128.load64_splat(probability + a));
    }
    const largest = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
    // The chosen row's own utility is 0 here, so it is a hit when nothing exceeds 0.
    if (largest == 0) {
      let ties = 0;
      for (let j = 0; j < length; j++) if (load<f64>(probability + (<usize>j << 3)) == 0) ties++;
      hits += 1 / <f64>ties;
    }
    const largest2 = f64x2.splat(largest);
    const least = f64x2.splat(-708);
    for (let a: usize = 0; a < end; a += 16) {
      v128.store(probability + a, exp2x(f64x2.max(f64x2.sub(v128.load(probability + a), largest2), least)));
    }
    if (even < length) store<f64>(probability + (<usize>length << 3), 0);
    let total2 = f64x2.splat(0);
    for (let a: usize = 0; a < end; a += 16) total2 = f64x2.add(total2, v128.load(probability + a));
    const total = sum2(total2);
    shift += largest;
    store<f64>(totals + (<usize>n << 3), total);
    const scale = f64x2.splat(1 / total);
    for (let k = 0; k < width; k++) {
      const dk = difference + <usize>k * column;
      let sum = f64x2.splat(0);
      for (let a: usize = 0; a < end; a += 16) {
        const value = f64x2.mul(f64x2.mul(v128.load(probability + a), scale), v128.load(dk + a));
        v128.store(weighted + a, value);
        sum = f64x2.add(sum, value);
      }
      store<f64>(gradient + (<usize>k << 3), load<f64>(gradient + (<usize>k << 3)) - sum2(sum));
      store<f64>(means + (<usize>k << 3), sum2(sum));
      let l = k;
      let d = dk;
      let to = information + <usize>k * rowBytes + (<usize>k << 3);
      for (; l + 3 < width; l += 4) {
        let h0 = f64x2.splat(0);
        let h1 = f64x2.splat(0);
        let h2 = f64x2.splat(0);
        let h3 = f64x2.splat(0);
        for (let a: usize = 0; a < end; a += 16) {
          const value = v128.load(weighted + a);
          const b = d + a;
          h0 = f64x2.add(h0, f64x2.mul(value, v128.load(b)));
          h1 = f64x2.add(h1, f64x2.mul(value, v128.load(b + column)));
          h2 = f64x2.add(h2, f64x2.mul(value, v128.load(b + 2 * column)));
          h3 = f64x2.add(h3, f64x2.mul(value, v128.load(b + 3 * column)));
        }
        store<f64>(to, load<f64>(to) + sum2(h0));
        store<f64>(to, load<f64>(to, 8) + sum2(h1), 8);
        store<f64>(to, load<f64>(to, 16) + sum2(h2), 16);
        store<f64>(to, load<f64>(to, 24) + sum2(h3), 24);
        d += 4 * column;
        to += 32;
      }
      for (; l < width; l++) {
        let h = f64x2.splat(0);
        for (let a: usize = 0; a < end; a += 16) {
          h = f64x2.add(h, f64x2.mul(v128.load(weighted + a), v128.load(d + a)));
        }
        store<f64>(to, load<f64>(to) + sum2(h));
        d += column;
        to += 8;
      }
    }
    for (let k = 0; k < width; k++) {
      const mean = load<f64>(means + (<usize>k << 3));
      for (let l = k; l < width; l++) {
        const to = information + <usize>k * rowBytes + (<usize>l << 3);
        store<f64>(to, load<f64>(to) - mean * load<f64>(means + (<usize>l << 3)));
      }
    }
  }
  store<f64>(out, shift);
  store<f64>(out, hits, 8);
}
