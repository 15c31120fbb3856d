/** From tracks to rows of numbers by a feature specification, and back. */
import type { Catalog } from "../catalog/catalog.ts";
import { type Matrix, matrix } from "../math/matrix.ts";
import { keyAtFifths, keyPosition, UNKNOWN_KEY } from "../math/circle.ts";
import type { FeatureColumn, FeatureSpec } from "./spec.ts";
import { INDICATOR_GROUPS, type IndicatorGroup, numericCategories } from "./statistics.ts";
import { applyTransform, invertTransform, type ZFeature } from "./transforms.ts";

/** What the encoding sees of a track; what is missing is null or absent. */
export interface TrackFeatures extends Partial<Record<ZFeature, number | null>> {
  /** Pitch class 0–11, C = 0. */
  key?: number | null;
  /** 1 major, 0 minor. */
  mode?: number | null;
  /** Beats a bar. */
  time_signature?: number | null;
  /** Release year; decoding gives the first year of the decade. */
  year?: number | null;
  /** Its genres. */
  genres?: string[];
}

const BLOCK = 1024;

/**
 * Encodes the tracks of a catalogue. Cost O(n d); rows are written block by block so that a block stays in the cache.
 *
 * @returns Matrix [n, d], finite throughout; 0 where a value is missing.
 */
export function encodeCatalog(catalog: Catalog, spec: FeatureSpec): Matrix {
  const x = matrix(catalog.length, spec.columns.length);
  const encoders = makeEncoders(catalog, spec);
  for (let start = 0; start < x.rows; start += BLOCK) {
    const end = Math.min(x.rows, start + BLOCK);
    for (const encode of encoders) encode(x.data, start, end);
  }
  return x;
}

/**
 * Encodes one track, as it might come from outside the catalogue. Categories that the specification does not know count
 * as another category: all indicators of the group are 0 before centring.
 *
 * @returns A row of d numbers.
 */
export function encodeTrack(track: TrackFeatures, spec: FeatureSpec): Float32Array {
  const { genres, ...numbers } = track;
  const catalog: Catalog = {
    length: 1,
    numbers: Object.fromEntries(
      Object.entries(numbers).map(([name, value]) => [name, Float64Array.of(value ?? NaN)]),
    ),
    texts: {},
    lists: genres ? { genres: [genres] } : {},
  };
  return encodeCatalog(catalog, spec).data;
}

/**
 * Undoes the encoding of one row. A z-score gives the number back up to float32 rounding (a missing one comes back as
 * the mean); an indicator group gives its most likely category, or null when the row says nothing; genres are those
 * whose indicator is nearer to 1 than to 0.
 *
 * @param x A row of d numbers.
 */
export function decodeRow(x: ArrayLike<number>, spec: FeatureSpec): TrackFeatures {
  const track: TrackFeatures = {};
  const plain = spec.columns.map((column, c) => x[c] * column.sd / column.weight + column.mean);
  spec.columns.forEach((column, c) => {
    if (column.kind === "z-score") track[column.name as ZFeature] = invertTransform(column.transform!, plain[c]);
  });
  for (const group of INDICATOR_GROUPS) {
    const members = indicesOf(spec, (column) => column.group === group);
    if (members.length === 0) continue;
    const silent = members.every((c) => Math.abs(x[c]) < 1e-7);
    if (group === "genre") {
      track.genres = silent ? [] : members.filter((c) => plain[c] > 0.5).map((c) => spec.columns[c].category!);
    } else if (group === "mode") track.mode = silent ? null : plain[members[0]] > 0.5 ? 1 : 0;
    else {
      const best = members.reduce((a, b) => plain[b] > plain[a] ? b : a);
      const value = silent ? null : Number(spec.columns[best].category);
      track[group === "decade" ? "year" : group] = value;
    }
  }
  const [cos, sin] = indicesOf(spec, (column) => column.kind === "circle");
  if (cos !== undefined) {
    const known = Math.hypot(plain[cos], plain[sin]) > 1e-3;
    const position = Math.round(Math.atan2(plain[sin], plain[cos]) / (Math.PI / 6) + 12) % 12;
    track.key = known ? keyAtFifths(position, track.mode ?? 1) : null;
  }
  return track;
}

/** Writes rows start … end of its columns into the matrix. */
type Encoder = (out: Float32Array, start: number, end: number) => void;

function makeEncoders(catalog: Catalog, spec: FeatureSpec): Encoder[] {
  return [
    ...spec.columns.map((column, c) => zEncoder(catalog, column, c, spec.columns.length)),
    circleEncoder(catalog, spec),
    ...INDICATOR_GROUPS.map((group) => indicatorEncoder(catalog, spec, group)),
  ].filter((encoder) => encoder !== undefined);
}

function zEncoder(catalog: Catalog, column: FeatureColumn, c: number, width: number): Encoder | undefined {
  const values = column.kind === "z-score" ? catalog.numbers[column.name as ZFeature] : undefined;
  if (!values) return undefined;
  const transform = column.transform!;
  const { mean } = column;
  const scale = column.weight / column.sd;
  return (out, start, end) => {
    const transformed = applyTransform(transform, values.subarray(start, end));
    for (let i = 0, at = start * width + c; i < transformed.length; i++, at += width) {
      const value = (transformed[i] - mean) * scale;
      out[at] = value === value ? value : 0;
    }
  };
}

function circleEncoder({ numbers: { key, mode } }: Catalog, spec: FeatureSpec): Encoder | undefined {
  const [cos, sin] = indicesOf(spec, (column) => column.kind === "circle");
  if (cos === undefined || !key) return undefined;
  const width = spec.columns.length;
  const { weight } = spec.columns[cos];
  const angle = (position: number) => position * Math.PI / 6;
  const cosines = Float64Array.from({ length: 12 }, (_, p) => weight * Math.cos(angle(p)));
  const sines = Float64Array.from({ length: 12 }, (_, p) => weight * Math.sin(angle(p)));
  return (out, start, end) => {
    for (let i = start, at = start * width; i < end; i++, at += width) {
      const position = keyPosition(key[i], mode?.[i] === 0 ? 0 : 1);
      if (position === UNKNOWN_KEY) continue;
      out[at + cos] = cosines[position];
      out[at + sin] = sines[position];
    }
  };
}

function indicatorEncoder(catalog: Catalog, spec: FeatureSpec, group: IndicatorGroup): Encoder | undefined {
  const width = spec.columns.length;
  const members = Int32Array.from(indicesOf(spec, (column) => column.group === group));
  if (members.length === 0) return undefined;
  const columns = Array.from(members, (c) => spec.columns[c]);
  const cold = Float64Array.from(columns, ({ weight, mean, sd }) => -weight * mean / sd);
  const hot = Float64Array.from(columns, ({ weight, mean, sd }) => weight * (1 - mean) / sd);
  const fill = (out: Float32Array, at: number) => {
    for (let m = 0; m < members.length; m++) out[at + members[m]] = cold[m];
  };
  if (group === "genre") {
    const genres = catalog.lists.genres;
    if (!genres) return undefined;
    const index = new Map(columns.map(({ category }, m) => [category!, m]));
    return (out, start, end) => {
      for (let i = start, at = start * width; i < end; i++, at += width) {
        if (genres[i].length === 0) continue;
        fill(out, at);
        for (const genre of genres[i]) {
          const m = index.get(genre);
          if (m !== undefined) out[at + members[m]] = hot[m];
        }
      }
    };
  }
  const values = numericCategories(catalog, group);
  if (!values) return undefined;
  const index = new Map(columns.map(({ category }, m) => [Number(category), m]));
  return (out, start, end) => {
    for (let i = start, at = start * width; i < end; i++, at += width) {
      if (Number.isNaN(values[i])) continue;
      fill(out, at);
      const m = index.get(values[i]);
      if (m !== undefined) out[at + members[m]] = hot[m];
    }
  };
}

function indicesOf(spec: FeatureSpec, test: (column: FeatureColumn) => boolean): number[] {
  return spec.columns.flatMap((column, c) => test(column) ? [c] : []);
}
