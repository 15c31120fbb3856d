import assert from "node:assert/strict";
import fc from "fast-check";
import { clusterShares, consecutiveSimilarities, intraListDiversity } from "../../lib/metrics/diversity.ts";
import { shannonEntropy } from "../../lib/math/shares.ts";
import { cosine, matrix, row } from "../../lib/math/matrix.ts";
import { seededRandom } from "../../lib/math/random.ts";

// East, north, west twice as long, and a zero vector.
const compass = matrix(4, 2, Float32Array.of(1, 0, 0, 1, -2, 0, 0, 0));

Deno.test("intraListDiversity() of east, north and west is 4/3", () => {
  // Distances: east–north 1, east–west 2, north–west 1.
  assert.ok(Math.abs(intraListDiversity([0, 1, 2], compass) - 4 / 3) < 1e-12);
  assert.equal(intraListDiversity([0, 0, 0], compass), 0);
  assert.equal(intraListDiversity([0, 3], compass), 1);
});

Deno.test("intraListDiversity() is the mean over pairs, whatever the order and the lengths of the vectors", () => {
  fc.assert(fc.property(fc.array(fc.nat(19), { minLength: 2, maxLength: 30 }), fc.integer(), (plays, seed) => {
    const random = seededRandom(seed);
    const x = matrix(20, 3, Float32Array.from({ length: 60 }, () => random() - 0.5));
    let total = 0;
    let pairs = 0;
    for (let a = 0; a < plays.length; a++) {
      for (let b = 0; b < a; b++, pairs++) total += 1 - cosine(row(x, plays[a]), row(x, plays[b]));
    }
    const diversity = intraListDiversity(plays, x);
    assert.ok(Math.abs(diversity - total / pairs) < 1e-6);
    assert.ok(Math.abs(diversity - intraListDiversity(plays.toReversed(), x)) < 1e-9);
  }));
});

Deno.test("consecutiveSimilarities() compares each play with the one before", () => {
  assert.deepEqual([...consecutiveSimilarities([0, 1, 2, 0, 0], compass)], [0, 0, -1, 1]);
});

Deno.test("metrics over pairs refuse a single play", () => {
  assert.throws(() => intraListDiversity([0], compass), /Expected at least 2 plays but found 1/);
  assert.throws(() => consecutiveSimilarities([0], compass), /Expected at least 2 plays but found 1/);
  assert.throws(() => intraListDiversity([0, 4], compass), /track index in \[0, 3\] but found 4/);
});

Deno.test("shannonEntropy() of plays 1 1 1 3 over three clusters is 0.5623 nats", () => {
  const shares = clusterShares([0, 1, 2, 3], [1, 1, 1, 2], 3);
  assert.deepEqual([...shares], [0, 0.75, 0.25]);
  // −0.75 ln 0.75 − 0.25 ln 0.25
  assert.ok(Math.abs(shannonEntropy(shares) - 0.5623351446188083) < 1e-12);
  assert.throws(() => clusterShares([0], [7], 3), /Expected cluster of track 0 in \[0, 2\] but found 7/);
});

Deno.test("shannonEntropy() lies between 0 and ln K and is largest for equal shares", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), (counts) => {
    fc.pre(counts.some((count) => count > 0));
    const value = shannonEntropy(counts);
    assert.ok(value >= 0 && value <= Math.log(counts.length) + 1e-12);
    assert.ok(Math.abs(shannonEntropy(counts.map(() => 1)) - Math.log(counts.length)) < 1e-12);
  }));
  assert.throws(() => shannonEntropy([1, -1]), /not negative but found -1 at 1/);
  assert.throws(() => shannonEntropy([0, 0]), /positive sum/);
});
