import assert from "node:assert/strict";
import {
  AT,
  COPULA_FEATURES,
  GENRES,
  latentToValue,
  SUBGENRES,
  VARIANCE_SHARES,
} from "../../../lib/catalog/synthetic/calibration.ts";

Deno.test("latentToValue() gives the published median and keeps the order", () => {
  const bigRoom = SUBGENRES.find(({ name }) => name === "big room")!;
  assert.ok(Math.abs(latentToValue(bigRoom.grids[AT.danceability], 0) - 0.627) < 1e-6);
  assert.ok(Math.abs(latentToValue(bigRoom.grids[AT.duration_ms], 0) - 192100) < 1);
  for (const subgenre of SUBGENRES) {
    for (const grid of subgenre.grids) {
      for (let i = 1; i < grid.length; i++) assert.ok(grid[i] >= grid[i - 1], subgenre.name);
    }
  }
});

Deno.test("latentToValue() stays at the ends beyond four standard deviations", () => {
  const [subgenre] = SUBGENRES;
  assert.equal(latentToValue(subgenre.grids[AT.energy], -50), subgenre.grids[AT.energy][0]);
  assert.equal(latentToValue(subgenre.grids[AT.energy], 50), subgenre.grids[AT.energy].at(-1));
});

Deno.test("latent correlations have unit variance, and shares of variance add up to one", () => {
  const n = COPULA_FEATURES.length;
  for (const { factor, name } of SUBGENRES) {
    for (let f = 0; f < n; f++) {
      let square = 0;
      for (let g = 0; g < n; g++) square += factor.get(f, g) ** 2;
      assert.ok(Math.abs(square - 1) < 1e-9, `${name} ${COPULA_FEATURES[f]}: ${square}`);
    }
  }
  const { artist, album, track } = VARIANCE_SHARES;
  for (let f = 0; f < n; f++) assert.ok(Math.abs(artist[f] + album[f] + track[f] - 1) < 1e-9, COPULA_FEATURES[f]);
});

Deno.test("there are 24 subgenres in six genres, each with keys that add up to one", () => {
  assert.equal(SUBGENRES.length, 24);
  assert.deepEqual(GENRES.map(({ name }) => name), ["edm", "latin", "pop", "r&b", "rap", "rock"]);
  for (const { keys } of GENRES) {
    for (const shares of keys) assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 0.01);
  }
});
