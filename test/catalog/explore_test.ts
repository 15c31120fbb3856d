import fc from "fast-check";
import { op } from "arquero";
import assert from "node:assert/strict";
import type { Catalog } from "../../lib/catalog/catalog.ts";
import {
  catalogStatistics,
  catalogTable,
  countKeys,
  histograms,
  percent,
  powerLawExponent,
  rankCorrelations,
  varianceBetween,
} from "../../lib/catalog/explore.ts";
import { seededRandom } from "../../lib/math/random.ts";

const TINY: Catalog = {
  length: 5,
  numbers: {
    energy: Float64Array.of(0.1, 0.2, 0.3, 0.4, NaN),
    loudness: Float64Array.of(-9, -7, -8, -5, -1),
    tempo: Float64Array.of(120, 125.5, 128.01, 90, 60),
    mode: Float64Array.of(1, 1, 0, 1, 0),
    speechiness: Float64Array.of(0, 0.05, 0.1, 0.2, 0.9),
  },
  texts: {
    track_id: ["a", "b", "c", "d", "e"],
    title: ["A", "B", "C", "D", "E"],
    work_id: ["a", "a", "c", "d", "e"],
    release_date: ["2016-01-01", "2016-01-02", "1999", "2017-05-05", null],
  },
  lists: { artists: [["x"], ["x", "y"], ["x"], ["z"], ["z"]], genres: [["edm"], ["edm", "pop"], ["edm"], ["pop"], []] },
};

Deno.test("catalogTable() has the first artist and genre, and Arquero can group by them", () => {
  const table = catalogTable(TINY);
  assert.deepEqual(table.columnNames().slice(0, 3), ["title", "artist", "genre"]);
  const rows = table.groupby("artist").rollup({ tracks: op.count(), energy: op.mean("energy") }).orderby("artist")
    .objects() as { artist: string; tracks: number; energy: number }[];
  assert.deepEqual(rows.map(({ artist, tracks }) => [artist, tracks]), [["x", 3], ["z", 2]]);
  assert.ok(Math.abs(rows[0].energy - 0.2) < 1e-12);
  assert.equal(rows[1].energy, 0.4, "NaN is left out of a mean");
});

Deno.test("histograms() give each group shares that add up to 1, on a logarithmic scale where the tail is long", () => {
  const bars = histograms(TINY, ["loudness", "speechiness", "valence"], ["p", "p", "q", "q", null], 4);
  for (const feature of ["loudness", "speechiness"]) {
    for (const group of ["p", "q"]) {
      const own = bars.filter((bar) => bar.feature === feature && bar.group === group);
      assert.equal(own.length, 4);
      assert.ok(Math.abs(own.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-12);
    }
  }
  assert.ok(!bars.some(({ feature }) => feature === "valence"), "a missing column is left out");
  const logarithmic = bars.filter(({ feature, group }) => feature === "speechiness" && group === "p");
  assert.ok(logarithmic.every((bar) => bar.logarithmic && bar.from > 0));
  assert.ok(Math.abs(logarithmic[1].to / logarithmic[1].from - logarithmic[2].to / logarithmic[2].from) < 1e-9);
});

Deno.test("rankCorrelations() agree with scipy.stats.spearmanr, ties included", () => {
  // scipy.stats.spearmanr([1,2,2,4,5,6,7], [3,1,4,1,5,9,2]).statistic = 0.2636363636363636 (scipy 1.16.3)
  const catalog: Catalog = {
    length: 7,
    numbers: { energy: Float64Array.of(1, 2, 2, 4, 5, 6, 7), valence: Float64Array.of(3, 1, 4, 1, 5, 9, 2) },
    texts: {},
    lists: {},
  };
  const { features, correlations } = rankCorrelations(catalog, ["energy", "tempo", "valence"]);
  assert.deepEqual(features, ["energy", "valence"]);
  assert.ok(Math.abs(correlations[0][1] - 0.2636363636363636) < 1e-12, String(correlations[0][1]));
});

Deno.test("rankCorrelations() do not change when a feature is stretched", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
    minLength: 3,
  });
  fc.assert(fc.property(pairs, (drawn) => {
    const correlate = (stretch: (x: number) => number) =>
      rankCorrelations(
        {
          length: drawn.length,
          numbers: {
            energy: Float64Array.from(drawn, ([x]) => stretch(x)),
            valence: Float64Array.from(drawn, ([, y]) => y),
          },
          texts: {},
          lists: {},
        },
        ["energy", "valence"],
      ).correlations[0][1];
    assert.equal(correlate((x) => Math.exp(x / 10)), correlate((x) => x));
  }));
});

Deno.test("powerLawExponent() by hand and on drawn counts", () => {
  assert.ok(Math.abs(powerLawExponent([2, 4, 1], 2) - (1 + 2 / (Math.log(2 / 1.5) + Math.log(4 / 1.5)))) < 1e-12);
  assert.ok(Number.isNaN(powerLawExponent([1], 2)));
  const random = seededRandom(1);
  const drawn = Array.from({ length: 40_000 }, () => Math.floor(9.5 * (1 - random()) ** (-1 / 1.4) + 0.5));
  assert.ok(Math.abs(powerLawExponent(drawn, 10) - 2.4) < 0.03);
});

Deno.test("varianceBetween() finds the share that was put in, and none where there is none", () => {
  const random = seededRandom(3);
  const uniform = () => random() + random() + random() - 1.5;
  const groups = Array.from({ length: 3000 }, (_, i) => `g${Math.floor(i / 6)}`);
  const effects = Array.from({ length: 500 }, uniform);
  const mixed = groups.map((_, i) => Math.sqrt(0.4) * effects[Math.floor(i / 6)] + Math.sqrt(0.6) * uniform());
  assert.ok(Math.abs(varianceBetween(mixed, groups) - 0.4) < 0.05);
  assert.ok(varianceBetween(groups.map(uniform), groups) < 0.03);
  assert.ok(Number.isNaN(varianceBetween([1, 2, 3], ["a", "b", "c"])));
});

Deno.test("countKeys() counts every known key once, the commonest first", () => {
  const counts = countKeys({
    length: 4,
    numbers: { key: Float64Array.of(11, 11, 0, NaN), mode: Float64Array.of(0, 0, 1, 1) },
    texts: {},
    lists: {},
  });
  assert.equal(counts.length, 24);
  assert.deepEqual(counts[0], { key: 11, name: "B", mode: 0, count: 2, share: 2 / 3 });
  assert.deepEqual(counts[1], { key: 0, name: "C", mode: 1, count: 1, share: 1 / 3 });
  assert.throws(() => countKeys({ length: 0, numbers: {}, texts: {}, lists: {} }), /no column key/);
});

Deno.test("percent() gives one decimal", () => {
  assert.equal(percent([1, 2, 3, NaN, 5, 6], (value) => value > 2), "50.0");
});

Deno.test("catalogStatistics() by hand", () => {
  const found = catalogStatistics(TINY);
  assert.equal(found["artists with one track"], 0);
  assert.equal(found["artists with two tracks"], 0.5);
  assert.equal(found["tracks with another take"], 2 / 5);
  assert.equal(found["tracks in several genres"], 1 / 4);
  assert.equal(found["tracks in a major key"], 3 / 5);
  assert.equal(found["EDM from 120 to 130 BPM"], 1);
  assert.equal(found["EDM within 0.05 of a whole BPM"], 2 / 3);
  assert.equal(found["release dates that are only a year"], 1 / 5);
  assert.equal(found["Fridays among release dates since 2015"], 2 / 3);
  assert.ok(!("explicit tracks" in found), "what the catalogue lacks is left out");
});
