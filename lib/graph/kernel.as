// AssemblyScript (https://www.assemblyscript.org): the inner loops of the neighbour selves-join, four 32-bit floats at a
// time. `deno run -A test/compile_kernels.ts` compiles this file into kernel.wasm.ts; a test checks that they match.
//
// All pointers are byte offsets into one memory that all workers share; each worker has its own scratch.
// - Rows are row-major [n, d], d a multiple of 4, of vectors whose common mean has been subtracted.
// - Blocks hold 8 points each: 8 biases, then 8 values of each dimension. The bias of point p is -|p|^2 / 2, of padding
//   -3e38, so that score(q, p) = q.p - |p|^2 / 2 orders points by their distance to q: |q - p|^2 = |q|^2 - 2 score.
// - A key is a score and an id in one u64 whose order is "higher score first, then lower id".

const NO_SCORE: f32 = -1e38;

let d: i32 = 0; // dimensions, a multiple of 4
let k: i32 = 0; // neighbours
let rows: usize = 0; // f32 [n, d]
let cellCount: i32 = 0;
let cellBlocks: usize = 0; // i32 [cellCount + 1]: first block of each cell
let blocks: usize = 0; // the points, cell after cell
let ids: usize = 0; // i32, 8 a block: row of each point, -1 for padding
let centroids: usize = 0; // f32 [cellCount rounded up to 8, d]
let centroidBlocks: usize = 0; // the centroids as blocks
let groupSize: i32 = 0; // most queries of a group, a multiple of 4
let capacity: i32 = 0; // candidates of a query before they are cut, at least k + slack + 8
let slack: i32 = 0; // a cut leaves k to k + slack candidates

// Scratch of this worker.
let queries: usize = 0; // f32 [groupSize + 4, d]; slots from groupSize on are dummies
let selves: usize = 0; // i32 [groupSize + 4]
let threshold: usize = 0; // f32 [groupSize + 4]
let counts: usize = 0; // i32 [groupSize + 4]
let candidateScores: usize = 0; // f32 [groupSize + 4, capacity + 16]
let candidatePoints: usize = 0; // i32 [groupSize + 4, capacity + 16]: places in `ids`
let keys: usize = 0; // u64 [capacity + 16]
let norms: usize = 0; // f32 [groupSize + 4]: squared length of each query
let list: usize = 0; // i32 [groupSize + 4]: some slots
let packed: usize = 0; // f32 [d, 4]: 4 queries, one dimension after another
let tile: usize = 0; // f32 [4, 8]: scores of 4 slots and 8 points
let cellKeys: usize = 0; // u64 [cellCount]
let listed: usize = 0; // i32 [cellCount]: how many slots look into each cell
let lists: usize = 0; // i32 [cellCount, groupSize + 4]: which
let cellScores: usize = 0; // f32 [groupSize + 4, cellCount rounded up to 8]
let nearBlocks: usize = 0; // centroids of the cells around the group, as blocks
let resultIds: usize = 0; // i32 [groupSize, k]
let resultSimilarities: usize = 0; // f32 [groupSize, k]
let compared: f64 = 0; // points that the rows of the last join were compared with

function align(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

// Where everything lies. Returns the end of this worker's scratch, which starts at `scratch`.
export function setup(
  d_: i32,
  k_: i32,
  rows_: usize,
  cellCount_: i32,
  cellBlocks_: usize,
  blocks_: usize,
  ids_: usize,
  centroids_: usize,
  centroidBlocks_: usize,
  groupSize_: i32,
  capacity_: i32,
  scratch: usize,
): usize {
  d = d_;
  k = k_;
  rows = rows_;
  cellCount = cellCount_;
  cellBlocks = cellBlocks_;
  blocks = blocks_;
  ids = ids_;
  centroids = centroids_;
  centroidBlocks = centroidBlocks_;
  groupSize = groupSize_;
  capacity = capacity_;
  slack = max(8, k >> 2);
  const slots = <usize>groupSize + 4;
  const cells = (<usize>cellCount + 7) & ~7;
  let at = align(scratch);
  queries = at;
  at = align(at + slots * <usize>d * 4);
  selves = at;
  at = align(at + slots * 4);
  threshold = at;
  at = align(at + slots * 4);
  counts = at;
  at = align(at + slots * 4);
  candidateScores = at;
  at = align(at + slots * <usize>(capacity + 16) * 4);
  candidatePoints = at;
  at = align(at + slots * <usize>(capacity + 16) * 4);
  keys = at;
  at = align(at + <usize>(capacity + 16) * 8);
  norms = at;
  at = align(at + slots * 4);
  list = at;
  at = align(at + slots * 4);
  packed = at;
  at = align(at + 16 * <usize>d);
  tile = at;
  at = align(at + 128);
  cellKeys = at;
  at = align(at + cells * 8);
  listed = at;
  at = align(at + cells * 4);
  lists = at;
  at = align(at + cells * slots * 4);
  cellScores = at;
  at = align(at + slots * cells * 4);
  nearBlocks = at;
  at = align(at + cells * <usize>(d + 1) * 4);
  resultIds = at;
  at = align(at + slots * <usize>k * 4);
  resultSimilarities = at;
  return align(at + slots * <usize>k * 4);
}

export function resultIdsAt(): usize {
  return resultIds;
}

export function resultSimilaritiesAt(): usize {
  return resultSimilarities;
}

export function comparedPoints(): f64 {
  return compared;
}

// @ts-ignore: decorator
@inline
function keyOf(score: f32, id: i32): u64 {
  const bits = reinterpret<i32>(score);
  const ordered = <u32>(bits ^ ((bits >> 31) | 0x80000000));
  return (<u64>ordered << 32) | <u64>(~(<u32>id));
}

// @ts-ignore: decorator
@inline
function scoreOf(key: u64): f32 {
  const ordered = <u32>(key >> 32);
  return reinterpret<f32>(ordered & 0x80000000 ? ordered ^ 0x80000000 : ~ordered);
}

// @ts-ignore: decorator
@inline
function idOf(key: u64): i32 {
  return <i32>(~(<u32>key));
}

// Moves the `want` largest of `count` keys to the front, the smallest of them last (Hoare's quickselect).
function select(keys: usize, count: i32, want: i32): void {
  let low: usize = keys;
  let high: usize = keys + ((<usize>count - 1) << 3);
  const goal: usize = keys + ((<usize>want - 1) << 3);
  while (low < high) {
    const middle = low + (((high - low) >> 4) << 3);
    const a = load<u64>(low);
    const b = load<u64>(middle);
    const c = load<u64>(high);
    const pivot = max(min(a, b), min(max(a, b), c));
    let i = low;
    let j = high;
    while (true) {
      while (load<u64>(i) > pivot) i += 8;
      while (load<u64>(j) < pivot) j -= 8;
      if (i >= j) break;
      const swap = load<u64>(i);
      store<u64>(i, load<u64>(j));
      store<u64>(j, swap);
      i += 8;
      j -= 8;
    }
    if (goal <= j) high = j;
    else low = j + 8;
  }
}

// Sorts keys, largest first.
function sort(keys: usize, count: i32): void {
  let low: usize = keys;
  let high: usize = keys + (<usize>count << 3);
  while (high - low > 16 * 8) {
    const middle = low + (((high - low) >> 4) << 3);
    const a = load<u64>(low);
    const b = load<u64>(middle);
    const c = load<u64>(high - 8);
    const pivot = max(min(a, b), min(max(a, b), c));
    let i = low;
    let j = high - 8;
    while (i <= j) {
      while (load<u64>(i) > pivot) i += 8;
      while (load<u64>(j) < pivot) j -= 8;
      if (i > j) break;
      const swap = load<u64>(i);
      store<u64>(i, load<u64>(j));
      store<u64>(j, swap);
      i += 8;
      j -= 8;
    }
    sort(low, <i32>((j + 8 - low) >> 3));
    low = i;
  }
  for (let at = low + 8; at < high; at += 8) {
    const key = load<u64>(at);
    let to = at;
    while (to > low && load<u64>(to - 8) < key) {
      store<u64>(to, load<u64>(to - 8));
      to -= 8;
    }
    store<u64>(to, key);
  }
}

// Four rows, one dimension after another.
function pack(q0: usize, q1: usize, q2: usize, q3: usize): void {
  const bytes = <usize>d << 2;
  let to = packed;
  for (let o: usize = 0; o < bytes; o += 16) {
    const a = v128.load(q0 + o);
    const b = v128.load(q1 + o);
    const c = v128.load(q2 + o);
    const e = v128.load(q3 + o);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
    const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const ce2 = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(ab, ce, 0, 2));
    v128.store(to, v128.shuffle<f64>(ab, ce, 1, 3), 16);
    v128.store(to, v128.shuffle<f64>(ab2, ce2, 0, 2), 32);
    v128.store(to, v128.shuffle<f64>(ab2, ce2, 1, 3), 48);
    to += 64;
  }
}

// Scores of `count` rows against blocks: out[r * outStride + 8 * b + lane]. Rows are read in fours; those behind the
// last are read and written too. O(count * blocks * 8 * d).
export function scores(row: usize, count: i32, block: usize, blockCount: i32, out: usize, outStride: i32): void {
  const rowBytes = <usize>d << 2;
  const outBytes = <usize>outStride << 2;
  const packedEnd = packed + 4 * rowBytes;
  for (let r = 0; r < count; r += 4) {
    pack(row, row + rowBytes, row + 2 * rowBytes, row + 3 * rowBytes);
    let p = block;
    for (let b = 0; b < blockCount; b++) {
      let a0 = v128.load(p);
      let a1 = v128.load(p, 16);
      let b0 = a0;
      let b1 = a1;
      let c0 = a0;
      let c1 = a1;
      let e0 = a0;
      let e1 = a1;
      p += 32;
      let q = packed;
      while (q < packedEnd) {
        const u = v128.load(q);
        const x = v128.load(p);
        const y = v128.load(p, 16);
        let s = v128.shuffle<f32>(u, u, 0, 0, 0, 0);
        a0 = f32x4.relaxed_madd(s, x, a0);
        a1 = f32x4.relaxed_madd(s, y, a1);
        s = v128.shuffle<f32>(u, u, 1, 1, 1, 1);
        b0 = f32x4.relaxed_madd(s, x, b0);
        b1 = f32x4.relaxed_madd(s, y, b1);
        s = v128.shuffle<f32>(u, u, 2, 2, 2, 2);
        c0 = f32x4.relaxed_madd(s, x, c0);
        c1 = f32x4.relaxed_madd(s, y, c1);
        s = v128.shuffle<f32>(u, u, 3, 3, 3, 3);
        e0 = f32x4.relaxed_madd(s, x, e0);
        e1 = f32x4.relaxed_madd(s, y, e1);
        p += 32;
        q += 16;
      }
      const to = out + (<usize>b << 5);
      v128.store(to, a0);
      v128.store(to, a1, 16);
      v128.store(to + outBytes, b0);
      v128.store(to + outBytes, b1, 16);
      v128.store(to + 2 * outBytes, c0);
      v128.store(to + 2 * outBytes, c1, 16);
      v128.store(to + 3 * outBytes, e0);
      v128.store(to + 3 * outBytes, e1, 16);
    }
    row += 4 * rowBytes;
    out += 4 * outBytes;
  }
}

// @ts-ignore: decorator
@inline
function bufferOf(slot: i32): usize {
  return <usize>(slot * (capacity + 16)) << 2;
}

// How many of `count` values are at least `bound`; values behind the last, up to a multiple of 4, must be below it.
function countFrom(values: usize, count: i32, bound: f32): i32 {
  const limit = f32x4.splat(bound);
  let sum = i32x4.splat(0);
  const end = values + (<usize>count << 2);
  for (let at = values; at < end; at += 16) sum = i32x4.sub(sum, f32x4.ge(v128.load(at), limit));
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3);
}

// A bound that `want` to `want + spare` of `count` values reach, by bisection; when equal values leave no such bound, the
// highest found that at least `want` reach. Values below NO_SCORE are padding. O(count) a step, 5 steps or so.
function boundFor(values: usize, count: i32, want: i32, spare: i32): f32 {
  const end = values + (<usize>count << 2);
  let low = f32x4.splat(<f32>3e38);
  let high = f32x4.splat(NO_SCORE);
  const none = high;
  for (let at = values; at + 16 <= end; at += 16) {
    const v = v128.load(at);
    low = f32x4.pmin(low, v128.bitselect(v, low, f32x4.ge(v, none)));
    high = f32x4.pmax(high, v);
  }
  let bottom = min(
    min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1)),
    min(f32x4.extract_lane(low, 2), f32x4.extract_lane(low, 3)),
  );
  let top = max(
    max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1)),
    max(f32x4.extract_lane(high, 2), f32x4.extract_lane(high, 3)),
  );
  for (let at = values + ((<usize>count << 2) & ~15); at < end; at += 4) {
    if (load<f32>(at) >= NO_SCORE) bottom = min(bottom, load<f32>(at));
    top = max(top, load<f32>(at));
  }
  for (let step = 0; step < 40; step++) {
    const middle = bottom + (top - bottom) * 0.5;
    if (middle <= bottom || middle >= top) break;
    const reached = countFrom(values, count, middle);
    if (reached < want) top = middle;
    else {
      bottom = middle;
      if (reached <= want + spare) break;
    }
  }
  return bottom;
}

// Cuts a slot's candidates, of which there are more than k + slack, to k to k + slack, and raises its threshold.
function cut(slot: i32): void {
  const score = candidateScores + bufferOf(slot);
  const point = candidatePoints + bufferOf(slot);
  const count = load<i32>(counts + (<usize>slot << 2));
  v128.store(score + (<usize>count << 2), f32x4.splat(NO_SCORE));
  const bound = boundFor(score, count, k, slack);
  let kept: usize = 0;
  const end = <usize>count << 2;
  for (let at: usize = 0; at < end; at += 4) {
    const s = load<f32>(score + at);
    store<f32>(score + kept, s);
    store<i32>(point + kept, load<i32>(point + at));
    kept += <usize>i32(s >= bound) << 2;
  }
  let left = <i32>(kept >> 2);
  if (left > k + slack) {
    // Many equal scores: of these the lowest ids stay.
    fillKeys(slot, left);
    select(keys, left, k);
    left = pickKeys(slot, left);
  }
  store<i32>(counts + (<usize>slot << 2), left);
  store<f32>(threshold + (<usize>slot << 2), bound);
}

// The candidates of a slot as keys.
function fillKeys(slot: i32, count: i32): void {
  const score = candidateScores + bufferOf(slot);
  const point = candidatePoints + bufferOf(slot);
  for (let i: usize = 0; i < <usize>count; i++) {
    const id = load<i32>(ids + (<usize>load<i32>(point + (i << 2)) << 2));
    store<u64>(keys + (i << 3), keyOf(load<f32>(score + (i << 2)), id));
  }
}

// Keeps the candidates of a slot that are as good as the k-th key.
function pickKeys(slot: i32, count: i32): i32 {
  const worst = load<u64>(keys + (<usize>(k - 1) << 3));
  const score = candidateScores + bufferOf(slot);
  const point = candidatePoints + bufferOf(slot);
  let kept: usize = 0;
  for (let i: usize = 0; i < <usize>count; i++) {
    const s = load<f32>(score + (i << 2));
    const place = load<i32>(point + (i << 2));
    store<f32>(score + (kept << 2), s);
    store<i32>(point + (kept << 2), place);
    kept += <usize>i32(keyOf(s, load<i32>(ids + (<usize>place << 2))) >= worst);
  }
  return <i32>kept;
}

// Takes scores of a tile into the candidates: bit 8 q + p of `bits` for the q-th slot at `slots` and the p-th point from
// `place` on.
function push(slots: usize, bits: i32, place: i32): void {
  while (bits) {
    const lane = ctz(bits);
    bits &= bits - 1;
    const slot = load<i32>(slots + (<usize>(lane >> 3) << 2));
    const to = place + (lane & 7);
    const count = load<i32>(counts + (<usize>slot << 2));
    const at = bufferOf(slot) + (<usize>count << 2);
    store<f32>(candidateScores + at, load<f32>(tile + (<usize>lane << 2)));
    store<i32>(candidatePoints + at, to);
    const more = count + i32(load<i32>(ids + (<usize>to << 2)) != load<i32>(selves + (<usize>slot << 2)));
    store<i32>(counts + (<usize>slot << 2), more);
    if (more >= capacity) cut(slot);
  }
}

// @ts-ignore: decorator
@inline
function bitsOf(low: v128, high: v128, bound: v128): i32 {
  return i32x4.bitmask(f32x4.ge(low, bound)) | (i32x4.bitmask(f32x4.ge(high, bound)) << 4);
}

// `count` slots, listed at `slots`, against all points of a cell, 4 slots by 8 points at a time: a point touches a slot's candidates
// only when it is as good as the slot's threshold.
function joinCell(cell: i32, slots: usize, count: i32): void {
  const first = load<i32>(cellBlocks + (<usize>cell << 2));
  const last = load<i32>(cellBlocks + (<usize>cell << 2), 4);
  const rowBytes = <usize>d << 2;
  const blockBytes = <usize>(d + 1) << 5;
  const packedEnd = packed + 4 * rowBytes;
  compared += <f64>count * ((last - first) << 3);
  for (let i = count; i & 3; i++) store<i32>(slots + (<usize>i << 2), groupSize);
  for (let i = 0; i < count; i += 4) {
    const at = slots + (<usize>i << 2);
    const s0 = load<i32>(at);
    const s1 = load<i32>(at, 4);
    const s2 = load<i32>(at, 8);
    const s3 = load<i32>(at, 12);
    pack(
      queries + <usize>s0 * rowBytes,
      queries + <usize>s1 * rowBytes,
      queries + <usize>s2 * rowBytes,
      queries + <usize>s3 * rowBytes,
    );
    let t0 = v128.load32_splat(threshold + (<usize>s0 << 2));
    let t1 = v128.load32_splat(threshold + (<usize>s1 << 2));
    let t2 = v128.load32_splat(threshold + (<usize>s2 << 2));
    let t3 = v128.load32_splat(threshold + (<usize>s3 << 2));
    let p = blocks + <usize>first * blockBytes;
    for (let b = first; b < last; b++) {
      let a0 = v128.load(p);
      let a1 = v128.load(p, 16);
      let b0 = a0;
      let b1 = a1;
      let c0 = a0;
      let c1 = a1;
      let e0 = a0;
      let e1 = a1;
      p += 32;
      let q = packed;
      while (q < packedEnd) {
        const u = v128.load(q);
        const x = v128.load(p);
        const y = v128.load(p, 16);
        let s = v128.shuffle<f32>(u, u, 0, 0, 0, 0);
        a0 = f32x4.relaxed_madd(s, x, a0);
        a1 = f32x4.relaxed_madd(s, y, a1);
        s = v128.shuffle<f32>(u, u, 1, 1, 1, 1);
        b0 = f32x4.relaxed_madd(s, x, b0);
        b1 = f32x4.relaxed_madd(s, y, b1);
        s = v128.shuffle<f32>(u, u, 2, 2, 2, 2);
        c0 = f32x4.relaxed_madd(s, x, c0);
        c1 = f32x4.relaxed_madd(s, y, c1);
        s = v128.shuffle<f32>(u, u, 3, 3, 3, 3);
        e0 = f32x4.relaxed_madd(s, x, e0);
        e1 = f32x4.relaxed_madd(s, y, e1);
        p += 32;
        q += 16;
      }
      const ma = f32x4.ge(f32x4.pmax(a0, a1), t0);
      const mb = f32x4.ge(f32x4.pmax(b0, b1), t1);
      const mc = f32x4.ge(f32x4.pmax(c0, c1), t2);
      const me = f32x4.ge(f32x4.pmax(e0, e1), t3);
      if (v128.any_true(v128.or(v128.or(ma, mb), v128.or(mc, me)))) {
        const place = b << 3;
        v128.store(tile, a0);
        v128.store(tile, a1, 16);
        v128.store(tile, b0, 32);
        v128.store(tile, b1, 48);
        v128.store(tile, c0, 64);
        v128.store(tile, c1, 80);
        v128.store(tile, e0, 96);
        v128.store(tile, e1, 112);
        const bits = bitsOf(a0, a1, t0) | (bitsOf(b0, b1, t1) << 8) | (bitsOf(c0, c1, t2) << 16) |
          (bitsOf(e0, e1, t3) << 24);
        push(at, bits, place);
        t0 = v128.load32_splat(threshold + (<usize>s0 << 2));
        t1 = v128.load32_splat(threshold + (<usize>s1 << 2));
        t2 = v128.load32_splat(threshold + (<usize>s2 << 2));
        t3 = v128.load32_splat(threshold + (<usize>s3 << 2));
      }
    }
  }
}

// Copies centroid `cell` into lane `lane` of the blocks around a group.
function copyCentroid(cell: i32, lane: i32): void {
  const to = nearBlocks + <usize>(lane >> 3) * (<usize>(d + 1) << 5) + (<usize>(lane & 7) << 2);
  const from = centroidBlocks + <usize>(cell >> 3) * (<usize>(d + 1) << 5) + (<usize>(cell & 7) << 2);
  for (let j: usize = 0; j <= <usize>d; j++) store<f32>(to + (j << 5), load<f32>(from + (j << 5)));
}

// Finds the k nearest points of `count` rows (`members`: i32 ids), which lie in cell `home`. All of them look into the
// `first` cells whose centroids are nearest to the home centroid; then each looks into more of the `around` cells nearest
// to it: with probes > 0 into the `probes` nearest to itself, else into those with
// |q - c|^2 <= |q - c*|^2 + reach r^2, where c* is the nearest centroid and r the distance to the k-th neighbour so far.
// around = 0 looks into all cells. Results, best first: ids and cosines, row after row of k.
export function join(
  members: usize,
  count: i32,
  home: i32,
  first: i32,
  probes: i32,
  reach: f32,
  around: i32,
): void {
  compared = 0;
  const rowBytes = <usize>d << 2;
  for (let s = 0; s < groupSize + 4; s++) {
    const at = <usize>s << 2;
    store<i32>(counts + at, 0);
    store<f32>(threshold + at, s < count ? NO_SCORE : <f32>3e38);
    const to = queries + <usize>s * rowBytes;
    if (s >= count) {
      store<i32>(selves + at, -1);
      memory.fill(to, 0, rowBytes);
      continue;
    }
    const id = load<i32>(members + at);
    store<i32>(selves + at, id);
    memory.copy(to, rows + <usize>id * rowBytes, rowBytes);
    let norm: f64 = 0;
    for (let j: usize = 0; j < rowBytes; j += 4) {
      const x = <f64>load<f32>(to + j);
      norm += x * x;
    }
    store<f32>(norms + at, <f32>norm);
  }
  if (around > 0) probeNearest(count, home, first, probes, reach, around);
  else {
    listAll(count);
    joinAll(count);
  }
  // Rows whose cells hold fewer than k points look everywhere.
  let short = 0;
  for (let s = 0; s < count; s++) {
    if (load<i32>(counts + (<usize>s << 2)) >= k) continue;
    store<i32>(counts + (<usize>s << 2), 0);
    store<i32>(list + (<usize>short << 2), s);
    short++;
  }
  if (short > 0) joinAll(short);
  for (let s = 0; s < count; s++) finish(s);
}

function listAll(count: i32): void {
  for (let s = 0; s < count; s++) store<i32>(list + (<usize>s << 2), s);
}

function joinAll(count: i32): void {
  for (let c = 0; c < cellCount; c++) joinCell(c, list, count);
}

// Puts the `near` centroids nearest to the centroid at `row` into nearBlocks, their cells into cellKeys, nearest first.
// Returns the number of blocks.
function gatherNear(row: usize, near: i32): i32 {
  const allCount = (cellCount + 7) >> 3;
  scores(row, 1, centroidBlocks, allCount, cellScores, allCount << 3);
  for (let c = 0; c < cellCount; c++) {
    store<u64>(cellKeys + (<usize>c << 3), keyOf(load<f32>(cellScores + (<usize>c << 2)), c));
  }
  if (near < cellCount) select(cellKeys, cellCount, near);
  sort(cellKeys, near);
  const nearCount = (near + 7) >> 3;
  for (let l = 0; l < near; l++) copyCentroid(idOf(load<u64>(cellKeys + (<usize>l << 3))), l);
  for (let l = near; l < nearCount << 3; l++) {
    const bias = nearBlocks + <usize>(l >> 3) * (<usize>(d + 1) << 5) + (<usize>(l & 7) << 2);
    store<f32>(bias, -3e38);
  }
  return nearCount;
}

function probeNearest(count: i32, home: i32, first: i32, probes: i32, reach: f32, around: i32): void {
  const near = min(around, cellCount);
  const nearCount = gatherNear(centroids + <usize>home * (<usize>d << 2), near);
  const start = min(first, near);
  listAll(count);
  for (let l = 0; l < start; l++) joinCell(idOf(load<u64>(cellKeys + (<usize>l << 3))), list, count);
  const stride = nearCount << 3;
  scores(queries, count, nearBlocks, nearCount, cellScores, stride);
  // The slots that look into each cell.
  memory.fill(listed, 0, <usize>near << 2);
  for (let s = 0; s < count; s++) {
    const from = cellScores + (<usize>(s * stride) << 2);
    const worst = f32x4.splat(
      probes > 0
        ? (probes < near ? boundFor(from, near, probes, probes >> 4) : NO_SCORE)
        : worstCell(s, from, stride, reach),
    );
    for (let l = 0; l < stride; l += 4) {
      let bits = i32x4.bitmask(f32x4.ge(v128.load(from + (<usize>l << 2)), worst));
      while (bits) {
        const cell = l + ctz(bits);
        bits &= bits - 1;
        const at = listed + (<usize>cell << 2);
        store<i32>(listOf(cell) + (<usize>load<i32>(at) << 2), s);
        store<i32>(at, load<i32>(at) + 1);
      }
    }
  }
  for (let l = start; l < near; l++) {
    const slots = load<i32>(listed + (<usize>l << 2));
    if (slots > 0) joinCell(idOf(load<u64>(cellKeys + (<usize>l << 3))), listOf(l), slots);
  }
}

// @ts-ignore: decorator
@inline
function listOf(cell: i32): usize {
  return lists + <usize>cell * (<usize>(groupSize + 4) << 2);
}

// The score of the farthest centroid that a slot reaches for: score(c*) - reach r^2 / 2.
function worstCell(slot: i32, from: usize, stride: i32, reach: f32): f32 {
  const at = <usize>slot << 2;
  const count = load<i32>(counts + at);
  if (count < k) return NO_SCORE;
  if (count > k + slack) cut(slot);
  let best = f32x4.splat(NO_SCORE);
  for (let l = 0; l < stride; l += 4) best = f32x4.pmax(best, v128.load(from + (<usize>l << 2)));
  const top = max(
    max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1)),
    max(f32x4.extract_lane(best, 2), f32x4.extract_lane(best, 3)),
  );
  return top - <f32>0.5 * reach * max(<f32>0, load<f32>(norms + at) - <f32>2 * kthScore(slot));
}

// The k-th best score of a slot that has at least k candidates.
function kthScore(slot: i32): f32 {
  const count = load<i32>(counts + (<usize>slot << 2));
  fillKeys(slot, count);
  select(keys, count, k);
  return scoreOf(load<u64>(keys + (<usize>(k - 1) << 3)));
}

// Cuts a slot's candidates to k, sorts them, and writes ids and cosines: |a - b|^2 = 2 - 2 cos for unit vectors, so
// cos = 1 - |a - m|^2 / 2 + score for any mean m.
function finish(slot: i32): void {
  const all = load<i32>(counts + (<usize>slot << 2));
  if (all > k + slack) cut(slot);
  const count = load<i32>(counts + (<usize>slot << 2));
  fillKeys(slot, count);
  if (count > k) select(keys, count, k);
  const offset = 1 - <f64>load<f32>(norms + (<usize>slot << 2)) / 2;
  for (let i = 0; i < k; i++) {
    const at = keys + (<usize>i << 3);
    const key = load<u64>(at);
    const cosine = min(<f32>1, max(<f32>-1, <f32>(offset + <f64>scoreOf(key))));
    store<u64>(at, keyOf(cosine, idOf(key)));
  }
  sort(keys, k);
  const out = <usize>(slot * k) << 2;
  for (let i = 0; i < k; i++) {
    const key = load<u64>(keys + (<usize>i << 3));
    store<i32>(resultIds + out + (<usize>i << 2), idOf(key));
    store<f32>(resultSimilarities + out + (<usize>i << 2), scoreOf(key));
  }
}

// The nearest centroid of `count` rows (`members`: i32 ids) near the row at `center`: only the `around` centroids nearest
// to it are compared. `row` is where the members' rows start. Writes the cell of each member at out[id].
export function assign(row: usize, members: usize, count: i32, center: usize, around: i32, out: usize): void {
  const near = min(around, cellCount);
  const nearCount = gatherNear(center, near);
  const stride = nearCount << 3;
  const rowBytes = <usize>d << 2;
  for (let r = 0; r < count; r += 4) {
    const last = min(4, count - r);
    for (let i = 0; i < last; i++) {
      memory.copy(queries + <usize>i * rowBytes, row + <usize>load<i32>(members + (<usize>(r + i) << 2)) * rowBytes, rowBytes);
    }
    scores(queries, 4, nearBlocks, nearCount, cellScores, stride);
    for (let i = 0; i < last; i++) {
      const lane = bestLane(cellScores + (<usize>(i * stride) << 2), stride);
      const cell = idOf(load<u64>(cellKeys + (<usize>lane << 3)));
      store<i32>(out + (<usize>load<i32>(members + (<usize>(r + i) << 2)) << 2), cell);
    }
  }
}

// Place of the greatest of `count` values (a multiple of 4), the first of equals.
function bestLane(values: usize, count: i32): i32 {
  let best = f32x4.splat(NO_SCORE);
  for (let c = 0; c < count; c += 4) best = f32x4.pmax(best, v128.load(values + (<usize>c << 2)));
  const top = max(
    max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1)),
    max(f32x4.extract_lane(best, 2), f32x4.extract_lane(best, 3)),
  );
  const wanted = f32x4.splat(top);
  let c = 0;
  while (true) {
    const mask = i32x4.bitmask(f32x4.eq(v128.load(values + (<usize>c << 2)), wanted));
    if (mask) return c + ctz(mask);
    c += 4;
  }
  return 0;
}
