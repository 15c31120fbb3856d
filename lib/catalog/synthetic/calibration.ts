/**
 * What the synthetic world is calibrated to: aggregates of public catalogues, as published in `calibration.json`, made
 * into a Gaussian copula per subgenre with quantile marginals.
 *
 * The quantiles, correlations, keys and shares by genre and subgenre are those of TidyTuesday 2020-01-21
 * `spotify_songs.csv` (https://github.com/rfordatascience/tidytuesday); dates, months, weekdays and time signatures are
 * those of the 1.2M-track catalogue and the 114k catalogue on Kaggle. No row of any of them is in here.
 */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import data from "./calibration.json" with { type: "json" };

/** The twelve properties of a track that the copula couples, in the order of all tables here. */
export const COPULA_FEATURES = [
  "danceability",
  "energy",
  "loudness",
  "speechiness",
  "acousticness",
  "instrumentalness",
  "liveness",
  "valence",
  "tempo",
  "duration_ms",
  "popularity",
  "year",
] as const;

/** Position of each property in {@linkcode COPULA_FEATURES}. */
export const AT = Object.fromEntries(COPULA_FEATURES.map((name, f) => [name, f])) as Record<
  typeof COPULA_FEATURES[number],
  number
>;

/** A subgenre of the world. */
export interface Subgenre {
  /** E.g. `"big room"`. */
  name: string;
  /** E.g. `"edm"`. */
  genre: string;
  /** Position of its genre in {@linkcode GENRES}. */
  genreIndex: number;
  /** Number of its tracks in the source. */
  weight: number;
  /** Share of tracks in a major key. */
  major: number;
  /** Lower-triangular 12 × 12 factor of the latent correlation. */
  factor: Matrix;
  /** For each of the twelve properties its value at evenly spaced latent normals, see {@linkcode latentToValue}. */
  grids: Float64Array[];
  /** Latent normal below which instrumentalness and popularity are 0. */
  zeroBelow: { instrumentalness: number; popularity: number };
}

/** What a genre adds to its subgenres. */
export interface Genre {
  name: string;
  /** Share of tracks whose tempo lies within 0.05 of a whole number of beats a minute. */
  wholeTempo: number;
  /** Shares of the keys C to B in minor and in major. */
  keys: [minor: number[], major: number[]];
  /** Share of explicit tracks in the late 2010s. */
  explicit: number;
  /** Share of its tracks that also count as each genre of {@linkcode GENRES}. */
  overlap: number[];
}

const LOG_FEATURES = new Set(["instrumentalness", "acousticness", "speechiness", "liveness", "duration_ms"]);
const GRID = 1024;
const REACH = 4;

/** The six genres. */
export const GENRES: Genre[] = Object.entries(data.genres).map(([name, genre], g) => ({
  name,
  wholeTempo: genre.wholeTempo,
  keys: [genre.minorKeys, genre.majorKeys],
  explicit: data.explicitByGenre[name as keyof typeof data.explicitByGenre],
  overlap: data.genreOverlap[g],
}));

/** Share of the latent variance of each property that belongs to the artist, to the album, and to the track alone. */
export const VARIANCE_SHARES: { artist: number[]; album: number[]; track: number[] } = {
  artist: data.artistShare,
  album: data.albumShare.map((share, f) =>
    f === AT.year ? 1 - data.artistShare[f] : Math.max(0, share - data.artistShare[f])
  ),
  track: data.albumShare.map((share, f) => f === AT.year ? 0 : 1 - Math.max(share, data.artistShare[f])),
};

/** The 24 subgenres. */
export const SUBGENRES: Subgenre[] = Object.entries(data.subgenres).map(([name, sub]) => {
  const { genre, tracks, major, correlation, quantiles } = sub;
  const zeros: Partial<Record<string, number>> = {
    instrumentalness: sub.zeroInstrumentalness,
    popularity: sub.zeroPopularity,
  };
  const withYear = data.yearCorrelation[genre as keyof typeof data.yearCorrelation];
  return {
    name,
    genre,
    genreIndex: GENRES.findIndex((other) => other.name === genre),
    weight: tracks,
    major,
    factor: new CholeskyDecomposition(latentCorrelation(numbers(correlation), numbers(withYear))).lowerTriangularMatrix,
    grids: COPULA_FEATURES.map((feature) => {
      const smallest = feature === "popularity" ? 1 : 1e-6;
      return quantileGrid(numbers(quantiles[feature]), LOG_FEATURES.has(feature), zeros[feature] ?? 0, smallest);
    }),
    zeroBelow: {
      instrumentalness: normalQuantile(sub.zeroInstrumentalness, 0, 1),
      popularity: normalQuantile(sub.zeroPopularity, 0, 1),
    },
  };
});

/** Shares of the months of release, of the weekdays by five years, and of dates that are only a year, by decade. */
export const DATES: { months: number[]; weekdays: Record<string, number[]>; yearOnly: Record<string, number> } = {
  months: data.monthShare,
  weekdays: data.weekdayShare,
  yearOnly: data.yearOnlyShare,
};

/**
 * The value of a property at a latent standard normal, from one of the grids of a subgenre: linear between 1,025 points
 * in [−4, 4].
 */
export function latentToValue(grid: Float64Array, z: number): number {
  const at = (z + REACH) * (GRID / (2 * REACH));
  if (at <= 0) return grid[0];
  if (at >= GRID) return grid[GRID];
  const i = Math.floor(at);
  return grid[i] + (at - i) * (grid[i + 1] - grid[i]);
}

/** Inverts the table of quantiles linearly in u, in log₁₀ for the skewed features, at evenly spaced normals. */
function quantileGrid(quantiles: number[], logarithmic: boolean, zeroShare: number, smallest: number): Float64Array {
  const forward = logarithmic ? (x: number) => Math.log10(Math.max(x, 1e-7)) : (x: number) => x;
  const back = logarithmic ? (x: number) => 10 ** x : (x: number) => x;
  let knots = data.levels.map((level, i): [number, number] => [level, forward(quantiles[i])]);
  if (zeroShare > 0) {
    const above = knots.filter(([level], i) => level > zeroShare + 1e-9 && quantiles[i] > 0);
    knots = [[zeroShare, forward(smallest)], ...above];
  }
  return Float64Array.from({ length: GRID + 1 }, (_, i) => {
    const u = normalCdf(-REACH + i * 2 * REACH / GRID, 0, 1);
    let k = 1;
    while (k < knots.length - 1 && knots[k][0] < u) k++;
    const [[u0, x0], [u1, x1]] = [knots[k - 1], knots[k]];
    const share = Math.min(1, Math.max(0, (u - u0) / (u1 - u0)));
    return back(x0 + share * (x1 - x0));
  });
}

/**
 * The correlation that each level (artist, album, track) must have for the sum of the three to have the measured one:
 * Σ_level √(s_f s_g) < 1 when the shares of two properties differ, so the measured value is divided by it. Made
 * positive definite by raising its eigenvalues to at least 0.001.
 */
function latentCorrelation(lowerTriangle: number[], withYear: number[]): Matrix {
  const n = COPULA_FEATURES.length;
  const measured = Matrix.eye(n, n);
  const set = (f: number, g: number, r: number) => {
    const { artist, album, track } = VARIANCE_SHARES;
    const kept = Math.sqrt(artist[f] * artist[g]) + Math.sqrt(album[f] * album[g]) + Math.sqrt(track[f] * track[g]);
    const needed = Math.max(-0.98, Math.min(0.98, r / kept));
    measured.set(f, g, needed);
    measured.set(g, f, needed);
  };
  let at = 0;
  for (let f = 1; f < 10; f++) for (let g = 0; g < f; g++) set(f, g, lowerTriangle[at++]);
  for (let g = 0; g < 10; g++) {
    set(AT.popularity, g, data.popularityCorrelation[g]);
    set(AT.year, g, withYear[g]);
  }
  set(AT.year, AT.popularity, withYear[10]);
  const decomposition = new EigenvalueDecomposition(measured, { assumeSymmetric: true });
  const vectors = decomposition.eigenvectorMatrix;
  const values = Matrix.diag(decomposition.realEigenvalues.map((value) => Math.max(value, 1e-3)));
  const mended = vectors.mmul(values).mmul(vectors.transpose());
  const scale = mended.diagonal().map((value) => 1 / Math.sqrt(value));
  const scaled = Matrix.diag(scale).mmul(mended).mmul(Matrix.diag(scale));
  // Rounding must not make it lopsided.
  return Matrix.add(scaled, scaled.transpose()).div(2);
}

/** Numbers from a text with blanks between them. */
function numbers(text: string): number[] {
  return text.split(" ").map(Number);
}
