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
const LATIN: usize = 49152;

// Status of a row.
const ODD: u8 = 1;
const BARE_TITLE: u8 = 2; // the title may name a take: JavaScript makes the key
const EXACT_KEY: u8 = 4; // letters beyond accented Latin ones: SQL makes the key

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
  reserved: f64;
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

/** Line feeds in a range. */
export function countLines(start: usize, end: usize): i32 {
  let count = 0;
  const feeds = i8x16.splat(LF);
  let at = start;
  for (; at + 16 <= end; at += 16) count += popcnt(i8x16.bitmask(i8x16.eq(v128.load(at), feeds)));
  for (; at < end; at++) if (load<u8>(at) == LF) count++;
  return count;
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
  let h: u64 = 0x243f6a8885a308d3;
  for (; at + 8 <= end; at += 8) h = mix(h ^ load<u64>(at));
  for (; at < end; at++) h = step(h, load<u8>(at));
  return mix(h);
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
export function workKey(
  bare: usize,
  bareLength: i32,
  title: usize,
  titleLength: i32,
  artist: usize,
  artistLength: i32,
): u64 {
  return mix(
    mix(eitherHash(bare, bare + bareLength, title, title + titleLength)) +
      3 * eitherHash(artist, artist + artistLength, artist, artist + artistLength),
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
  fields: usize, // scratch: 3 u32 a field
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
        if (flags & NEEDED) {
          status |= ODD;
          break;
        }
        store<f64>(column.data + index, NaN);
        continue;
      }
      failed = false;
      const digit = load<u8>(start) - 48;
      let value: f64 = length == 1 && digit < 10 ? <f64> digit : number(start, end, rows.powers);
      if (failed) {
        status |= ODD;
        break;
      }
      if (flags & HAS_MARKER && value == column.marker) {
        // Tempo 0 is looked at once all features are read; year 0 may be mended by the date.
        if (column.data != rows.tempo) value = NaN;
      } else if (
        !(value >= column.low && value <= column.high) || (flags & (WHOLE | INTEGRAL) && value != Math.floor(value))
      ) {
        status |= ODD;
        break;
      }
      store<f64>(column.data + index, value);
      continue;
    }
    const na = flags & NA_IS_NULL && length == 2 && load<u16>(start) == 0x414e;
    if (length == 0 || na) {
      if (flags & NEEDED) {
        status |= ODD;
        break;
      }
      if (kind == TRUTH) store<f64>(column.data + index, NaN);
      else if (column.data) setView(column.data, row, 0, 0);
      continue;
    }
    if (flags & TRIMMED && (load<u8>(start) == SPACE || load<u8>(end - 1) == SPACE)) {
      status |= ODD;
      break;
    }
    if (kind == STRICT_ID) {
      if (length != 22) {
        status |= ODD;
        break;
      }
      for (let at = start; at < end; at++) {
        const letter = load<u8>(at);
        if (letter == 95 || !isWord(letter)) status |= ODD;
      }
      if (status & ODD) break;
      store<u64>(rows.idHash + index, idHash(start, 22, true));
      setView(column.data, row, start, 22);
    } else if (kind == ID) {
      // "spotify:" may be a prefix to take off; a long id may be too long.
      if (length > 200 || (length > 8 && load<u64>(start) == 0x3a796669746f7073)) {
        status |= ODD;
        break;
      }
      store<u64>(rows.idHash + index, idHash(start, <i32> length, false));
      setView(column.data, row, start, <u32> length);
    } else if (kind == TITLE) {
      if (length > MAX_TEXT || !lookAtTitle(start, end)) {
        status |= ODD;
        break;
      }
      titleAscii = ascii;
      titleNamed = named;
      titleAt = start;
      titleEnd = end;
      setView(column.data, row, start, <u32> length);
    } else if (kind == CLEAN_TEXT) {
      if (!isClean(start, end)) {
        status |= ODD;
        break;
      }
      setView(column.data, row, start, <u32> length);
    } else if (kind == TEXT) {
      setView(column.data, row, start, <u32> length);
    } else if (kind == DATE) {
      const found = date(start, end);
      if (found == 2) {
        status |= ODD;
        break;
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
        status |= ODD;
        break;
      }
      store<f64>(column.data + index, value);
    } else {
      let style = column.style;
      if (style == ANY) style = load<u8>(start) == 91 ? PYTHON : SEMICOLONS;
      if (!listItems(start, end, style)) {
        status |= ODD;
        break;
      }
      if (flags & FIRST_ARTIST) {
        artist = artistAt;
        artistEnd = artistAt + artistLength;
      }
      setView(column.data, row, start, <u32> length | (style << 28));
    }
  }
  if (!(status & ODD)) {
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
    else if (
      !isLatin(artist, artistEnd) || (!titleAscii && (titleNamed || !isLatin(titleAt, titleEnd)))
    ) status |= EXACT_KEY;
    else if (titleNamed) status |= BARE_TITLE;
    else {
      const titleLength = <i32> (titleEnd - titleAt);
      store<u64>(
        rows.key + index,
        workKey(titleAt, titleLength, titleAt, titleLength, artist, <i32> (artistEnd - artist)),
      );
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
 * Labels the rows whose first item is one of those in a table of 16-byte entries (hash, address, length), the place of an
 * entry plus 1 being the label; 0 for other rows. `size` is a power of 2.
 */
export function labelFirst(list: usize, rows: u32, keep: usize, table: usize, size: u32, labels: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    let label: u32 = 0;
    if (load<u8>(keep + <usize> row)) {
      const item = firstItem(list, row);
      const at = <usize> (item >> 32);
      const length = <u32> item;
      const hash = hashBytes(at, at + length);
      for (let slot = <u32> hash & (size - 1);; slot = (slot + 1) & (size - 1)) {
        const entry = table + (<usize> slot << 4);
        const other: usize = load<u32>(entry, 8);
        if (!other) break;
        if (
          load<u64>(entry) == hash && load<u32>(entry, 12) == length && memory.compare(other, at, length) == 0
        ) {
          label = slot + 1;
          break;
        }
      }
    }
    store<u32>(labels + (<usize> row << 2), label);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking for rows with one id, and for rows with one key.

/**
 * Chains the rows that are to be kept by id: `first[row]` is the first row with that id, `table` is u32 [size], zeroed,
 * size a power of 2. Returns how many rows have an earlier one.
 */
export function chainIds(
  rows: u32,
  keep: usize,
  hashes: usize,
  ids: usize,
  table: usize,
  size: u32,
  first: usize,
): i32 {
  let repeated = 0;
  for (let row: u32 = 0; row < rows; row++) {
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
        memory.compare(load<u32>(ids + o), at, length) == 0
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
  rows: u32,
  keep: usize,
  keys: usize,
  table: usize,
  size: u32,
  first: usize,
  takes: usize,
): void {
  for (let row: u32 = 0; row < rows; row++) {
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
}

// ---------------------------------------------------------------------------------------------------------------------
// Parquet values. https://parquet.apache.org/docs/file-format/data-pages/encodings/

let out: usize = 0;
let writtenRows: u32 = 0;
let writtenValues: u32 = 0;
let dictionarySize: u32 = 0;

/** Rows of the last page: levels in it. */
export function pageLevels(): u32 {
  return writtenRows;
}

/** Entries of the last dictionary; 0 when there is none. */
export function dictionaryEntries(): u32 {
  return dictionarySize;
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

/** A page of texts. Returns its end. `levels` is scratch of a byte a row. */
export function textPage(data: usize, from: u32, to: u32, keep: usize, levels: usize, target: usize): usize {
  let count: u32 = 0;
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    store<u8>(levels + count++, load<u32>(data + (<usize> row << 3)) ? 1 : 0);
  }
  out = target;
  writeLevels(levels, count, 1);
  let at = out;
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const text: usize = load<u32>(data + (<usize> row << 3));
    if (!text) continue;
    const length = load<u32>(data + (<usize> row << 3), 4);
    store<u32>(at, length);
    at += 4;
    copyText(at, text, length);
    at += length;
  }
  out = at;
  writtenRows = count;
  return at;
}

/** A page of lists of texts. `levels` is scratch of two bytes an item. */
export function listPage(
  data: usize,
  from: u32,
  to: u32,
  keep: usize,
  levels: usize,
  most: u32,
  target: usize,
): usize {
  const definition = levels + most;
  let count: u32 = 0;
  // The levels come before the texts: their room is found by a first pass over the lists.
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const list: usize = load<u32>(data + (<usize> row << 3));
    const items = list ? itemCount(list, load<u32>(data + (<usize> row << 3), 4)) : 0;
    for (let i: u32 = 0; i < items; i++) {
      store<u8>(levels + count, i ? 1 : 0);
      store<u8>(definition + count, 3);
      count++;
    }
    if (items == 0) {
      store<u8>(levels + count, 0);
      store<u8>(definition + count, list ? 1 : 0);
      count++;
    }
  }
  out = target;
  writeLevels(levels, count, 1);
  writeLevels(definition, count, 2);
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const list: usize = load<u32>(data + (<usize> row << 3));
    const view = load<u32>(data + (<usize> row << 3), 4);
    if (list && view & LENGTH) writeItems(list, view);
  }
  writtenRows = count;
  return out;
}

function itemCount(list: usize, view: u32): u32 {
  const style = view >> 28;
  const end = list + (view & LENGTH);
  if (end == list) return 0;
  if (style == SEPARATORS) {
    let count: u32 = 1;
    for (let at = list; at < end; at++) if (load<u8>(at) == 31) count++;
    return count;
  }
  return <u32> listItems(list, end, style);
}

@inline function writeItem(from: usize, to: usize): void {
  const length = <u32> (to - from);
  store<u32>(out, length);
  copyText(out + 4, from, length);
  out += 4 + length;
}

function writeItems(list: usize, view: u32): void {
  const style = view >> 28;
  const end = list + (view & LENGTH);
  let at = list;
  if (style == SINGLE) return writeItem(at, end);
  if (style == PYTHON) {
    at++;
    for (;;) {
      const quote = load<u8>(at);
      const item = ++at;
      while (load<u8>(at) != quote) at++;
      writeItem(item, at);
      if (load<u8>(at, 1) == 93 && at + 2 == end) return;
      at += 3;
    }
  }
  const separator: u8 = style == SEPARATORS ? 31 : 59;
  for (;;) {
    const item = at;
    while (at < end && load<u8>(at) != separator) at++;
    writeItem(item, at);
    if (at == end) return;
    at++;
  }
}

/** A page of truth values. */
export function truthPage(data: usize, from: u32, to: u32, keep: usize, levels: usize, target: usize): usize {
  let count: u32 = 0;
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const value = load<f64>(data + (<usize> row << 3));
    store<u8>(levels + count++, value == value ? 1 : 0);
  }
  out = target;
  writeLevels(levels, count, 1);
  let bits: u32 = 0;
  let filled = 0;
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const value = load<f64>(data + (<usize> row << 3));
    if (value != value) continue;
    if (value != 0) bits |= 1 << filled;
    if (++filled == 8) {
      store<u8>(out++, <u8> bits);
      bits = 0;
      filled = 0;
    }
  }
  if (filled) store<u8>(out++, <u8> bits);
  writtenRows = count;
  return out;
}

const DICTIONARY: u32 = 1 << 15;
const DICTIONARY_MOST: u32 = 20000;

/**
 * A page of numbers: with a dictionary when there are at most 20,000 of them, which then stands at `dictionary` (i32 or
 * f64), else plain. `table` is scratch of 2^15 u32 and `codes` of one u32 a row.
 */
export function numberPage(
  data: usize,
  from: u32,
  to: u32,
  keep: usize,
  levels: usize,
  table: usize,
  codes: usize,
  dictionary: usize,
  whole: bool,
  target: usize,
): usize {
  let count: u32 = 0;
  let values: u32 = 0;
  let entries: u32 = 0;
  memory.fill(table, 0, DICTIONARY << 2);
  const wide: usize = codes + (<usize> (to - from) << 2); // f64 [DICTIONARY_MOST]: the dictionary as doubles
  for (let row = from; row < to; row++) {
    if (!load<u8>(keep + <usize> row)) continue;
    const value = load<f64>(data + (<usize> row << 3));
    const known = value == value;
    store<u8>(levels + count++, known ? 1 : 0);
    if (!known || entries > DICTIONARY_MOST) continue;
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
  writeLevels(levels, count, 1);
  writtenRows = count;
  dictionarySize = 0;
  if (entries == 0 || entries > DICTIONARY_MOST) {
    for (let row = from; row < to; row++) {
      if (!load<u8>(keep + <usize> row)) continue;
      const value = load<f64>(data + (<usize> row << 3));
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
  let width: u32 = 1;
  while (<u32> 1 << width < entries) width++;
  store<u8>(out++, <u8> width);
  const groups = (values + 7) >> 3;
  varint((groups << 1) | 1);
  let held: u64 = 0;
  let bits: u32 = 0;
  for (let v: u32 = 0; v < groups << 3; v++) {
    const code: u64 = v < values ? load<u32>(codes + (<usize> v << 2)) : 0;
    held |= code << bits;
    bits += width;
    while (bits >= 8) {
      store<u8>(out++, <u8> held);
      held >>= 8;
      bits -= 8;
    }
  }
  return out;
}

// ---------------------------------------------------------------------------------------------------------------------
// Snappy. https://github.com/google/snappy/blob/main/format_description.txt

/**
 * Compresses a range; `table` is scratch of 2^14 u32. Returns the end of what it wrote; 0 when a sample of 16 KiB gets
 * smaller by less than a quarter, as ids and titles do: to read, hash and write them as they are takes less time.
 */
export function compress(from: usize, to: usize, table: usize, target: usize): usize {
  if (to - from > 16384) {
    out = target;
    compressBlock(from, from + 16384, table);
    if (out - target > 12288) return 0;
  }
  out = target;
  varint(<u32> (to - from));
  for (let block = from; block < to; block += 65536) compressBlock(block, min(block + 65536, to), table);
  return out;
}

function literal(from: usize, to: usize): void {
  const length = <u32> (to - from);
  if (length == 0) return;
  if (length <= 60) store<u8>(out++, <u8> ((length - 1) << 2));
  else if (length <= 256) {
    store<u8>(out, 60 << 2);
    store<u8>(out, <u8> (length - 1), 1);
    out += 2;
  } else {
    store<u8>(out, 61 << 2);
    store<u16>(out, <u16> (length - 1), 1);
    out += 3;
  }
  copyText(out, from, length);
  out += length;
}

function copyBack(offset: u32, length: u32): void {
  while (length >= 68) {
    store<u8>(out, (63 << 2) | 2);
    store<u16>(out, <u16> offset, 1);
    out += 3;
    length -= 64;
  }
  if (length > 64) {
    store<u8>(out, (59 << 2) | 2);
    store<u16>(out, <u16> offset, 1);
    out += 3;
    length -= 60;
  }
  if (length >= 12 || offset >= 2048) {
    store<u8>(out, <u8> (((length - 1) << 2) | 2));
    store<u16>(out, <u16> offset, 1);
    out += 3;
  } else {
    store<u8>(out, <u8> (((offset >> 8) << 5) | ((length - 4) << 2) | 1));
    store<u8>(out, <u8> offset, 1);
    out += 2;
  }
}

function compressBlock(from: usize, to: usize, table: usize): void {
  memory.fill(table, 0, 4 << 14);
  let written = from;
  let at = from + 1;
  let misses: u32 = 32;
  while (at + 8 <= to) {
    const word = load<u32>(at);
    const slot = table + (<usize> ((word * 0x1e35a7bd) >> 18) << 2);
    const candidate = from + load<u32>(slot);
    store<u32>(slot, <u32> (at - from));
    if (candidate < at && load<u32>(candidate) == word) {
      let length: usize = 4;
      let different: u64 = 0;
      while (at + length + 8 <= to) {
        different = load<u64>(candidate + length) ^ load<u64>(at + length);
        if (different) break;
        length += 8;
      }
      if (different) length += <usize> ctz(different) >> 3;
      else while (at + length < to && load<u8>(candidate + length) == load<u8>(at + length)) length++;
      literal(written, at);
      copyBack(<u32> (at - candidate), <u32> length);
      at += length;
      written = at;
      misses = 32;
    } else at += misses++ >> 5;
  }
  literal(written, to);
}
