import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { AT, COPULA_FEATURES, latentToValue, SUBGENRES } from "../../../lib/catalog/synthetic/calibration.ts";
import { planArtists, type WorldTrack, worldTracks } from "../../../lib/catalog/synthetic/tracks.ts";
import { runPython } from "../../python.ts";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";

const COUNT = 60_000;
const artists = planArtists(COUNT, 7);
const tracks = [...worldTracks(artists, 7)];
const sounding = tracks.filter((track) => track.audio[AT.tempo] > 0);
const original = sounding.filter((track) => track.take === "original");

Deno.test("worldTracks() gives the same tracks for the same seed and others for another", () => {
  const make = (seed: number) => JSON.stringify([...worldTracks(planArtists(300, seed), seed)]);
  assert.equal(make(1), make(1));
  assert.notEqual(make(1), make(2));
});

Deno.test("planArtists() gives exactly the wanted number of tracks to artists with distinct names", () => {
  for (const count of [100, 101, 5000]) {
    const plan = planArtists(count, 3);
    assert.equal(plan.outputs.reduce((sum, n) => sum + n, 0), count);
    assert.equal(new Set(plan.names.map((name) => name.toLowerCase())).size, plan.names.length);
    assert.equal([...worldTracks(plan, 3)].length, count);
  }
});

Deno.test("tracks an artist follow a power law like the measured one: 61 % one, 16 % two, exponent 2.1 to 2.4", () => {
  const outputs = [...artists.outputs];
  const share = (low: number, high: number) => outputs.filter((n) => n >= low && n <= high).length / outputs.length;
  assert.ok(Math.abs(share(1, 1) - 0.608) < 0.02, `one track: ${share(1, 1)}`);
  assert.ok(Math.abs(share(2, 2) - 0.16) < 0.02, `two tracks: ${share(2, 2)}`);
  assert.ok(share(11, Infinity) > 0.02 && share(11, Infinity) < 0.06, `more than ten: ${share(11, Infinity)}`);
  // Maximum likelihood for a discrete power law from 3 on, Clauset, Shalizi & Newman 2009, equation 3.7.
  const tail = outputs.filter((n) => n >= 3);
  const exponent = 1 + tail.length / tail.reduce((sum, n) => sum + Math.log(n / 2.5), 0);
  assert.ok(exponent > 2.1 && exponent < 2.4, `exponent ${exponent}`);
});

Deno.test("marginals lie at the measured deciles: at most 0.1 away in any subgenre, at most 0.02 on average", () => {
  const values = (track: WorldTrack, f: number) =>
    f < 9
      ? track.audio[f]
      : f === AT.duration_ms
      ? track.durationMs
      : f === AT.popularity
      ? track.popularity
      : track.year;
  // Tracks of an artist are alike, so a subgenre's 1,800 tracks are worth some 500: deciles scatter by 0.02.
  let worst = { distance: 0, what: "" };
  let [sum, deciles] = [0, 0];
  SUBGENRES.forEach((subgenre, s) => {
    const own = original.filter((track) => track.subgenres[0] === s);
    COPULA_FEATURES.forEach((feature, f) => {
      // Whole numbers have no one quantile, and the tempo is drawn to whole numbers.
      if (feature === "year" || feature === "popularity" || feature === "tempo") return;
      for (let decile = 1; decile < 10; decile++) {
        const z = normalQuantile(decile / 10, 0, 1);
        if (feature === "instrumentalness" && z < subgenre.zeroBelow.instrumentalness) continue;
        const limit = latentToValue(subgenre.grids[f], z);
        const below = own.filter((track) => values(track, f) <= limit).length / own.length;
        const distance = Math.abs(below - decile / 10);
        sum += distance;
        deciles++;
        if (distance > worst.distance) worst = { distance, what: `${subgenre.name} ${feature}` };
      }
    });
  });
  assert.ok(worst.distance < 0.1, `${worst.what}: ${worst.distance}`);
  assert.ok(sum / deciles < 0.02, `mean ${sum / deciles}`);
});

Deno.test("point masses, keys, explicit lyrics and time signatures have their measured shares", () => {
  const share = (test: (track: WorldTrack) => boolean) => sounding.filter(test).length / sounding.length;
  assert.ok(Math.abs(share((t) => t.audio[AT.instrumentalness] === 0) - 0.368) < 0.04);
  assert.ok(Math.abs(share((t) => t.popularity === 0) - 0.09) < 0.03);
  assert.ok(Math.abs(share((t) => t.timeSignature === 4) - 0.888) < 0.01);
  assert.ok(Math.abs(share((t) => t.mode === 1) - 0.565) < 0.02);
  const explicit = share((t) => t.explicit);
  assert.ok(explicit > 0.05 && explicit < 0.25, `explicit ${explicit}`);
  const silent = (tracks.length - sounding.length) / tracks.length;
  assert.ok(silent > 0.0015 && silent < 0.0035, `silent ${silent}`);
  const edm = sounding.filter((t) => SUBGENRES[t.subgenres[0]].genre === "edm");
  const whole = edm.filter((t) => Math.abs(t.audio[AT.tempo] - Math.round(t.audio[AT.tempo])) < 0.05).length /
    edm.length;
  assert.ok(Math.abs(whole - 0.705) < 0.06, `EDM with a whole tempo ${whole}`);
});

Deno.test("tracks of an artist are more alike than tracks of a subgenre, by about the measured share of variance", () => {
  const bounds = [["energy", 0.22, 0.4], ["liveness", 0.02, 0.15], ["loudness", 0.28, 0.48]] as const;
  for (const [feature, low, high] of bounds) {
    let [products, pairs] = [0, 0];
    for (let s = 0; s < SUBGENRES.length; s++) {
      const own = original.filter((track) => track.subgenres[0] === s);
      const scores = ranks(own.map((track) => track.audio[AT[feature]]));
      for (let i = 1; i < own.length; i++) {
        for (let j = i - 1; j >= Math.max(0, i - 8) && own[j].artists[0] === own[i].artists[0]; j--) {
          if (own[j].album === own[i].album) continue;
          products += scores[i] * scores[j];
          pairs++;
        }
      }
    }
    assert.ok(products / pairs > low && products / pairs < high, `${feature}: correlation ${products / pairs}`);
  }
});

Deno.test("other takes say what they are and keep the artist of the original", () => {
  for (const track of tracks.slice(0, 20000)) {
    if (track.take === "live") assert.match(track.title, / - Live( at |$)/);
    if (track.take === "remaster") assert.match(track.title, / - (Remastered \d{4}|\d{4} Remaster)$/);
    if (track.take === "radio edit") assert.match(track.title, / - Radio Edit$/);
  }
  const takes = tracks.filter((track) => track.take !== "original").length / tracks.length;
  assert.ok(takes > 0.08 && takes < 0.2, `takes ${takes}`);
});

Deno.test("the six genres can be told apart about as well as real ones (linear discriminant, 46 % on real tracks)", () => {
  const rows = original.slice(0, 9000).map((track) =>
    [
      SUBGENRES[track.subgenres[0]].genre,
      ...track.audio,
      track.durationMs,
    ].join(",")
  );
  const accuracy = Number(runPython(
    `
import sys, pandas
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_score
data = pandas.read_csv(sys.argv[1], header=None)
print(cross_val_score(LinearDiscriminantAnalysis(), data.iloc[:, 1:], data[0], cv=3).mean())`,
    [temporaryFile(rows.join("\n"))],
  ));
  assert.ok(accuracy > 0.4 && accuracy < 0.5, `accuracy ${accuracy}`);
});

Deno.test("release dates have the precisions and weekdays of real ones", () => {
  assert.ok(tracks.every((track) => /^(0000|\d{4}(-\d\d(-\d\d)?)?)$/.test(track.releaseDate)));
  const seventies = tracks.filter((track) => track.year >= 1970 && track.year < 1980);
  const yearOnly = seventies.filter((track) => track.releaseDate.length === 4).length / seventies.length;
  assert.ok(Math.abs(yearOnly - 0.561) < 0.08, `year only in the 1970s ${yearOnly}`);
  const recent = tracks.filter((track) => track.year >= 2015 && track.year < 2020 && track.releaseDate.length === 10);
  const fridays = recent.filter((track) => new Date(track.releaseDate).getUTCDay() === 5).length / recent.length;
  assert.ok(Math.abs(fridays - 0.59) < 0.04, `Fridays since 2015 ${fridays}`);
});

const real = new URL("../../../../shared/data/spotify_songs.csv.gz", import.meta.url);
Deno.test({
  name: "no invented artist has the name of a real one",
  ignore: !existsSync(real),
  fn() {
    const [header, ...lines] = gunzipSync(readFileSync(real)).toString("utf8").split("\n");
    assert.equal(header.split(",")[2], "track_artist");
    // Titles with commas are quoted; names that follow them are rare enough to leave out.
    const names = new Set(lines.filter((line) => !line.includes('"')).map((line) => line.split(",")[2]?.toLowerCase()));
    assert.ok(names.size > 5000);
    assert.deepEqual(artists.names.filter((name) => names.has(name.toLowerCase())), []);
  },
});

function temporaryFile(text: string): string {
  const path = Deno.makeTempFileSync();
  Deno.writeTextFileSync(path, text);
  globalThis.addEventListener("unload", () => Deno.removeSync(path));
  return path;
}

Deno.test({
  name: "by genre, ten features lie within a Kolmogorov–Smirnov distance of 0.08 of TidyTuesday's real tracks",
  ignore: !existsSync(real),
  fn() {
    const rows = sounding.slice(0, 40_000).flatMap((track) =>
      track.subgenres.map((s) => [SUBGENRES[s].genre, ...track.audio, track.durationMs].join(","))
    );
    const worst = runPython(
      `
import sys, pandas
from scipy.stats import ks_2samp
features = "danceability energy loudness speechiness acousticness instrumentalness liveness valence tempo duration_ms".split()
world = pandas.read_csv(sys.argv[1], header=None, names=["playlist_genre"] + features)
real = pandas.read_csv(sys.argv[2]).drop_duplicates(["track_id", "playlist_genre"])
print(*max((ks_2samp(own[f], world[world.playlist_genre == g][f]).statistic, g, f)
           for g, own in real.groupby("playlist_genre") for f in features))`,
      [temporaryFile(rows.join("\n")), fileURLToPath(real)],
    ).trim();
    assert.ok(Number(worst.split(" ")[0]) < 0.08, worst);
  },
});

/** Values as standard normals by their ranks. */
function ranks(values: number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const scores = new Array<number>(values.length);
  order.forEach((i, rank) => scores[i] = normalQuantile((rank + 0.5) / values.length, 0, 1));
  return scores;
}
