/** Figures of a catalogue: what it holds, how its features are distributed, and how they changed. */
import { groups, rollups } from "d3-array";
import type { HistogramBar, KeyCount } from "../catalog/explore.ts";
import type { IngestAccount } from "../catalog/sql_ingest.ts";
import {
  ACCENT_COLOR,
  bandLayers,
  category,
  CATEGORY_COLORS,
  colors,
  decimals,
  LINES_ON_TOP,
  MAIN_COLOR,
  MUTED_COLOR,
  quantity,
  type Spec,
} from "./theme.ts";

/** What became of the rows that came in: a bar for each fate. */
export function rowAccountPlot(account: IngestAccount): Spec {
  const fates = [
    { fate: "became a track", rows: account.out },
    { fate: "merged into one", rows: account.merged },
    { fate: "rejected", rows: account.rejected },
    { fate: "not sampled", rows: account.notSampled },
  ].filter(({ rows }, i) => i < 3 || rows > 0);
  return {
    title: `What became of ${account.rowsIn.toLocaleString("en-US")} rows`,
    data: { values: fates.map((row) => ({ ...row, label: row.rows.toLocaleString("en-US") })) },
    height: { step: 34 },
    width: 460,
    encoding: { y: category("fate", null, { sort: null, axis: { labelFontSize: 12 } }) },
    layer: [
      { mark: { type: "bar", height: 22 }, encoding: { x: quantity("rows", "rows") } },
      {
        mark: { type: "text", align: "left", dx: 5, fontSize: 12 },
        encoding: { x: quantity("rows"), text: { field: "label" } },
      },
    ],
  };
}

/**
 * Distributions by group, a small panel a feature, a line a group.
 *
 * @param bars What `histograms()` gave, for at most eight groups.
 */
export function distributionsPlot(bars: readonly HistogramBar[]): Spec {
  const names = [...new Set(bars.map(({ group }) => group))];
  const color = colors("group", "genre", names, CATEGORY_COLORS.slice(0, names.length), {
    legend: names.length > 1 ? LINES_ON_TOP : null,
  });
  const title = "Distribution of the features" + (names.length > 1 ? ", by genre" : "");
  return panels(title, 18, groups(bars, ({ feature }) => feature), (feature, own) => ({
    width: 178,
    height: 120,
    data: { values: own.map(rounded) },
    mark: { type: "line", strokeWidth: 1.8, interpolate: "monotone" },
    encoding: {
      x: quantity("x", titleOf(feature), {
        scale: { zero: false, nice: false, type: own[0].logarithmic ? "log" : "linear" },
        axis: { tickCount: own[0].logarithmic ? 4 : 5, grid: false, format: "~g" },
      }),
      y: quantity("share", "share of tracks", { axis: { format: "%", tickCount: 3 } }),
      color,
    },
  }));
}

/** Keys by mode, in the order of the circle of fifths: neighbours share six of seven notes. */
export function keyModePlot(counts: readonly KeyCount[]): Spec {
  const order = [...counts].sort((a, b) => (7 * a.key) % 12 - (7 * b.key) % 12).map(({ name }) => name);
  const values = counts.map(({ name, mode, share }) => ({ key: name, mode: mode === 1 ? "major" : "minor", share }));
  return {
    title: "Keys, in the order of the circle of fifths",
    data: { values: decimals(values, 5) },
    width: 520,
    height: 220,
    mark: "bar",
    encoding: {
      x: category("key", "key", { sort: [...new Set(order)], axis: { labelAngle: 0 } }),
      xOffset: { field: "mode", sort: ["major", "minor"] },
      y: quantity("share", "share of tracks", { axis: { format: "%" } }),
      color: colors("mode", "mode", ["major", "minor"], [CATEGORY_COLORS[1], CATEGORY_COLORS[0]]),
    },
  };
}

/** Tempo by group as histograms, a panel a group, from bars of the feature `tempo`. */
export function tempoPlot(bars: readonly HistogramBar[]): Spec {
  const byGroup = groups(bars, ({ group }) => group);
  const several = byGroup.length > 1;
  const x = quantity("from", "tempo (BPM)", {
    bin: "binned",
    scale: { zero: false, nice: false },
    axis: { tickCount: 6, grid: false },
  });
  return panels("Tempo" + (several ? ", by genre" : ""), 14, byGroup, (group, own) => ({
    ...(several ? { title: { text: group, anchor: "middle", fontSize: 12, offset: 6 } } : {}),
    width: several ? 184 : 460,
    height: several ? 110 : 220,
    data: { values: own.map(rounded) },
    mark: { type: "bar", stroke: "#ffffff", strokeWidth: 0.3 },
    encoding: {
      x,
      x2: { field: "to" },
      y: quantity("share", "share of tracks", { axis: { format: "%", tickCount: 4 } }),
    },
  }));
}

/**
 * Trends over the years: median and the band from the first to the third quartile, a panel a feature.
 *
 * @param quartiles Quartiles by year and feature, years with few tracks left out.
 */
export function trendsPlot(
  quartiles: readonly { year: number; feature: string; low: number; middle: number; high: number }[],
): Spec {
  const x = quantity("year", "year of release", {
    scale: { zero: false, nice: false },
    axis: { format: "d", tickCount: 5, grid: false },
  });
  return panels("How the features changed", 18, groups(quartiles, ({ feature }) => feature), (feature, own) => {
    const scale = feature === "duration_ms" ? 1 / 60_000 : 1;
    const values = own.map(({ year, low, middle, high }) => (
      { year, low: low * scale, middle: middle * scale, high: high * scale }
    ));
    const y = quantity("middle", titleOf(feature), { scale: { zero: false }, axis: { tickCount: 4 } });
    const look = { band: { opacity: 0.22, color: MAIN_COLOR }, line: { color: MAIN_COLOR } };
    return { width: 184, height: 130, data: { values }, layer: bandLayers(x, y, ["low", "middle", "high"], look) };
  });
}

/**
 * How many artists have how many tracks, both on logarithmic scales, with the power law that fits the tail.
 *
 * @param sizes Number of tracks of each artist.
 */
export function tracksPerArtistPlot(sizes: readonly number[], exponent: number): Spec {
  const points = rollups(sizes, (artists) => artists.length, (tracks) => tracks)
    .map(([tracks, artists]) => ({ tracks, artists })).sort((a, b) => a.tracks - b.tracks);
  const tail = sizes.filter((size) => size >= 2).length;
  const largest = points[points.length - 1].tracks;
  let norm = 0;
  for (let x = 2; x < 10 * largest + 1000; x++) norm += x ** -exponent;
  const law = points.filter(({ tracks }) => tracks >= 2)
    .map(({ tracks }) => ({ tracks, artists: tail * tracks ** -exponent / norm }))
    .filter(({ artists }) => artists > 0.8);
  const encoding = {
    x: logarithmic("tracks", "tracks of the artist (log)", largest),
    y: logarithmic("artists", "artists (log)", sizes.length),
  };
  return {
    title: "Tracks an artist",
    width: 460,
    height: 280,
    layer: [
      {
        data: { values: law },
        mark: { type: "line", color: ACCENT_COLOR, strokeDash: [6, 4] },
        encoding,
      },
      { data: { values: points }, mark: { type: "point", filled: true, opacity: 0.8 }, encoding },
    ],
  };
}

/** In how many positions of playlists each track stands, largest first, by its rank, both on logarithmic scales. */
export function rankFrequencyPlot(counts: readonly number[]): Spec {
  const ranks = [...new Set(Array.from({ length: 120 }, (_, i) => Math.round(counts.length ** (i / 119))))];
  return {
    title: "How often tracks stand in playlists",
    data: { values: ranks.map((rank) => ({ rank, count: counts[rank - 1] })) },
    width: 460,
    height: 260,
    mark: { type: "line", point: { size: 22 } },
    encoding: {
      x: logarithmic("rank", "rank of the track (log)", counts.length),
      y: logarithmic("count", "positions (log)", counts[0]),
    },
  };
}

/**
 * Shares of this catalogue against the real ones: on the diagonal both are the same.
 *
 * @param rows Statistics that are shares, correlations or others within [−1, 1]; the rest is left out.
 */
export function sideBySidePlot(rows: readonly { statistic: string; here: number; real: number }[]): Spec {
  const shares = rows.filter(({ here, real }) => Math.abs(here) <= 1 && Math.abs(real) <= 1);
  const order = shares.map(({ statistic }) => statistic);
  const y = category("statistic", null, { sort: order, axis: { labelLimit: 400 } });
  const ends = shares.flatMap(({ statistic, here, real }) => [
    { statistic, value: here, which: "this catalogue" },
    { statistic, value: real, which: "real catalogues" },
  ]);
  return {
    title: "This catalogue beside real ones",
    width: 380,
    height: { step: 19 },
    encoding: { y },
    layer: [
      {
        data: { values: shares },
        mark: { type: "rule", color: MUTED_COLOR },
        encoding: { x: quantity("real"), x2: { field: "here" } },
      },
      {
        data: { values: ends },
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: {
          x: quantity("value", "share, correlation or share of variance", {
            axis: { values: [-1, -0.8, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1], format: ".1f" },
          }),
          color: colors("which", null, ["this catalogue", "real catalogues"], [MAIN_COLOR, CATEGORY_COLORS[1]], {
            legend: { orient: "top" },
          }),
        },
      },
    ],
  };
}

/** Panels in three columns, one for each group of rows. */
function panels<T>(title: string, gap: number, rows: [string, T[]][], panel: (name: string, own: T[]) => Spec): Spec {
  const concat = rows.map(([name, own]) => panel(name, own));
  return { title, columns: 3, spacing: { row: gap, column: 26 }, concat };
}

const UNITS: Record<string, string> = { loudness: "dB", tempo: "BPM", duration_ms: "minutes" };

function titleOf(feature: string): string {
  return feature.replace("_ms", "").replaceAll("_", " ") + (UNITS[feature] ? ` (${UNITS[feature]})` : "");
}

/** A bar with fewer digits, durations in minutes. */
function rounded({ feature, group, x, from, to, share }: HistogramBar): Omit<HistogramBar, "logarithmic"> {
  const short = (value: number) => Number((feature === "duration_ms" ? value / 60_000 : value).toPrecision(5));
  return { feature, group, x: short(x), from: short(from), to: short(to), share: Number(share.toFixed(5)) };
}

/** A logarithmic axis with a grid at 1, 2, 5, 10, … only, where Vega would draw a line for every digit. */
function logarithmic(field: string, title: string, largest: number): Spec {
  const values: number[] = [];
  for (let power = 1; power <= largest * 2; power *= 10) values.push(power, 2 * power, 5 * power);
  const axis = { values: values.filter((value) => value <= largest * 2), format: "~s" };
  return quantity(field, title, { scale: { type: "log", nice: false }, axis });
}
