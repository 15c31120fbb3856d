/**
 * Figures of the shuffle: the softmax, the walk in the long run, the score term by term, a session.
 *
 * @module
 */
import { cumsum, sum } from "d3-array";
import { trackName } from "../catalog/find.ts";
import type { Distribution } from "../score/distribution.ts";
import type { Explanation } from "../score/explain.ts";
import type { FeatureName } from "../score/features.ts";
import { camelotName, keyMatch, keyPosition } from "../math/circle.ts";
import type { PolicyName, SessionPick } from "../score/session.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import {
  ACCENT_COLOR,
  bandLayers,
  category,
  CATEGORY_COLORS,
  colors,
  LINES_ON_TOP,
  MAIN_COLOR,
  MUTED_COLOR,
  ordinal,
  policyColors,
  quantity,
  shareAxis,
  shorten,
  significant,
  type Spec,
} from "./theme.ts";

/** The features as figures name them, in the order in which they are drawn. */
export const FEATURE_LABELS: Readonly<Record<FeatureName, string>> = {
  similarity: "similarity",
  recency: "recency",
  sameArtist: "same artist",
  keyMatch: "key match",
  clusterDiversity: "cluster diversity",
  sequence: "sequence",
  familiarity: "familiarity",
  feedback: "likes and skips",
  energyArc: "energy arc",
};

/**
 * The softmax at several temperatures: probability by rank of the candidate.
 *
 * @param rows Probability of the candidate of each rank, 1 the most similar, at each temperature.
 * @returns The figure.
 */
export function temperaturePlot(
  rows: readonly { temperature: number; rank: number; probability: number }[],
): Spec {
  const temperatures = [...new Set(rows.map(({ temperature }) => temperature))].sort((a, b) => a - b);
  return {
    title: "The softmax at five temperatures, candidates of one track",
    width: 480,
    data: { values: significant(rows.map((row) => ({ ...row, probability: Math.max(row.probability, 1e-12) }))) },
    mark: { type: "line", point: { size: 18 }, clip: true },
    encoding: {
      x: quantity("rank", "rank of the candidate by similarity", { scale: { nice: false } }),
      y: quantity("probability", "probability (log scale)", {
        scale: { type: "log", domain: [1e-4, 1] },
        axis: { values: [1e-4, 1e-3, 1e-2, 1e-1, 1], format: "~p" },
      }),
      color: ordinal("temperature", "temperature T", {
        scale: { domain: temperatures, range: spread(temperatures.length) },
      }),
    },
  };
}

/**
 * How many candidates are really in play at a temperature: median over tracks and the range of the middle 80 %.
 *
 * @param rows One row a temperature: median over the tracks, 10 % and 90 % quantile.
 * @param neighbors Number of neighbours k, the most there can be.
 * @returns The figure.
 */
export function effectiveCandidatesPlot(
  rows: readonly { temperature: number; low: number; median: number; high: number }[],
  neighbors: number,
): Spec {
  const x = quantity("temperature", "temperature T (log scale)", { scale: { type: "log", nice: false } });
  const y = quantity("y", "effective candidates");
  return {
    title: "How many candidates are really in play",
    data: { values: rows },
    layer: [
      ...bandLayers(x, y, ["low", "median", "high"], { line: { point: true } }),
      {
        data: { values: [{ y: neighbors, label: `all ${neighbors}` }] },
        layer: [
          { mark: { type: "rule", strokeDash: [4, 4] }, encoding: { y } },
          {
            mark: { type: "text", align: "left", x: 4, dy: -7, color: "#5f6368" },
            encoding: { y, text: { field: "label" } },
          },
        ],
      },
    ],
  };
}

/**
 * Lorenz curves turned round: what share of the plays goes to the most played tracks.
 *
 * @param curves Plays, or probability, of each track in any order; the first curve is drawn as the main one.
 * @returns The figure.
 */
export function exposurePlot(curves: readonly { name: string; exposure: ArrayLike<number> }[]): Spec {
  const permille = [0, 1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
  const values = curves.flatMap(({ name, exposure }) => {
    const sorted = Float64Array.from(exposure).sort().reverse();
    const total = sum(sorted);
    const running = [0, ...cumsum(sorted.map((plays) => plays / total))];
    return permille.map((p) => ({ name, tracks: p / 1000, plays: running[Math.round(p / 1000 * sorted.length)] }));
  });
  const names = curves.map(({ name }) => name);
  return {
    title: "Who gets the plays",
    width: 400,
    height: 300,
    data: { values: significant(values) },
    mark: { type: "line", strokeWidth: 2.2 },
    encoding: {
      x: quantity("tracks", "most played tracks, share of all", { axis: { format: "%" } }),
      y: shareAxis("plays", "share of the plays that they get"),
      color: colors("name", null, names, [MAIN_COLOR, ACCENT_COLOR, MUTED_COLOR, ...CATEGORY_COLORS.slice(2)], {
        sort: null,
        legend: { ...LINES_ON_TOP, columns: 1, labelLimit: 360 },
      }),
    },
  };
}

/**
 * How often something comes back within N plays, a line a policy, a panel for tracks and one for artists.
 *
 * @param repeats By policy and kind, `"track"` or `"artist"`: the share of plays that repeat one of the N before, N = 1,
 *   2, …
 * @returns The figure.
 */
export function repeatPlot(
  repeats: readonly { policy: PolicyName; kind: string; rates: ArrayLike<number> }[],
): Spec {
  const values = repeats.flatMap(({ policy, kind, rates }) =>
    Array.from(rates, (rate, i) => ({ policy, kind, window: i + 1, rate }))
  );
  const panel = (kind: string, title: string) => ({
    title,
    width: 260,
    height: 230,
    data: { values: significant(values.filter((row) => row.kind === kind)) },
    mark: { type: "line" },
    encoding: {
      x: quantity("window", "N, plays looked back", { scale: { nice: false } }),
      y: quantity("rate", "share of plays", { axis: { format: "%" } }),
      color: policyColor(repeats.map(({ policy }) => policy)),
    },
  });
  return {
    title: "How often something comes back",
    spacing: 30,
    hconcat: [panel("track", "the same track"), panel("artist", "the same artist")],
  };
}

/**
 * What each policy gives up: how alike consecutive plays are against how often tracks come back.
 *
 * @param rows One row a policy: mean cosine of consecutive plays, share that repeat a track of the last 50.
 * @returns The figure.
 */
export function policyTradeOffPlot(
  rows: readonly { policy: PolicyName; coherence: number; repeats: number }[],
): Spec {
  const names = rows.map(({ policy }) => policy);
  const values = significant(rows);
  return {
    title: "What each policy gives up",
    width: 420,
    height: 280,
    data: { values },
    // Rings of a shape each: two policies may lie on the same spot.
    mark: { type: "point", size: 170, filled: false, strokeWidth: 2.5 },
    encoding: {
      x: quantity("coherence", "mean cosine of consecutive plays", {
        scale: { domain: [Math.min(0, ...values.map(({ coherence }) => coherence)) - 0.05, 1] },
      }),
      y: quantity("repeats", "repeats within 50 plays", {
        axis: { format: "%" },
        scale: { domain: [0, Math.max(0.05, 1.15 * Math.max(...values.map(({ repeats }) => repeats)))] },
      }),
      color: policyColor(names),
      shape: category("policy", "policy", { sort: null, scale: { domain: names } }),
    },
  };
}

/**
 * The recency term against time, for several half-lives.
 *
 * @param halfLives Half-lives in hours.
 * @returns The figure.
 */
export function recencyPlot(halfLives: readonly number[]): Spec {
  const hours = Array.from({ length: 81 }, (_, i) => 10 ** (-1 + i / 20));
  const label = (halfLife: number) => halfLife < 48 ? `${halfLife} hours` : `${halfLife / 24} days`;
  const values = halfLives.flatMap((halfLife) =>
    hours.map((h) => ({ h, x: -(2 ** (-h / halfLife)), halfLife: label(halfLife) }))
  );
  return {
    title: "How the memory of a play fades",
    width: 460,
    data: { values: significant(values) },
    mark: { type: "line" },
    encoding: {
      x: quantity("h", "time since the track was played (log scale)", {
        scale: { type: "log", domain: [0.1, 1000] },
        axis: {
          values: [0.1, 1, 6, 24, 168, 720],
          labelExpr:
            "datum.value == 0.1 ? '6 min' : datum.value == 1 ? '1 hour' : datum.value < 24 ? datum.value + ' h' : datum.value == 24 ? '1 day' : datum.value == 168 ? '1 week' : '30 days'",
        },
      }),
      y: quantity("x", "recency x", { scale: { domain: [-1, 0] } }),
      color: ordinal("halfLife", "half-life", {
        sort: null,
        scale: { domain: halfLives.map(label), range: spread(halfLives.length) },
      }),
    },
  };
}

/**
 * The Camelot wheel, coloured by how well each key goes with one.
 *
 * @param key Pitch class of the key, C = 0.
 * @param mode 1 major, 0 minor.
 * @returns The figure.
 */
export function camelotPlot(key: number, mode: number): Spec {
  const current = keyPosition(key, mode);
  const hours = Array.from({ length: 24 }, (_, i) => {
    const [pitch, m] = [Math.floor(i / 2), i % 2];
    const name = camelotName(pitch, m);
    const match = keyMatch(current, keyPosition(pitch, m));
    return { name, hour: Number.parseInt(name) % 12, ring: m, match };
  });
  const ring = (m: number, inner: number, outer: number) => ({
    data: { values: significant(hours.filter((h) => h.ring === m)) },
    encoding: {
      theta: quantity("slice", undefined, { stack: true }),
      order: { field: "hour" },
    },
    transform: [{ calculate: "1", as: "slice" }],
    layer: [
      {
        mark: { type: "arc", innerRadius: inner, outerRadius: outer, stroke: "#ffffff", thetaOffset: -Math.PI / 12 },
        encoding: {
          color: quantity("match", "keyMatch", { scale: { scheme: "viridis", domain: [0, 1] } }),
        },
      },
      {
        mark: { type: "text", radius: (inner + outer) / 2, fontSize: 13, thetaOffset: -Math.PI / 12 },
        encoding: {
          text: { field: "name" },
          color: { condition: { test: "datum.match > 0.6", value: "#202124" }, value: "#ffffff" },
        },
      },
    ],
  });
  return {
    title: {
      text: `Keys that go with ${camelotName(key, mode)}`,
      subtitle: "outer ring major (B), inner ring minor (A)",
    },
    width: 300,
    height: 300,
    layer: [ring(1, 100, 145), ring(0, 55, 100)],
  };
}

/**
 * The most probable candidates with the contributions of every term, as bars to the left and to the right of the mean
 * candidate.
 *
 * @param distribution The distribution.
 * @param count How many candidates.
 * @returns The figure.
 */
export function contributionsPlot(distribution: Distribution, count: number = 12): Spec {
  const { catalog } = distribution.state.collection;
  const top = distribution.top(count);
  const labels = top.map(({ track, probability }, i) =>
    `${i + 1}. ${shorten(trackName(catalog, track), 34)} (${(100 * probability).toFixed(1)} %)`
  );
  const features = distribution.featureNames.filter((_, f) => distribution.weights[f] !== 0);
  const values = top.flatMap(({ track }, i) =>
    distribution.explain(track).contributions
      .filter(({ feature }) => features.includes(feature))
      .map(({ feature, contribution }) => ({
        candidate: labels[i],
        feature: FEATURE_LABELS[feature],
        place: features.indexOf(feature),
        contribution,
      }))
  );
  const y = category("candidate", null, { sort: null, axis: { labelLimit: 480, labelFontSize: 11 } });
  return {
    title: `What sets the ${top.length} most probable candidates apart`,
    width: 360,
    height: { step: 22 },
    data: { values: significant(values) },
    layer: [
      {
        mark: { type: "bar" },
        encoding: {
          y,
          x: quantity("contribution", "contribution to the utility, against the mean candidate"),
          color: featureColor(features),
          order: { field: "place" },
        },
      },
      { mark: { type: "rule", color: "#3c4043" }, encoding: { x: { datum: 0 } } },
    ],
  };
}

/**
 * One candidate explained: from the mean candidate term by term to its own log-probability, at temperature 1.
 *
 * @param collection The collection, for the name.
 * @param explanation The explanation.
 * @returns The figure.
 */
export function explanationPlot(collection: Collection, explanation: Explanation): Spec {
  const terms = explanation.contributions.filter(({ weight }) => weight !== 0);
  const levels = cumsum([explanation.base, ...terms.map(({ contribution }) => contribution)]);
  const level = (name: string, to: number) => {
    const label = `${(100 * Math.exp(to)).toFixed(to < -5 ? 2 : 1)} %`;
    return { name, from: to, to, kind: "level", label, end: to };
  };
  const rows = [
    level("mean candidate", levels[0]),
    ...terms.map(({ feature, contribution }, i) => ({
      name: FEATURE_LABELS[feature],
      from: levels[i],
      to: levels[i + 1],
      kind: contribution >= 0 ? "raises" : "lowers",
      label: signed(contribution),
      end: Math.max(levels[i], levels[i + 1]),
    })),
    level("this track", levels[terms.length]),
  ];
  const y = category("name", null, { sort: rows.map(({ name }) => name), axis: { labelFontSize: 12 } });
  const x = { type: "quantitative", title: "log-probability, ln P", scale: { zero: false, padding: 30 } };
  return {
    title: {
      text: `Why ${shorten(trackName(collection.catalog, explanation.track), 40)}`,
      subtitle: lines(explanation.sentence, 50),
    },
    width: 420,
    height: { step: 28 },
    data: { values: significant(rows) },
    layer: [
      {
        transform: [{ filter: "datum.kind != 'level'" }],
        mark: { type: "bar", height: 18 },
        encoding: {
          y,
          x: { field: "from", ...x },
          x2: { field: "to" },
          color: colors("kind", null, ["raises", "lowers"], [MAIN_COLOR, ACCENT_COLOR], {
            legend: { orient: "bottom" },
          }),
        },
      },
      {
        transform: [{ filter: "datum.kind == 'level'" }],
        mark: { type: "tick", thickness: 4, size: 22, color: "#202124" },
        encoding: { y, x: { field: "to", ...x } },
      },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 11 },
        encoding: { y, x: { field: "end", ...x }, text: { field: "label" } },
      },
    ],
  };
}

/**
 * A live view of the score: sliders for the weights and the temperature move the probabilities of the candidates. Where
 * nothing can be moved (in a picture), it shows the given weights.
 *
 * @param distribution The distribution to start from.
 * @param count How many candidates are shown; the softmax runs over all of them.
 * @returns The figure.
 */
export function livePlot(distribution: Distribution, count: number = 15): Spec {
  const { catalog } = distribution.state.collection;
  const { candidates, features, featureNames, weights } = distribution;
  const width = featureNames.length;
  const names = featureNames.filter((name, f) => name !== "sequence" && (f < 5 || weights[f] !== 0));
  const values = Array.from(candidates, (track, c) => ({
    name: shorten(trackName(catalog, track), 38),
    ...Object.fromEntries(names.map((name) => [name, features[c * width + featureNames.indexOf(name)]])),
  }));
  const weightOf = (name: FeatureName) => weights[featureNames.indexOf(name)];
  const slider = (name: string, value: number, [min, max]: number[], step: number, label: string) => ({
    name,
    value,
    bind: { input: "range", min, max, step, name: `${label} ` },
  });
  const range = (name: FeatureName) => name === "similarity" ? [0, 30] : name === "recency" ? [-4, 12] : [-4, 4];
  const temperature = Number.isFinite(distribution.temperature) ? Math.max(0.05, distribution.temperature) : 5;
  return {
    title: {
      text: "The next track, live",
      subtitle: lines(
        `at first: ${
          [...names.map((name) => `${FEATURE_LABELS[name]} ${weightOf(name)}`), `T ${temperature}`].join(", ")
        }`
          .replaceAll("-", "−"),
        70,
      ),
    },
    width: 400,
    height: { step: 20 },
    params: [
      ...names.map((name) => slider(`w_${name}`, weightOf(name), range(name), 0.1, FEATURE_LABELS[name])),
      slider("temperature", temperature, [0.05, 5], 0.05, "temperature T"),
    ],
    data: { values: significant(values) },
    transform: [
      { calculate: names.map((name) => `w_${name} * datum.${name}`).join(" + "), as: "utility" },
      { joinaggregate: [{ op: "max", field: "utility", as: "largest" }] },
      { calculate: "exp((datum.utility - datum.largest) / temperature)", as: "weight" },
      { joinaggregate: [{ op: "sum", field: "weight", as: "total" }] },
      { calculate: "datum.weight / datum.total", as: "probability" },
      { window: [{ op: "row_number", as: "rank" }], sort: [{ field: "probability", order: "descending" }] },
      { filter: `datum.rank <= ${count}` },
      // Two takes may have one name: the rank keeps their bars apart.
      { calculate: "datum.rank + '. ' + datum.name", as: "candidate" },
    ],
    encoding: {
      y: category("candidate", null, { sort: { field: "rank", op: "min" }, axis: { labelLimit: 480 } }),
      x: quantity("probability", `probability of the next track, the ${count} likeliest of ${candidates.length}`, {
        axis: { format: ".1~%" },
      }),
      tooltip: [...names.map((name) => ({ field: name, format: ".2f" })), { field: "probability", format: ".1%" }],
    },
    layer: [
      { mark: { type: "bar", height: 14 } },
      {
        mark: { type: "text", align: "left", dx: 4, fontSize: 11 },
        encoding: { text: { field: "probability", format: ".1%" } },
      },
    ],
  };
}

/**
 * Sessions drawn on a map of the catalogue, a panel each: the walk as a numbered line over all tracks.
 *
 * @param sessions The sessions: what to call each, and its tracks.
 * @param layout Two coordinates a track [n, 2], row-major: UMAP, or the first two principal components.
 * @param background Tracks drawn behind, each with its cluster.
 * @param axes Names of the two axes.
 * @returns The figure.
 */
export function sessionMapPlot(
  sessions: readonly { name: string; picks: readonly Pick<SessionPick, "track" | "step">[] }[],
  layout: ArrayLike<number>,
  background: readonly { track: TrackIndex; cluster: number }[],
  axes: readonly [string, string],
): Spec {
  const at = (track: TrackIndex) => ({ x: layout[2 * track], y: layout[2 * track + 1] });
  const clusters = [...new Set(background.map(({ cluster }) => cluster))].sort((a, b) => a - b);
  const hidden = { scale: { zero: false }, axis: { grid: false, labels: false, ticks: false } };
  const position = { x: quantity("x", axes[0], hidden), y: quantity("y", axes[1], hidden) };
  const outline = { color: "#ffffff", stroke: "#202124", strokeWidth: 1.2 };
  return {
    spacing: 24,
    hconcat: sessions.map(({ name, picks }) => {
      const walk = significant(picks.map(({ track, step }) => ({ ...at(track), step, label: String(step + 1) })));
      return {
        title: name,
        width: 336,
        height: 340,
        layer: [
          {
            data: { values: significant(background.map(({ track, cluster }) => ({ ...at(track), cluster }))) },
            mark: { type: "circle", size: 8, opacity: 0.5 },
            encoding: {
              ...position,
              color: category("cluster", undefined, { legend: null, scale: { domain: clusters, scheme: "tableau20" } }),
            },
          },
          {
            data: { values: walk },
            mark: { type: "line", color: "#202124", strokeWidth: 1.2, opacity: 0.8 },
            encoding: { ...position, order: { field: "step" } },
          },
          {
            data: { values: walk },
            mark: { type: "point", filled: true, size: 170, opacity: 1, ...outline },
            encoding: position,
          },
          {
            data: { values: walk },
            mark: { type: "text", fontSize: 9, fontWeight: 600, color: "#202124" },
            encoding: { ...position, text: { field: "label" } },
          },
        ],
      };
    }),
  };
}

/**
 * A session on a timeline: energy (with the arc it should follow), tempo and key of its tracks.
 *
 * @param collection The collection.
 * @param picks The session.
 * @param target Target energy at each step, when the session had an arc.
 * @returns The figure.
 */
export function timelinePlot(collection: Collection, picks: readonly SessionPick[], target?: readonly number[]): Spec {
  const { energy, tempo, key, mode } = collection.catalog.numbers;
  const start = picks[0].at;
  const values = picks.map(({ track, step, at }) => {
    const name = camelotName(key?.[track] ?? NaN, mode?.[track] ?? NaN);
    return {
      minute: (at - start) / 60_000,
      energy: energy?.[track] ?? null,
      target: target?.[step] ?? null,
      tempo: tempo?.[track] || null,
      key: name,
      hour: name === "?" ? null : Number.parseInt(name),
      mode: name.endsWith("A") ? "minor (A)" : "major (B)",
    };
  });
  const axis = { labels: false, ticks: false };
  const x = (title: string | null) =>
    quantity("minute", title, { scale: { nice: false, padding: 14 }, axis: title === null ? axis : {} });
  const dashed = { type: "line", color: ACCENT_COLOR, strokeDash: [6, 4] };
  const line = (field: string, title: string, extra: Spec = {}) => ({
    mark: { type: "line", point: { size: 45 } },
    encoding: { x: x(null), y: quantity(field, title, { scale: { zero: false }, ...extra }) },
  });
  return {
    title: { text: "The session on a timeline", subtitle: target ? "dashed: the energy that was asked for" : "" },
    data: { values: significant(values) },
    spacing: 12,
    vconcat: [
      {
        width: 560,
        height: 130,
        layer: [
          line("energy", "energy", { scale: { domain: [0, 1] } }),
          ...(target ? [{ mark: dashed, encoding: { x: x(null), y: quantity("target") } }] : []),
        ],
      },
      { width: 560, height: 90, ...line("tempo", "tempo (BPM)") },
      {
        width: 560,
        height: 130,
        encoding: {
          x: x("minutes since the session began"),
          y: quantity("hour", "Camelot hour", {
            scale: { domain: [0.5, 12.5], nice: false },
            axis: { values: [1, 4, 8, 12] },
          }),
        },
        layer: [
          { mark: { type: "line", color: MUTED_COLOR, strokeWidth: 1 } },
          {
            mark: { type: "point", filled: true, size: 300, opacity: 1 },
            encoding: {
              color: colors("mode", null, ["major (B)", "minor (A)"], [CATEGORY_COLORS[5], CATEGORY_COLORS[1]], {
                legend: { orient: "bottom" },
              }),
            },
          },
          { mark: { type: "text", fontSize: 9, fontWeight: 600 }, encoding: { text: { field: "key" } } },
        ],
      },
    ],
  };
}

/**
 * What the familiar–discover slider does to a session.
 *
 * @param points One row a position, 0 familiar to 1 discover: share of plays that the listener knew before, share by an
 *   artist known before, mean cosine of consecutive plays.
 * @returns The figure.
 */
export function sliderPlot(
  points: readonly { discover: number; known: number; knownArtist: number; coherence: number }[],
): Spec {
  const names = ["tracks known before (share)", "artists known before (share)", "cosine of consecutive plays"];
  const values = points.flatMap(({ discover, known, knownArtist, coherence }) =>
    [known, knownArtist, coherence].map((value, i) => ({ discover, what: names[i], value }))
  );
  return {
    title: "From familiar to discover",
    data: { values: significant(values) },
    mark: { type: "line", point: true },
    encoding: {
      x: quantity("discover", "position of the slider: 0 familiar, 1 discover"),
      y: quantity("value", "mean over the sessions", { scale: { domain: [0, 1] } }),
      color: colors("what", null, names, CATEGORY_COLORS.slice(0, 3), {
        sort: null,
        legend: { ...LINES_ON_TOP, columns: 1, labelLimit: 300 },
      }),
    },
  };
}

function featureColor(features: readonly FeatureName[]): Spec {
  const domain = features.map((name) => FEATURE_LABELS[name]);
  const order = Object.keys(FEATURE_LABELS) as FeatureName[];
  const range = features.map((name) => CATEGORY_COLORS[order.indexOf(name) % CATEGORY_COLORS.length]);
  return colors("feature", null, domain, range, { sort: null, legend: { orient: "top", columns: 3 } });
}

function policyColor(policies: readonly PolicyName[]): Spec {
  const domain = [...new Set(policies)];
  return colors("policy", "policy", domain, policyColors(domain), {
    sort: null,
    legend: { symbolType: "stroke", symbolStrokeWidth: 3 },
  });
}

/** Colours for an ordered handful: steps of viridis, without its palest end. */
function spread(count: number): string[] {
  const steps = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151"];
  return Array.from({ length: count }, (_, i) => steps[Math.round(i * (steps.length - 1) / Math.max(1, count - 1))]);
}

/** With its sign, and plain 0 for what rounds to it. */
function signed(value: number): string {
  const size = Math.abs(value).toFixed(2);
  return Number(size) === 0 ? "0" : `${value > 0 ? "+" : "−"}${size}`;
}

/** Breaks a text at commas into lines of about a length. */
function lines(text: string, length: number): string[] {
  const result: string[] = [];
  for (const part of text.split(", ")) {
    const last = result[result.length - 1];
    if (last !== undefined && last.length + part.length < length) result[result.length - 1] = `${last}, ${part}`;
    else result.push(part);
  }
  return result;
}
