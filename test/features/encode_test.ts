import assert from "node:assert/strict";
import fc from "fast-check";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import { decodeRow, encodeCatalog, encodeTrack, type TrackFeatures } from "../../lib/features/encode.ts";
import { type FeatureSpec, makeFeatureSpec } from "../../lib/features/spec.ts";
import { collectStatistics, mergeStatistics } from "../../lib/features/statistics.ts";
import { Z_FEATURES } from "../../lib/features/transforms.ts";
import { firstNonFinite, row } from "../../lib/math/matrix.ts";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const track: fc.Arbitrary<Required<TrackFeatures>> = fc.record({
  ...{ danceability: unit, energy: unit, speechiness: unit, acousticness: unit, instrumentalness: unit },
  ...{ liveness: unit, valence: unit },
  loudness: fc.double({ min: -60, max: 5, noNaN: true }),
  tempo: fc.double({ min: 30, max: 250, noNaN: true }),
  duration_ms: fc.integer({ min: 1000, max: 3600000 }),
  key: fc.integer({ min: 0, max: 11 }),
  mode: fc.constantFrom(0, 1),
  time_signature: fc.constantFrom(1, 3, 4, 5),
  year: fc.integer({ min: 1950, max: 2024 }),
  genres: fc.uniqueArray(fc.constantFrom("rock", "pop", "rap"), { minLength: 1 }),
}) as fc.Arbitrary<Required<TrackFeatures>>;
const tracks = fc.array(track, { minLength: 3, maxLength: 40 });

function catalogOf(list: Required<TrackFeatures>[]): Catalog {
  const names = [...Z_FEATURES, "key", "mode", "time_signature", "year"] as const;
  return {
    length: list.length,
    numbers: Object.fromEntries(names.map((name) => [name, Float64Array.from(list, (t) => t[name] ?? NaN)])),
    texts: {},
    lists: { genres: list.map(({ genres }) => genres) },
  };
}

/** Everything in it varies, so that no column is dropped. */
const VARIED = fc.sample(track, { seed: 1, numRuns: 200 });
const SPEC = makeFeatureSpec(collectStatistics(catalogOf(VARIED)));

function index(spec: FeatureSpec, name: string): number {
  return spec.columns.findIndex((column) => column.name === name);
}

Deno.test("Three tracks are encoded as worked out by hand", () => {
  const base: Required<TrackFeatures> = {
    ...VARIED[0],
    genres: ["rock"],
    key: 0,
    mode: 1,
    year: 1995,
    time_signature: 4,
  };
  const list = [0.2, 0.4, 0.9].map((energy, i) => ({
    ...base,
    energy,
    tempo: [60, 120, 240][i],
    key: [0, 7, 9][i],
    mode: [1, 1, 0][i],
    year: [1991, 1999, 2001][i],
    genres: [["rock"], ["rock", "pop"], ["pop"]][i],
  }));
  const catalog = catalogOf(list);
  const spec = makeFeatureSpec(collectStatistics(catalog), { weights: { key: 1, decade: 2, mode: 1, genre: 1 } });
  const x = encodeCatalog(catalog, spec);
  const column = (name: string) => list.map((_, i) => row(x, i)[index(spec, name)]);
  const close = (found: number[], expected: number[]) =>
    found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6, `${found} ≠ ${expected}`));
  // Energy: mean 0.5, sd √(0.26 / 3). Tempo: ln 60, ln 120, ln 240 are evenly spaced.
  close(column("energy"), [-0.3, -0.1, 0.4].map((d) => d / Math.sqrt(0.26 / 3)));
  close(column("tempo"), [-Math.sqrt(1.5), 0, Math.sqrt(1.5)]);
  // C major, G major, A minor: places 0, 1, 0.
  close(column("key_cos"), [1, Math.cos(Math.PI / 6), 1]);
  close(column("key_sin"), [0, 0.5, 0]);
  // Shares 2/3 and 1/3; the group's variance is 2 · 2/9; weight 2.
  close(column("decade=1990"), [1 / 3, 1 / 3, -2 / 3].map((d) => 2 * d / Math.sqrt(4 / 9)));
  close(column("genre=rock"), [1 / 3, 1 / 3, -2 / 3].map((d) => d / Math.sqrt(4 / 9)));
  close(column("genre=pop"), [-2 / 3, 1 / 3, 1 / 3].map((d) => d / Math.sqrt(4 / 9)));
  const same = spec.dropped.filter(({ reason }) => reason === "the same in every track").map(({ name }) => name);
  assert.deepEqual(same.sort(), [
    ...["acousticness", "danceability", "duration_ms", "instrumentalness", "liveness", "loudness", "speechiness"],
    ...["time_signature", "valence"],
  ]);
});

Deno.test("Each z-score has mean 0 and variance 1, each indicator group mean 0 and total variance 1, before weights", () => {
  const catalog = catalogOf(VARIED);
  const x = encodeCatalog(catalog, SPEC);
  const variance: Record<string, number> = {};
  SPEC.columns.forEach((column, c) => {
    const values = Array.from({ length: x.rows }, (_, i) => row(x, i)[c] / column.weight);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (column.kind === "circle") return;
    assert.ok(Math.abs(mean) < 1e-6, `${column.name} has mean ${mean}`);
    const key = column.kind === "z-score" ? column.name : column.group;
    variance[key] = (variance[key] ?? 0) + values.reduce((sum, value) => sum + value * value, 0) / values.length;
  });
  for (const [name, value] of Object.entries(variance)) assert.ok(Math.abs(value - 1) < 1e-5, `${name}: ${value}`);
});

Deno.test("Decoding undoes encoding, up to float32 and the decade of the year", () => {
  fc.assert(fc.property(track, (original) => {
    const decoded = decodeRow(encodeTrack(original, SPEC), SPEC);
    for (const name of Z_FEATURES) {
      const scale = name === "duration_ms" ? original.duration_ms! : name === "tempo" || name === "loudness" ? 100 : 1;
      const difference = Math.abs(decoded[name]! - original[name]!);
      assert.ok(difference <= 1e-4 * scale, `${name}: ${original[name]} became ${decoded[name]}`);
    }
    assert.deepEqual([decoded.key, decoded.mode, decoded.time_signature], [
      ...[original.key, original.mode, original.time_signature],
    ]);
    assert.equal(decoded.year, Math.floor(original.year! / 10) * 10);
    assert.deepEqual([...decoded.genres!].sort(), [...original.genres].sort());
  }));
});

Deno.test("A row of the matrix is the track encoded alone, and every row is finite", () => {
  fc.assert(fc.property(tracks, (list) => {
    const x = encodeCatalog(catalogOf(list), SPEC);
    assert.equal(firstNonFinite(x), undefined);
    list.forEach((original, i) => assert.deepEqual([...row(x, i)], [...encodeTrack(original, SPEC)]));
  }));
});

Deno.test("What is missing is 0 in the row and null when decoded; an unknown genre is another genre", () => {
  const x = encodeTrack({ energy: null, key: null }, SPEC);
  assert.ok(x.every((value) => value === 0));
  const decoded = decodeRow(x, SPEC);
  assert.deepEqual([decoded.key, decoded.mode, decoded.year, decoded.time_signature, decoded.genres], [
    ...[null, null, null, null],
    [],
  ]);
  const polka = encodeTrack({ genres: ["polka"] }, SPEC);
  assert.ok(polka.some((value) => value !== 0));
  assert.deepEqual(decodeRow(polka, SPEC).genres, []);
});

Deno.test("Statistics of parts merge to those of the whole", () => {
  fc.assert(fc.property(tracks, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
    const cut = Math.round(share * list.length);
    const [first, second] = [list.slice(0, cut), list.slice(cut)].map((part) => collectStatistics(catalogOf(part)));
    const merged = mergeStatistics(first, second);
    const whole = collectStatistics(catalogOf(list));
    assert.deepEqual([merged.tracks, merged.keys, merged.categories], [whole.tracks, whole.keys, whole.categories]);
    for (const name of Z_FEATURES) {
      assert.equal(merged.moments[name]!.count, whole.moments[name]!.count);
      assert.ok(Math.abs(merged.moments[name]!.mean - whole.moments[name]!.mean) < 1e-9);
      assert.ok(Math.abs(merged.moments[name]!.m2 - whole.moments[name]!.m2) < 1e-6);
    }
  }));
});

Deno.test("Weights are checked; a weight of 0 leaves the group out", () => {
  const statistics = collectStatistics(catalogOf(VARIED));
  const spec = makeFeatureSpec(statistics, { weights: { genre: 0 }, maxGenres: 2 });
  assert.ok(spec.columns.every(({ group }) => group !== "genre"));
  assert.ok(spec.dropped.some(({ name, reason }) => name === "genre" && reason === "its weight is 0"));
  const refuses = (weights: Record<string, number>, message: RegExp) =>
    assert.throws(
      () => makeFeatureSpec(statistics, { weights }),
      (error: Error) => error.name === "InputError" && message.test(error.message),
    );
  refuses({ genre: -1 }, /Expected weight genre to be a number of at least 0 but found -1/);
  refuses({ loud: 1 }, /Expected a weight of one of audio, .* but found 'loud'/);
  assert.throws(
    () => makeFeatureSpec({ tracks: 0, moments: {}, keys: 0, categories: {} }),
    /No feature column is left/,
  );
});
