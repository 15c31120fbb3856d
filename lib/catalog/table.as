// AssemblyScript (https://www.assemblyscript.org): reads CSV records into columns and writes columns as Parquet values.
// `deno run -A lib/kernels.ts` compiles this file into table.wasm.ts; a test checks that they match.
//
// All pointers are byte offsets into one memory that all workers share. A record that is not plainly good is not
// judged here: its row is marked as odd, and the exact rules (in SQL) decide about it. A file whose structure is not
// regular is refused as a whole.
//
// A text is a view, u32 address and u32 length; address 0 is null. The four highest bits of the length of a list say how
// it is written: as a Python literal, with semicolons, as one item, or with unit separators (0x1f).

/** Turns a number of many digits into a double: JavaScript's Number(). */
declare function slowNumber(at: usize, length: i32): f64;

const LF: u8 = 10;
const CR: u8 = 13;
const QUOTE: u8 = 34;
const COMMA: u8 = 44;
const SPACE: u8 = 32;
const MAX_RECORD: usize = 1 << 20;
const MAX_TEXT: usize = 1000; // longer titles are odd: the exact rules have no fear of them

// Kinds of columns.
const SKIP: i32 = 0;
const STRICT_ID: i32 = 1;
const ID: i32 = 2;
const TITLE: i32 = 3;
const CLEAN_TEXT: i32 = 4;
const TEXT: i32 = 5;
const DATE: i32 = 6;
const NUMBER: i32 = 7;
const TRUTH: i32 = 8;
const LIST: i32 = 9;

// Flags of columns.
const NEEDED: i32 = 1;
const WHOLE: i32 = 2;
const HAS_MARKER: i32 = 4;
const NA_IS_NULL: i32 = 8;
const TRIMMED: i32 = 16;
const FIRST_ARTIST: i32 = 32;
const INTEGRAL: i32 = 64; // rounded to an integer by the exact rules

// Styles of lists.
const PYTHON: u32 = 0;
const SEMICOLONS: u32 = 1;
const SINGLE: u32 = 2;
const SEPARATORS: u32 = 3;
const ANY: u32 = 4;
const LENGTH: u32 = 0x0fffffff;

/** u32 [192]: what is left of each letter from U+00C0 to U+017F, two bytes and how many of them count. */
const LATIN: usize = 11264;
/**
 * Words that name a take, and words that make a title another work: u32 [256], the address of the first word by its
 * first letter or 0; a word is its length in a byte and its letters in lower case, and a length of 0 ends the words of a
 * letter.
 */
const TAKES: usize = 12288;
const OTHERS: usize = 16384;

// Status of a row.
const ODD: u8 = 1;
const EXACT_KEY: u8 = 2; // letters beyond accented Latin ones: SQL makes the key
const MISSING: u8 = 4; // what is first told of it is a needed value that is not there; `fix` says which

// A column in the configuration, 48 bytes.
@unmanaged
class Column {
  kind: i32;
  flags: i32;
  data: usize; // f64 [rows] or view [rows]; 0: checked only
  style: u32;
  low: f64;
  high: f64;
  marker: f64;
  rank: f64; // place in the order in which missing values are told
}

// Where the rows lie.
@unmanaged
class Rows {
  status: usize; // u8 [rows]
  fix: usize; // u8 [rows]
  starts: usize; // u32 [rows]
  idHash: usize; // u64 [rows]
  key: usize; // u64 [rows]
  tempo: usize; // f64 [rows], 0 when there is none
  timeSignature: usize;
  year: usize;
  silent0: usize;
  silent1: usize;
  silent2: usize;
  hasYear: i32; // the source has a column of years
  hasDate: i32;
  dropMissing: i32;
  title: usize; // view [rows]
  powers: usize; // f64 [23]: 10^0 … 10^22
}

// Results of the last text that was looked at.
let ascii: bool = true;
let named: bool = false;
let artistAt: usize = 0;
let artistLength: u32 = 0;
let dateYear: f64 = NaN;
let failed: bool = false;

@inline function lower(c: u8): u8 {
  return c - 65 < 26 ? c + 32 : c;
}

@inline function isWord(c: u8): bool {
  return c - 48 < 10 || (c | 32) - 97 < 26 || c == 95;
}

/** Place of the first comma, quote, line feed or carriage return from `at` on. */
@inline function nextSpecial(at: usize): usize {
  const commas = i8x16.splat(COMMA);
  const quotes = i8x16.splat(QUOTE);
  const feeds = i8x16.splat(LF);
  const returns = i8x16.splat(CR);
  for (;;) {
    const bytes = v128.load(at);
    const found = v128.or(
      v128.or(i8x16.eq(bytes, commas), i8x16.eq(bytes, feeds)),
      v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, returns)),
    );
    const mask = i8x16.bitmask(found);
    if (mask) return at + ctz(mask);
    at += 16;
  }
  return at;
}

/** Place of the first of two bytes from `at` on. A line feed stands behind everything that is read. */
@inline function nextOfTwo(at: usize, a: u8, b: u8): usize {
  const as = i8x16.splat(a);
  const bs = i8x16.splat(b);
  const feeds = i8x16.splat(LF);
  for (;;) {
    const bytes = v128.load(at);
    const mask = i8x16.bitmask(v128.or(v128.or(i8x16.eq(bytes, as), i8x16.eq(bytes, bs)), i8x16.eq(bytes, feeds)));
    if (mask) return at + ctz(mask);
    at += 16;
  }
  return at;
}

/** Copies a text; up to 31 bytes behind the target may be written as well. */
@inline function copyText(to: usize, from: usize, length: usize): void {
  if (length > 256) {
    memory.copy(to, from, length);
    return;
  }
  for (let done: usize = 0; done < length; done += 32) {
    v128.store(to + done, v128.load(from + done));
    v128.store(to + done, v128.load(from + done, 16), 16);
  }
}

/** True when two texts of one length are the same; up to 15 bytes behind them are read. */
@inline function sameText(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 16 <= length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  const rest = length - at;
  if (rest == 0) return true;
  const alike = i8x16.bitmask(i8x16.eq(v128.load(a + at), v128.load(b + at)));
  return (~alike & ((1 << <i32> rest) - 1)) == 0;
}

/** Line feeds in a range; -1 when there is a NUL in it. */
export function countLines(start: usize, end: usize): i32 {
  let count = 0;
  const feeds = i8x16.splat(LF);
  let nothing = i8x16.splat(0);
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const bytes = v128.load(at);
    count += popcnt(i8x16.bitmask(i8x16.eq(bytes, feeds)));
    nothing = v128.or(nothing, i8x16.eq(bytes, i8x16.splat(0)));
  }
  let nul = v128.any_true(nothing);
  for (; at < end; at++) {
    const c = load<u8>(at);
    if (c == LF) count++;
    if (c == 0) nul = true;
  }
  return nul ? -1 : count;
}

/** Takes the doubled quotes of a quoted field for single ones, in place; returns the new end. */
function unescape(start: usize, end: usize): usize {
  let to = start;
  for (let at = start; at < end; at++) {
    const c = load<u8>(at);
    store<u8>(to++, c);
    if (c == QUOTE) at++;
  }
  return to;
}

@inline function mix(h: u64): u64 {
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93;
  return h ^ (h >> 32);
}

@inline function step(h: u64, c: u8): u64 {
  return (h ^ c) * 0x9e3779b97f4a7c15 ^ (h >> 47);
}

function hashBytes(at: usize, end: usize): u64 {
  const length = end - at;
  let h: u64 = 0x243f6a8885a308d3 ^ length;
  if (length < 8) {
    for (; at < end; at++) h = step(h, load<u8>(at));
    return mix(h);
  }
  for (; at + 8 < end; at += 8) {
    h = (h ^ load<u64>(at)) * 0xd6e8feb86659fd93;
    h ^= h >> 32;
  }
  return mix(h ^ load<u64>(end - 8));
}

/** Hash of an id: 22 letters and digits, or any text. */
export function idHash(at: usize, length: i32, strict: bool): u64 {
  if (!strict) return hashBytes(at, at + length);
  return mix(mix(mix(load<u64>(at)) + load<u64>(at, 8)) + load<u64>(at, 14));
}

/**
 * Hash of the letters and digits of a text in lower case and without accents, an ampersand being "and"; 0 when it has
 * none. Beyond ASCII the text has accented Latin letters and curly quotes only.
 */
function plainHash(at: usize, end: usize): u64 {
  let h: u64 = 0x13198a2e03707344;
  let count = 0;
  for (; at < end; at++) {
    const c = lower(load<u8>(at));
    if (c - 97 < 26 || c - 48 < 10) {
      h = step(h, c);
      count++;
    } else if (c == 38) {
      h = step(step(step(h, 97), 110), 100);
      count++;
    } else if (c > 127) {
      if (c == 0xe2) {
        at += 2;
        continue;
      }
      const letter = (<usize> (c & 0x1f) << 6) + (load<u8>(++at) & 0x3f) - 0xc0;
      const left = load<u32>(LATIN + (letter << 2));
      if (left >> 16) h = step(h, <u8> left);
      if (left >> 16 > 1) h = step(h, <u8> (left >> 8));
      count += left >> 16;
    }
  }
  return count ? h : 0;
}

/** True when there is nothing in a text but ASCII, accented Latin letters and curly quotes. */
function isLatin(at: usize, end: usize): bool {
  for (; at + 8 <= end; at += 8) if (load<u64>(at) & 0x8080808080808080) break;
  for (; at < end; at++) {
    const c = load<u8>(at);
    if (c < 128) continue;
    if (c >= 0xc3 && c <= 0xc5) at++;
    else if (c == 0xe2 && load<u8>(at, 1) == 0x80 && (load<u8>(at, 2) | 1) == 0x99) at += 2;
    else return false;
  }
  return true;
}

/** As plainHash; of the text in lower case when there is no letter or digit in it. */
function eitherHash(plain: usize, plainEnd: usize, at: usize, end: usize): u64 {
  let h = plainHash(plain, plainEnd);
  if (h) return h;
  h = 0x13198a2e03707344;
  for (; at < end; at++) h = step(h, lower(load<u8>(at)));
  return h;
}

/** The key of a work: of a bare title, what stands in for it when it is empty, and the first artist. */
function workKey(bare: usize, bareEnd: usize, title: usize, titleEnd: usize, artist: usize, artistEnd: usize): u64 {
  return mix(
    mix(eitherHash(bare, bareEnd, title, titleEnd)) + 3 * eitherHash(artist, artistEnd, artist, artistEnd),
  );
}

/** The key of a work whose title and artist have been made plain elsewhere. */
export function plainKey(title: usize, titleLength: i32, artist: usize, artistLength: i32): u64 {
  let t: u64 = 0x13198a2e03707344;
  for (let i = 0; i < titleLength; i++) t = step(t, load<u8>(title + i));
  let a: u64 = 0x13198a2e03707344;
  for (let i = 0; i < artistLength; i++) a = step(a, load<u8>(artist + i));
  return mix(mix(t) + 3 * a);
}

@inline function isLetter(c: u8): bool {
  return (c | 32) - 97 < 26;
}

/** True when a word of a table stands at a place, in letters of either case. */
function standsAt(word: usize, length: usize, at: usize, end: usize): bool {
  if (at + length > end) return false;
  let before: u8 = 0;
  for (let i: usize = 0; i < length; i++) {
    const wanted = load<u8>(word + i);
    const c = load<u8>(at + i);
    if ((wanted < 128 ? lower(c) : before == 0xc3 ? c | 32 : c) != wanted) return false;
    before = c;
  }
  return true;
}

// What has to stand around a word.
const EDGES: i32 = 0; // \b on both sides
const APART: i32 = 1; // the border of the range, or no letter
const BEHIND_DASH: i32 = 2; // the same, and no hyphen; other hyphens of the range join words

/** True when a range of a title has a word of a table. */
function hasWord(table: usize, start: usize, end: usize, around: i32): bool {
  for (let at = start; at < end; at++) {
    const before = at > start ? load<u8>(at - 1) : SPACE;
    if (around == EDGES ? isWord(before) : isLetter(before) || (around == BEHIND_DASH && before == 45)) continue;
    let word: usize = load<u32>(table + (<usize> lower(load<u8>(at)) << 2));
    if (!word) continue;
    for (;;) {
      const length: usize = load<u8>(word++);
      if (length == 0) break;
      if (standsAt(word, length, at, end)) {
        const to = at + length;
        const after = to < end ? load<u8>(to) : SPACE;
        if (around == EDGES) {
          if (isWord(load<u8>(to - 1)) != isWord(after)) return true;
        } else if (!isLetter(after)) {
          if (around == APART || (after != 45 && joinsWords(start, at, start, end) && joinsWords(to, end, start, end))) {
            return true;
          }
        }
      }
      word += length;
    }
  }
  return false;
}

/** True when every hyphen of a range, which is part of another, stands between letters or digits. */
function joinsWords(from: usize, to: usize, start: usize, end: usize): bool {
  for (let at = from; at < to; at++) {
    if (load<u8>(at) != 45) continue;
    if (at == start || at + 1 == end || !isWord(load<u8>(at - 1)) || !isWord(load<u8>(at + 1))) return false;
  }
  return true;
}

/** Length of the word of a guest credit with the point or space behind it; 0 when there is none. */
function guestAt(at: usize, end: usize): usize {
  let length: usize = 0;
  const first = lower(load<u8>(at));
  if (first != 102) return 0;
  if (at + 1 < end && lower(load<u8>(at, 1)) == 116) length = 2;
  else if (at + 3 < end && (load<u32>(at) | 0x20202020) == 0x74616566) {
    length = 4;
    if (at + 8 < end && (load<u32>(at, 4) | 0x20202020) == 0x6e697275 && lower(load<u8>(at, 8)) == 103) length = 9;
  }
  if (length == 0 || at + length >= end) return 0;
  const last = load<u8>(at + length);
  return last == 46 || last == SPACE ? length + 1 : 0;
}

/** True when a title has a guest credit: a space or bracket, then feat, ft, featuring or with, then a point or space. */
function namesGuest(start: usize, end: usize): bool {
  for (let at = start; at + 1 < end; at++) {
    const c = load<u8>(at);
    if (c != SPACE && c != 40 && c != 91) continue;
    if (guestAt(at + 1, end) || withAt(at + 1, end, true)) return true;
  }
  return false;
}

@inline function withAt(at: usize, end: usize, orPoint: bool): bool {
  if (at + 5 > end || (load<u32>(at) | 0x20202020) != 0x68746977) return false;
  const last = load<u8>(at, 4);
  return last == SPACE || (orPoint && last == 46);
}

/** Copies a title without guest credits behind a space; returns the new end. */
function withoutGuests(at: usize, end: usize, to: usize): usize {
  while (at < end) {
    const c = load<u8>(at);
    if (c == SPACE && at + 1 < end) {
      const bracket = load<u8>(at, 1);
      const name = bracket == 40 || bracket == 91 ? at + 2 : at + 1;
      const length = name < end ? guestAt(name, end) : 0;
      if (length) {
        at = name + length;
        while (at < end && load<u8>(at) != 41 && load<u8>(at) != 93) at++;
        if (at < end) at++;
        store<u8>(to++, SPACE);
        continue;
      }
    }
    store<u8>(to++, c);
    at++;
  }
  return to;
}

/** Copies a title without what is in brackets and begins with "with", or else names a take; returns the new end. */
function withoutBrackets(at: usize, end: usize, to: usize, takes: bool): usize {
  while (at < end) {
    const c = load<u8>(at);
    if (c == 40 || c == 91) {
      let close = at + 1;
      let b: u8 = 0;
      for (; close < end; close++) {
        b = load<u8>(close);
        if (b == 40 || b == 41 || b == 91 || b == 93) break;
      }
      if (
        close < end && (b == 41 || b == 93) &&
        (takes ? hasWord(TAKES, at + 1, close, APART) : withAt(at + 1, close, false))
      ) {
        store<u8>(to++, SPACE);
        at = close + 1;
        continue;
      }
    }
    store<u8>(to++, c);
    at++;
  }
  return to;
}

/** Copies a title without the mark of a take behind a dash; returns the new end. */
function withoutDash(at: usize, end: usize, to: usize): usize {
  while (at < end) {
    const c = load<u8>(at);
    if (
      c == SPACE && at + 2 < end && load<u8>(at, 1) == 45 && load<u8>(at, 2) == SPACE &&
      hasWord(TAKES, at + 3, end, BEHIND_DASH)
    ) {
      store<u8>(to++, SPACE);
      return to;
    }
    store<u8>(to++, c);
    at++;
  }
  return to;
}

/**
 * A title without guest credits and without remaster, live or edit marks: what `bareTitle` of work.ts gives, for titles of
 * at most 1,000 bytes, ASCII and accented Latin letters. `here` and `there` are scratch; the end is returned, `here` is
 * where it begins.
 */
export function bareTitle(start: usize, end: usize, here: usize, there: usize): usize {
  let to: usize;
  if (namesGuest(start, end)) to = withoutBrackets(there, withoutGuests(start, end, there), here, false);
  else {
    memory.copy(here, start, end - start);
    to = here + (end - start);
  }
  let brackets = false;
  let dash = false;
  for (let at = start; at < end; at++) {
    const c = load<u8>(at);
    if (c == 40 || c == 91) brackets = true;
    else if (c == SPACE && at + 2 < end && load<u8>(at, 1) == 45 && load<u8>(at, 2) == SPACE) dash = true;
  }
  if (!(brackets || dash) || !hasWord(TAKES, start, end, EDGES) || hasWord(OTHERS, start, end, EDGES)) return to;
  if (brackets) to = withoutBrackets(there, withoutBrackets(here, to, there, true), here, true);
  return withoutDash(there, withoutDash(here, to, there), here);
}

@inline function three(a: u8, b: u8, c: u8): u32 {
  return <u32> a | (<u32> b << 8) | (<u32> c << 16);
}

/** True when a word that begins like this may name a take (lib/catalog/work.ts has the exact words). */
function namesTake(word: u32, fourth: u8): bool {
  switch (word) {
    case 0x6d6572: // rem
      return fourth == 97;
    case 0x2d6572: // re-
    case 0x636572: // rec
    case 0x76696c: // liv
    case 0x206f61: // "ao "
    case 0x206e65: // "en "
    case 0x6c6164: // dal
    case 0x706e75: // unp
    case 0x6f6361: // aco
    case 0xc36361: // ac + the first byte of an accented u
    case 0x6d6564: // dem
    case 0x6e6f62: // bon
    case 0x707865: // exp
    case 0x656c63: // cle
    case 0x646172: // rad
    case 0x696465: // edi
    case 0x6e6f6d: // mon
    case 0x657473: // ste
    case 0x69726f: // ori
    case 0x6e6973: // sin
    case 0x626c61: // alb
    case 0x747865: // ext
    case 0x6f6873: // sho
    case 0x6e6f6c: // lon
    case 0x646976: // vid
    case 0x69616d: // mai
    case 0x6c7566: // ful
    case 0x757473: // stu
    case 0x6e6e61: // ann
      return true;
    default:
      return false;
  }
}

/** Looks at a title; sets `ascii` and `named` (it may name a take or a guest). Returns false for control characters. */
function lookAtTitle(start: usize, end: usize): bool {
  ascii = true;
  named = false;
  let marked = false;
  let take = false;
  let guest = false;
  let before: u8 = 0;
  for (let at = start; at < end; at++) {
    const c = load<u8>(at);
    if (c < 32 || c == 127) return false;
    if (c > 127) ascii = false;
    if (c == 40 || c == 91 || (c == 45 && before == SPACE && at + 1 < end && load<u8>(at + 1) == SPACE)) marked = true;
    if ((c | 32) - 97 < 26 && !isWord(before)) {
      const second = at + 1 < end ? lower(load<u8>(at + 1)) : 0;
      const third = at + 2 < end ? lower(load<u8>(at + 2)) : 0;
      const word = three(lower(c), second, third);
      if (namesTake(word, at + 3 < end ? lower(load<u8>(at + 3)) : 0)) take = true;
      // fea, wit, "ft.", "ft " after a space or an opening bracket
      if (
        (before == SPACE || before == 40 || before == 91) &&
        (word == 0x616566 || word == 0x746977 || word == 0x2e7466 || word == 0x207466)
      ) guest = true;
    }
    before = c;
  }
  named = (marked && take) || guest;
  return true;
}

/** True when a text has no control characters. */
function isClean(at: usize, end: usize): bool {
  const least = i8x16.splat(32);
  const del = i8x16.splat(127);
  while (at < end) {
    const bytes = v128.load(at);
    let bad = i8x16.bitmask(v128.or(i8x16.lt_u(bytes, least), i8x16.eq(bytes, del)));
    if (end - at < 16) bad &= (1 << <i32> (end - at)) - 1;
    if (bad) return false;
    at += 16;
  }
  return true;
}

@inline function setView(data: usize, row: u32, at: usize, length: u32): void {
  store<u32>(data + (<usize> row << 3), <u32> at);
  store<u32>(data + (<usize> row << 3), length, 4);
}

/** A plain decimal number; sets `failed` when the text is none. */
function number(start: usize, end: usize, powers: usize): f64 {
  let at = start;
  let negative = false;
  if (at < end && load<u8>(at) == 45) {
    negative = true;
    at++;
  }
  let digits: u64 = 0;
  let count = 0;
  let scale = 0;
  const first = at;
  for (; at < end; at++) {
    const c = load<u8>(at) - 48;
    if (c > 9) break;
    digits = digits * 10 + c;
  }
  count = <i32> (at - first);
  failed = count == 0;
  if (at < end && load<u8>(at) == 46) {
    const point = ++at;
    for (; at < end; at++) {
      const c = load<u8>(at) - 48;
      if (c > 9) break;
      digits = digits * 10 + c;
    }
    scale = <i32> (at - point);
    if (scale == 0) failed = true;
    count += scale;
  }
  if (at < end && lower(load<u8>(at)) == 101) {
    at++;
    let down = false;
    if (at < end && (load<u8>(at) == 45 || load<u8>(at) == 43)) down = load<u8>(at++) == 45;
    let exponent = 0;
    const from = at;
    for (; at < end && at < from + 4; at++) {
      const c = load<u8>(at) - 48;
      if (c > 9) break;
      exponent = exponent * 10 + c;
    }
    if (at == from) failed = true;
    scale += down ? exponent : -exponent;
  }
  if (at != end) failed = true;
  if (failed) return NaN;
  if (count > 18 || digits > 9007199254740992 || scale > 22 || scale < -22) {
    return slowNumber(start, <i32> (end - start));
  }
  // Exact: both numbers are doubles, and one operation rounds once (Clinger 1990).
  const whole = <f64> digits;
  const value = scale >= 0
    ? whole / load<f64>(powers + (<usize> scale << 3))
    : whole * load<f64>(powers + (<usize> -scale << 3));
  return negative ? -value : value;
}

@inline function digitPair(at: usize): i32 {
  const a = load<u8>(at) - 48;
  const b = load<u8>(at, 1) - 48;
  return a > 9 || b > 9 ? -1 : <i32> a * 10 + b;
}

/** A date: 0 good, 1 good but unknown (0000), 2 odd. Sets `dateYear`. */
function date(start: usize, end: usize): i32 {
  const length = end - start;
  if (length != 4 && length != 7 && length != 10) return 2;
  const century = digitPair(start);
  const rest = digitPair(start + 2);
  if (century < 0 || rest < 0) return 2;
  const year = century * 100 + rest;
  if (year != 0 && (year < 1800 || year > 2099)) return 2;
  let month = 1;
  let day = 1;
  if (length > 4) {
    if (load<u8>(start + 4) != 45) return 2;
    month = digitPair(start + 5);
  }
  if (length > 7) {
    if (load<u8>(start + 7) != 45) return 2;
    day = digitPair(start + 8);
  }
  if (month < 0 || day < 0) return 2;
  if (year == 0) return 1;
  if (month < 1 || month > 12 || day < 1) return 2;
  const leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const last = month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  if (day > last) return 2;
  dateYear = <f64> year;
  return 0;
}

/** Checks a list of a style; returns its number of items, 0 when it is odd. Sets artistAt and artistLength to the first. */
function listItems(start: usize, end: usize, style: u32): i32 {
  let count = 0;
  let at = start;
  artistAt = 0;
  if (style == SINGLE) {
    artistAt = start;
    artistLength = <u32> (end - start);
    return 1;
  }
  if (style == PYTHON) {
    if (end - start < 4 || load<u8>(at++) != 91) return 0;
    for (;;) {
      const quote = load<u8>(at);
      if (quote != QUOTE && quote != 39) return 0;
      const item = ++at;
      at = nextOfTwo(at, quote, 92);
      if (at >= end || load<u8>(at) != quote) return 0;
      if (at == item || load<u8>(item) == SPACE || load<u8>(at - 1) == SPACE) return 0;
      if (count++ == 0) {
        artistAt = item;
        artistLength = <u32> (at - item);
      }
      at++;
      if (at >= end) return 0;
      if (load<u8>(at) == 93) return at + 1 == end ? count : 0;
      if (at + 3 >= end || load<u8>(at) != COMMA || load<u8>(at, 1) != SPACE) return 0;
      at += 2;
    }
  }
  for (;;) {
    const item = at;
    while (at < end && load<u8>(at) != 59) at++;
    if (at == item || load<u8>(item) == SPACE || load<u8>(at - 1) == SPACE) return 0;
    if (count++ == 0) {
      artistAt = item;
      artistLength = <u32> (at - item);
    }
    if (at == end) return count;
    at++;
  }
  return 0;
}

/**
 * Reads the records of a range, which begins and ends at the border of a line. Returns their number, or -1 when the
 * structure is not that of a regular file.
 */
export function readRecords(
  start: usize,
  end: usize,
  firstRow: u32,
  config: usize,
  columns: i32,
  rowsAt: usize,
  fields: usize, // scratch: 3 u32 a field, and from byte 4096 on 4096 bytes for titles
  crlf: bool,
  multiline: bool,
): i32 {
  const rows = changetype<Rows>(rowsAt);
  let row = firstRow;
  let at = start;
  while (at < end) {
    const record = at;
    let field = fields;
    const last = fields + <usize> (columns - 1) * 12;
    for (;;) {
      let from = at;
      let to: usize;
      let escaped: u32 = 0;
      if (load<u8>(at) == QUOTE) {
        from = ++at;
        for (;;) {
          at = nextOfTwo(at, QUOTE, QUOTE);
          if (at >= end) return -1;
          if (load<u8>(at) == LF) {
            if (!multiline) return -1;
            at++;
          } else if (load<u8>(at, 1) == QUOTE) {
            escaped = 1;
            at += 2;
          } else break;
        }
        to = at++;
      } else {
        at = nextSpecial(at);
        to = at;
      }
      store<u32>(field, <u32> from);
      store<u32>(field, <u32> to, 4);
      store<u32>(field, escaped, 8);
      const c = load<u8>(at);
      if (c == COMMA) {
        if (field == last) return -1;
        field += 12;
        at++;
        continue;
      }
      if (crlf) {
        if (c != CR || load<u8>(at, 1) != LF) return -1;
        at++;
      } else if (c != LF) return -1;
      if (field != last) return -1;
      at++;
      break;
    }
    if (at - record > MAX_RECORD) return -1;
    store<u32>(rows.starts + (<usize> row << 2), <u32> record);
    readRow(rows, row, config, columns, fields);
    row++;
  }
  return row - firstRow;
}

function readRow(rows: Rows, row: u32, config: usize, columns: i32, fields: usize): void {
  let fix: u8 = 0;
  let status: u8 = 0;
  let missing: f64 = Infinity;
  let odd: f64 = Infinity;
  let titleAt: usize = 0;
  let titleEnd: usize = 0;
  let artist: usize = 0;
  let artistEnd: usize = 0;
  let titleNamed = false;
  let titleAscii = true;
  dateYear = NaN;
  const index = <usize> row << 3;
  for (let c = 0; c < columns; c++) {
    const column = changetype<Column>(config + <usize> c * 48);
    const kind = column.kind;
    if (kind == SKIP) continue;
    const start: usize = load<u32>(fields + <usize> c * 12);
    let end: usize = load<u32>(fields + <usize> c * 12, 4);
    if (load<u32>(fields + <usize> c * 12, 8)) end = unescape(start, end);
    const flags = column.flags;
    const length = end - start;
    if (kind == NUMBER) {
      if (length == 0) {
        if (flags & NEEDED) missing = min(missing, column.rank);
        store<f64>(column.data + index, NaN);
        continue;
      }
      failed = false;
      const digit = load<u8>(start) - 48;
      let value: f64 = length == 1 && digit < 10 ? <f64> digit : number(start, end, rows.powers);
      if (failed) {
        odd = min(odd, column.rank);
        continue;
      }
      if (flags & HAS_MARKER && value == column.marker) {
        // Tempo 0 is looked at once all features are read; year 0 may be mended by the date.
        if (column.data != rows.tempo) value = NaN;
      } else if (
        !(value >= column.low && value <= column.high) || (flags & (WHOLE | INTEGRAL) && value != Math.floor(value))
      ) {
        odd = min(odd, column.rank);
        continue;
      }
      store<f64>(column.data + index, value);
      continue;
    }
    const na = flags & NA_IS_NULL && length == 2 && load<u16>(start) == 0x414e;
    if (length == 0 || na) {
      if (flags & NEEDED) missing = min(missing, column.rank);
      if (kind == TRUTH) store<f64>(column.data + index, NaN);
      else if (column.data) setView(column.data, row, 0, 0);
      continue;
    }
    if (flags & TRIMMED && (load<u8>(start) == SPACE || load<u8>(end - 1) == SPACE)) {
      odd = min(odd, column.rank);
      continue;
    }
    if (kind == STRICT_ID) {
      if (length != 22) {
        odd = min(odd, column.rank);
        continue;
      }
      for (let at = start; at < end; at++) {
        const letter = load<u8>(at);
        if (letter == 95 || !isWord(letter)) odd = min(odd, column.rank);
      }
      store<u64>(rows.idHash + index, idHash(start, 22, true));
      setView(column.data, row, start, 22);
    } else if (kind == ID) {
      // "spotify:" may be a prefix to take off; a long id may be too long.
      if (length > 200 || (length > 8 && load<u64>(start) == 0x3a796669746f7073)) {
        odd = min(odd, column.rank);
        continue;
      }
      store<u64>(rows.idHash + index, idHash(start, <i32> length, false));
      setView(column.data, row, start, <u32> length);
    } else if (kind == TITLE) {
      if (length > MAX_TEXT || !lookAtTitle(start, end)) {
        odd = min(odd, column.rank);
        continue;
      }
      titleAscii = ascii;
      titleNamed = named;
      titleAt = start;
      titleEnd = end;
      setView(column.data, row, start, <u32> length);
    } else if (kind == CLEAN_TEXT) {
      if (!isClean(start, end)) {
        odd = min(odd, column.rank);
        continue;
      }
      setView(column.data, row, start, <u32> length);
    } else if (kind == TEXT) {
      setView(column.data, row, start, <u32> length);
    } else if (kind == DATE) {
      const found = date(start, end);
      if (found == 2) {
        odd = min(odd, column.rank);
        continue;
      }
      setView(column.data, row, found ? 0 : start, found ? 0 : <u32> length);
    } else if (kind == TRUTH) {
      const letter = lower(load<u8>(start));
      let value: f64 = -1;
      if (length == 1) value = letter == 49 ? 1 : letter == 48 ? 0 : -1;
      else if (length == 4 && (load<u32>(start) | 0x20202020) == 0x65757274) value = 1;
      else if (length == 5 && (load<u32>(start) | 0x20202020) == 0x736c6166 && lower(load<u8>(start, 4)) == 101) {
        value = 0;
      }
      if (value < 0) {
        odd = min(odd, column.rank);
        continue;
      }
      store<f64>(column.data + index, value);
    } else {
      let style = column.style;
      if (style == ANY) style = load<u8>(start) == 91 ? PYTHON : SEMICOLONS;
      if (!listItems(start, end, style)) {
        odd = min(odd, column.rank);
        continue;
      }
      if (flags & FIRST_ARTIST) {
        artist = artistAt;
        artistEnd = artistAt + artistLength;
      }
      setView(column.data, row, start, <u32> length | (style << 28));
    }
  }
  if (missing < odd) {
    status = MISSING;
    fix = <u8> missing;
  } else if (odd < Infinity) status = ODD;
  else {
    if (load<f64>(rows.tempo + index) == 0) {
      fix |= 1;
      store<f64>(rows.tempo + index, NaN);
      if (load<f64>(rows.silent0 + index) == 0) store<f64>(rows.silent0 + index, NaN);
      if (load<f64>(rows.silent1 + index) == 0) store<f64>(rows.silent1 + index, NaN);
      if (load<f64>(rows.silent2 + index) == 0) store<f64>(rows.silent2 + index, NaN);
    }
    if (rows.timeSignature) {
      const beats = load<f64>(rows.timeSignature + index);
      if (beats != beats) fix |= 2;
    }
    if (rows.year) {
      let year = rows.hasYear ? load<f64>(rows.year + index) : NaN;
      if (year != year && rows.hasDate) year = dateYear;
      store<f64>(rows.year + index, year);
      if (year != year) fix |= 4;
    }
    if (fix && rows.dropMissing) status |= ODD;
    else if (!isLatin(artist, artistEnd) || (!titleAscii && !isLatin(titleAt, titleEnd))) status |= EXACT_KEY;
    else {
      let bare = titleAt;
      let bareEnd = titleEnd;
      if (titleNamed) {
        bare = fields + 4096;
        bareEnd = bareTitle(titleAt, titleEnd, bare, bare + 2048);
      }
      store<u64>(rows.key + index, workKey(bare, bareEnd, titleAt, titleEnd, artist, artistEnd));
    }
  }
  store<u8>(rows.status + <usize> row, status);
  store<u8>(rows.fix + <usize> row, fix);
}

/** Hash of a text. */
export function hashText(at: usize, length: i32): u64 {
  return hashBytes(at, at + length);
}

/** Address * 2^32 + length of the first item of the list of a row; 0 when there is none. */
export function firstItem(list: usize, row: u32): u64 {
  const at: usize = load<u32>(list + (<usize> row << 3));
  const length = load<u32>(list + (<usize> row << 3), 4);
  const style = length >> 28;
  const end = at + (length & LENGTH);
  if (at == end) return 0;
  let from = at;
  let separator: u8 = style == SEPARATORS ? 31 : 59;
  if (style == PYTHON) {
    separator = load<u8>(at, 1);
    from += 2;
  }
  let to = end;
  if (style != SINGLE) { for (to = from; to < end && load<u8>(to) != separator; to++); }
  return (<u64> from << 32) | (to - from);
}

/**
 * Looks among some rows that are to be kept for those whose first item is one of those in a table of 16-byte entries (hash,
 * address, length); `size` is a power of 2. Writes row and place of the entry, u32 each, from `found` on; returns how many
 * there are.
 */
export function rowsWithFirst(
  from: u32,
  to: u32,
  list: usize,
  keep: usize,
  table: usize,
  size: u32,
  found: usize,
): i32 {
  let count = 0;
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const item = firstItem(list, row);
    const at = <usize> (item >> 32);
    const length = <u32> item;
    const hash = hashBytes(at, at + length);
    for (let slot = <u32> hash & (size - 1);; slot = (slot + 1) & (size - 1)) {
      const entry = table + (<usize> slot << 4);
      const other: usize = load<u32>(entry, 8);
      if (!other) break;
      if (load<u64>(entry) == hash && load<u32>(entry, 12) == length && sameText(other, at, length)) {
        const place = found + (<usize> count << 3);
        count++;
        store<u32>(place, row);
        store<u32>(place, slot, 4);
        break;
      }
    }
  }
  return count;
}

/** The bits of a double such that greater numbers have greater bits. */
@inline function ordered(value: f64): u64 {
  const bits = reinterpret<u64>(value);
  return bits >> 63 ? ~bits : bits | 0x8000000000000000;
}

/**
 * The median of the numbers that are kept and known, between the middle two of an even count: 16 bits at a time, the
 * highest first. `counts` is scratch of 2^16 u32. NaN when there is none.
 */
export function medianOf(data: usize, rows: u32, keep: usize, counts: usize): f64 {
  let prefix: u64 = 0;
  let mask: u64 = 0;
  let place: u32 = 0;
  let seen: u32 = 0;
  for (let shift = 48; shift >= 0; shift -= 16) {
    memory.fill(counts, 0, 4 << 16);
    for (let row: u32 = 0; row < rows; row++) {
      const value = load<f64>(data + (<usize> row << 3));
      if (!load<u8>(keep + <usize> row) || value != value) continue;
      const bits = ordered(value);
      if ((bits & mask) != prefix) continue;
      const count = counts + (<usize> ((bits >> shift) & 0xffff) << 2);
      store<u32>(count, load<u32>(count) + 1);
      if (shift == 48) seen++;
    }
    if (shift == 48) {
      if (seen == 0) return NaN;
      place = (seen - 1) >> 1;
    }
    let digit: u64 = 0;
    for (;; digit++) {
      const count = load<u32>(counts + (<usize> digit << 2));
      if (place < count) break;
      place -= count;
    }
    prefix |= digit << shift;
    mask |= <u64> 0xffff << shift;
  }
  const low = reinterpret<f64>(prefix >> 63 ? prefix & 0x7fffffffffffffff : ~prefix);
  const alike = load<u32>(counts + (<usize> (prefix & 0xffff) << 2));
  if (seen & 1 || place + 1 < alike) return low;
  let high = Infinity;
  for (let row: u32 = 0; row < rows; row++) {
    const value = load<f64>(data + (<usize> row << 3));
    if (load<u8>(keep + <usize> row) && value > low && value < high) high = value;
  }
  return low + (high - low) * 0.5;
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking for rows with one id, and for rows with one key.

/**
 * Chains some of the rows that are to be kept to those before them by id: `first[row]` is the first row with that id, `table` is u32 [size], zeroed,
 * size a power of 2. Returns how many rows have an earlier one.
 */
export function chainIds(
  from: u32,
  to: u32,
  keep: usize,
  hashes: usize,
  ids: usize,
  table: usize,
  size: u32,
  first: usize,
): i32 {
  let repeated = 0;
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const hash = load<u64>(hashes + (<usize> row << 3));
    const at: usize = load<u32>(ids + (<usize> row << 3));
    const length = load<u32>(ids + (<usize> row << 3), 4);
    let slot = <u32> hash & (size - 1);
    let found = row;
    for (;;) {
      const other = load<u32>(table + (<usize> slot << 2));
      if (!other) {
        store<u32>(table + (<usize> slot << 2), row + 1);
        break;
      }
      const o = <usize> (other - 1) << 3;
      if (
        load<u64>(hashes + o) == hash && load<u32>(ids + o, 4) == length &&
        sameText(load<u32>(ids + o), at, length)
      ) {
        found = other - 1;
        repeated++;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
    store<u32>(first + (<usize> row << 2), found);
  }
  return repeated;
}

/** As chainIds, for keys: `first[row]` is the first row with that key, `takes[first]` how many have it. */
export function chainKeys(
  from: u32,
  to: u32,
  keep: usize,
  keys: usize,
  table: usize,
  size: u32,
  first: usize,
  takes: usize,
): i32 {
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const key = load<u64>(keys + (<usize> row << 3));
    let slot = <u32> key & (size - 1);
    let found = row;
    for (;;) {
      const other = load<u32>(table + (<usize> slot << 2));
      if (!other) {
        store<u32>(table + (<usize> slot << 2), row + 1);
        break;
      }
      if (load<u64>(keys + (<usize> (other - 1) << 3)) == key) {
        found = other - 1;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
    store<u32>(first + (<usize> row << 2), found);
    store<u32>(takes + (<usize> found << 2), load<u32>(takes + (<usize> found << 2)) + 1);
  }
  return 0;
}

/** Gives some rows the text of the row that `first` names. */
export function textsOfFirst(from: u32, to: u32, data: usize, first: usize, target: usize): i32 {
  for (let row: usize = from; row < to; row++) {
    store<u64>(target + (row << 3), load<u64>(data + (<usize> load<u32>(first + (row << 2)) << 3)));
  }
  return 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Parquet values. https://parquet.apache.org/docs/file-format/data-pages/encodings/

let out: usize = 0;
let levelsWritten: u32 = 0;
let dictionarySize: u32 = 0;
let dictionaryEnd: usize = 0;

/** Levels of the last page. */
export function pageLevels(): u32 {
  return levelsWritten;
}

/** Entries of the last dictionary; 0 when there is none. */
export function dictionaryEntries(): u32 {
  return dictionarySize;
}

/** Where the last dictionary ends. */
export function endOfDictionary(): usize {
  return dictionaryEnd;
}

/** Writes down which of some rows are to be kept, u32 each; returns how many. */
export function keptRows(from: u32, to: u32, keep: usize, rows: usize): u32 {
  let count: usize = 0;
  for (let row = from; row < to; row++) {
    store<u32>(rows + (count << 2), row);
    count += load<u8>(keep + <usize> row);
  }
  return <u32> count;
}

@inline function varint(value: u32): void {
  while (value > 127) {
    store<u8>(out++, <u8> (value | 128));
    value >>= 7;
  }
  store<u8>(out++, <u8> value);
}

/** Levels of a width of 1 or 2 bits, one byte each in memory, as runs and packed groups of 8, with their length before. */
function writeLevels(levels: usize, count: u32, width: u32): void {
  const head = out;
  out += 4;
  let at: u32 = 0;
  while (at < count) {
    const value = load<u8>(levels + at);
    let run: u32 = 1;
    while (at + run < count && load<u8>(levels + at + run) == value) run++;
    if (run >= 16 || at + run == count) {
      varint(run << 1);
      store<u8>(out++, value);
      at += run;
      continue;
    }
    // Groups of 8 until a long run begins.
    let groups: u32 = 0;
    let to = at;
    while (to < count) {
      let same: u32 = 1;
      const next = load<u8>(levels + to);
      while (same < 16 && to + same < count && load<u8>(levels + to + same) == next) same++;
      if (same >= 16 && groups > 0) break;
      groups++;
      to += 8;
    }
    varint((groups << 1) | 1);
    for (let g: u32 = 0; g < groups; g++) {
      let bits: u32 = 0;
      for (let i: u32 = 0; i < 8; i++) {
        const level = at + i < count ? load<u8>(levels + at + i) : 0;
        bits |= <u32> level << (i * width);
      }
      store<u8>(out++, <u8> bits);
      if (width == 2) store<u8>(out++, <u8> (bits >> 8));
      at += 8;
    }
    if (at > count) at = count;
  }
  store<u32>(head, <u32> (out - head - 4));
}

/** Levels of 1 bit that are all 1. */
@inline function writeAllKnown(count: u32): void {
  const head = out;
  out += 4;
  varint(count << 1);
  store<u8>(out++, 1);
  store<u32>(head, <u32> (out - head - 4));
}

/**
 * A page of texts, with a dictionary where they repeat; returns its end. `rows` are `count` u32, `levels` is scratch of a
 * byte a row, `views` of a u64 a row; for the others see `writeTexts`.
 */
export function textPage(
  data: usize,
  rows: usize,
  count: u32,
  repeats: bool,
  levels: usize,
  views: usize,
  table: usize,
  codes: usize,
  dictionary: usize,
  target: usize,
): usize {
  let known: usize = 0;
  for (let i: usize = 0; i < count; i++) {
    const view = load<u64>(data + (<usize> load<u32>(rows + (i << 2)) << 3));
    const there = <u32> view ? 1 : 0;
    store<u8>(levels + i, <u8> there);
    store<u64>(views + (known << 3), view);
    known += there;
  }
  out = target;
  if (known == count) writeAllKnown(count);
  else writeLevels(levels, count, 1);
  levelsWritten = count;
  writeTexts(views, <u32> known, repeats, table, codes, dictionary);
  return out;
}

const TEXT_TABLE: u32 = 1 << 17;
const TRIAL: u32 = 2048;

/**
 * Texts as they are, or, where they repeat, as codes: the dictionary then stands at `dictionary`. `views` are u64: address,
 * length. `table` is scratch of 2^17 u32, `codes` of a u32 and a u64 a text.
 */
function writeTexts(views: usize, count: u32, repeats: bool, table: usize, codes: usize, dictionary: usize): void {
  dictionarySize = 0;
  if (repeats && count > 0 && count <= TEXT_TABLE >> 1) {
    const entries = codeTexts(views, count, table, codes, codes + (<usize> count << 2), dictionary);
    if (entries) {
      dictionarySize = entries;
      writeCodes(codes, count, entries);
      return;
    }
  }
  let at = out;
  for (let i: usize = 0; i < count; i++) {
    const text: usize = load<u32>(views + (i << 3));
    const length = load<u32>(views + (i << 3), 4);
    store<u32>(at, length);
    at += 4;
    copyText(at, text, length);
    at += length;
  }
  out = at;
}

/** Codes texts and writes their dictionary; returns its entries, 0 when too few texts repeat. */
function codeTexts(views: usize, count: u32, table: usize, codes: usize, entryViews: usize, dictionary: usize): u32 {
  memory.fill(table, 0, <usize> TEXT_TABLE << 2);
  let entries: u32 = 0;
  let lastText: usize = 0;
  let lastLength: u32 = 0;
  let last: u32 = 0;
  let to = dictionary;
  for (let i: u32 = 0; i < count; i++) {
    const text: usize = load<u32>(views + (<usize> i << 3));
    const length = load<u32>(views + (<usize> i << 3), 4);
    if (length != lastLength || i == 0 || !sameText(text, lastText, length)) {
      const hash = hashBytes(text, text + length);
      for (let slot = <u32> hash & (TEXT_TABLE - 1);; slot = (slot + 1) & (TEXT_TABLE - 1)) {
        const entry = load<u32>(table + (<usize> slot << 2));
        if (!entry) {
          // The copy in the dictionary is nearer than the text in the file.
          store<u32>(entryViews + (<usize> entries << 3), <u32> to + 4);
          store<u32>(entryViews + (<usize> entries << 3), length, 4);
          last = entries++;
          store<u32>(table + (<usize> slot << 2), entries);
          store<u32>(to, length);
          copyText(to + 4, text, length);
          to += 4 + length;
          break;
        }
        const other = entryViews + (<usize> (entry - 1) << 3);
        if (load<u32>(other, 4) == length && sameText(load<u32>(other), text, length)) {
          last = entry - 1;
          break;
        }
      }
      lastText = text;
      lastLength = length;
    }
    store<u32>(codes + (<usize> i << 2), last);
    if (i == TRIAL && entries > TRIAL >> 1) return 0;
  }
  dictionaryEnd = to;
  return entries;
}

/** Indices into a dictionary: their width, then one run of packed ones. */
function writeCodes(codes: usize, values: u32, entries: u32): void {
  let width: u32 = 1;
  while (<u32> 1 << width < entries) width++;
  store<u8>(out++, <u8> width);
  const groups = (values + 7) >> 3;
  varint((groups << 1) | 1);
  let held: u64 = 0;
  let bits: u32 = 0;
  let at = out;
  for (let v: u32 = 0; v < groups << 3; v++) {
    const code: u64 = v < values ? load<u32>(codes + (<usize> v << 2)) : 0;
    held |= code << bits;
    bits += width;
    if (bits >= 32) {
      store<u32>(at, <u32> held);
      at += 4;
      held >>= 32;
      bits -= 32;
    }
  }
  for (; bits > 0; bits -= min<u32>(bits, 8)) {
    store<u8>(at++, <u8> held);
    held >>= 8;
  }
  out = at;
}

/**
 * A page of lists of texts, as `textPage`. `levels` is scratch of two bytes for each of `most` items, `views` of a u64 for
 * each.
 */
export function listPage(
  data: usize,
  rows: usize,
  count: u32,
  levels: usize,
  most: u32,
  views: usize,
  table: usize,
  codes: usize,
  dictionary: usize,
  target: usize,
): usize {
  const definition = levels + most;
  let written: u32 = 0;
  itemViews = views;
  for (let i: usize = 0; i < count; i++) {
    const row = data + (<usize> load<u32>(rows + (i << 2)) << 3);
    const list: usize = load<u32>(row);
    const view = load<u32>(row, 4);
    const before = itemViews;
    if (list && view & LENGTH) takeItems(list, view);
    const items = <u32> ((itemViews - before) >> 3);
    store<u8>(levels + written, 0);
    store<u8>(definition + written, items ? 3 : list ? 1 : 0);
    written++;
    for (let item: u32 = 1; item < items; item++) {
      store<u8>(levels + written, 1);
      store<u8>(definition + written, 3);
      written++;
    }
  }
  out = target;
  writeLevels(levels, written, 1);
  writeLevels(definition, written, 2);
  levelsWritten = written;
  writeTexts(views, <u32> ((itemViews - views) >> 3), true, table, codes, dictionary);
  return out;
}

let itemViews: usize = 0;

@inline function takeItem(from: usize, to: usize): void {
  store<u32>(itemViews, <u32> from);
  store<u32>(itemViews, <u32> (to - from), 4);
  itemViews += 8;
}

/** Notes where the items of a list are. */
function takeItems(list: usize, view: u32): void {
  const style = view >> 28;
  const end = list + (view & LENGTH);
  let at = list;
  if (style == SINGLE) return takeItem(at, end);
  if (style == PYTHON) {
    at++;
    for (;;) {
      const quote = load<u8>(at);
      const item = ++at;
      at = nextOfTwo(at, quote, quote);
      while (load<u8>(at) != quote) at = nextOfTwo(at + 1, quote, quote);
      takeItem(item, at);
      if (load<u8>(at, 1) == 93 && at + 2 == end) return;
      at += 3;
    }
  }
  const separator: u8 = style == SEPARATORS ? 31 : 59;
  for (;;) {
    const item = at;
    while (at < end && load<u8>(at) != separator) at++;
    takeItem(item, at);
    if (at == end) return;
    at++;
  }
}

/** A page of truth values. */
export function truthPage(data: usize, rows: usize, count: u32, levels: usize, target: usize): usize {
  dictionarySize = 0;
  let bits: u32 = 0;
  let known: usize = 0;
  const packed = levels + count;
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(data + (<usize> load<u32>(rows + (i << 2)) << 3));
    const there = value == value ? 1 : 0;
    store<u8>(levels + i, <u8> there);
    if (!there) continue;
    if (value != 0) bits |= 1 << <i32> (known & 7);
    if ((++known & 7) == 0) {
      store<u8>(packed + (known >> 3) - 1, <u8> bits);
      bits = 0;
    }
  }
  if (known & 7) store<u8>(packed + (known >> 3), <u8> bits);
  out = target;
  if (known == count) writeAllKnown(count);
  else writeLevels(levels, count, 1);
  levelsWritten = count;
  const bytes = (known + 7) >> 3;
  memory.copy(out, packed, bytes);
  return out + bytes;
}

const DICTIONARY: u32 = 1 << 15;
const DICTIONARY_MOST: u32 = 20000;

/**
 * A page of numbers: with a dictionary when there are at most 20,000 of them, which then stands at `dictionary` (i32 or
 * f64), else plain. `table` is scratch of 2^15 u32 and `codes` of a u32 a row and 20,001 f64.
 */
export function numberPage(
  data: usize,
  rows: usize,
  count: u32,
  levels: usize,
  table: usize,
  codes: usize,
  dictionary: usize,
  whole: bool,
  target: usize,
): usize {
  let values: u32 = 0;
  let entries: u32 = 0;
  memory.fill(table, 0, DICTIONARY << 2);
  const wide: usize = codes + (<usize> count << 2); // f64 [DICTIONARY_MOST]: the dictionary as doubles
  let known: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(data + (<usize> load<u32>(rows + (i << 2)) << 3));
    const there = value == value;
    store<u8>(levels + i, there ? 1 : 0);
    if (!there) continue;
    known++;
    if (entries > DICTIONARY_MOST) continue;
    const bits = reinterpret<u64>(value);
    let slot = <u32> ((bits * 0x9e3779b97f4a7c15) >> 49);
    for (;;) {
      const entry = load<u32>(table + (<usize> slot << 2));
      if (!entry) {
        store<u32>(table + (<usize> slot << 2), ++entries);
        if (entries <= DICTIONARY_MOST) store<f64>(wide + (<usize> (entries - 1) << 3), value);
        store<u32>(codes + (<usize> values << 2), entries - 1);
        values++;
        break;
      }
      if (load<u64>(wide + (<usize> (entry - 1) << 3)) == bits) {
        store<u32>(codes + (<usize> values << 2), entry - 1);
        values++;
        break;
      }
      slot = (slot + 1) & (DICTIONARY - 1);
    }
  }
  out = target;
  if (known == count) writeAllKnown(count);
  else writeLevels(levels, count, 1);
  levelsWritten = count;
  dictionarySize = 0;
  if (entries == 0 || entries > DICTIONARY_MOST) {
    for (let i: usize = 0; i < count; i++) {
      const value = load<f64>(data + (<usize> load<u32>(rows + (i << 2)) << 3));
      if (value != value) continue;
      if (whole) {
        store<i32>(out, <i32> value);
        out += 4;
      } else {
        store<f64>(out, value);
        out += 8;
      }
    }
    return out;
  }
  dictionarySize = entries;
  for (let e: u32 = 0; e < entries; e++) {
    const value = load<f64>(wide + (<usize> e << 3));
    if (whole) store<i32>(dictionary + (<usize> e << 2), <i32> value);
    else store<f64>(dictionary + (<usize> e << 3), value);
  }
  dictionaryEnd = dictionary + (<usize> entries << (whole ? 2 : 3));
  writeCodes(codes, values, entries);
  return out;
}
