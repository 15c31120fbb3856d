/**
 * The idea in one picture: from the catalogue to the next track and back, every number in it taken from a collection.
 */
import { extent, max, maxIndex, range, sum } from "d3-array";
import { listsOf, textsOf } from "../catalog/catalog.ts";
import { InputError } from "../data/errors.ts";
import type { FeatureSpec } from "../features/spec.ts";
import { egoNetwork } from "../graph/ego.ts";
import { type Matrix, row } from "../math/matrix.ts";
import type { Distribution } from "../score/distribution.ts";
import { recency } from "../score/terms/recency.ts";
import { sequence } from "../score/terms/sequence.ts";
import type { Term } from "../score/terms/term.ts";
import { camelotName } from "../math/circle.ts";
import { termColor } from "./score.ts";
import {
  ACCENT_COLOR,
  category,
  CATEGORY_COLORS,
  MAIN_COLOR,
  MUTED_COLOR,
  quantity,
  shorten,
  type Spec,
} from "./theme.ts";

/** What the picture is drawn from. */
export interface IdeaSource {
  /** P(next | current) of one moment: the current track, its candidates, their terms. */
  distribution: Distribution;
  /** The encoded features [n, d]. */
  features: Matrix;
  /** What their columns mean. */
  spec: FeatureSpec;
  /** Places of the tracks in the plane [n, 2]. */
  layout: Matrix;
  /** The candidate that was drawn. */
  picked: number;
}

const [WIDTH, HEIGHT] = [800, 500];
const [INK, GREY, LINE] = ["#202124", "#5f6368", "#80868b"];
/** Candidates whose terms are drawn. */
const CANDIDATES = 5;

/**
 * Draws how a pick comes about: catalogue, features, embedding, neighbour graph, score, softmax, pick, and the way back
 * from what was played to the next score. It is 800 pixels wide, so that a README shows it at its own size.
 *
 * @throws {InputError} When the moment has fewer than five candidates.
 */
export function ideaPlot(source: IdeaSource): Spec {
  const { distribution } = source;
  if (distribution.candidates.length < CANDIDATES) {
    throw new InputError(
      `Expected ${CANDIDATES} candidates or more to draw but found ${distribution.candidates.length}`,
    );
  }
  const likeliest = distribution.top(CANDIDATES).map(({ track }) => track);
  const shown = [...new Set([source.picked, heldBack(distribution), ...likeliest])]
    .slice(0, CANDIDATES)
    .sort((a, b) => chance(distribution, b) - chance(distribution, a));
  const tracks = [distribution.current, ...shown];
  const drawing = new Drawing();
  drawCatalog(drawing, source, tracks);
  drawFeatures(drawing, source, tracks);
  drawMap(drawing, source);
  drawGraph(drawing, source, shown);
  drawScore(drawing, source, shown);
  drawSoftmax(drawing, source, shown);
  drawPick(drawing, source);
  for (const x of [206, 388, 594]) drawing.arrow([[x, 112], [x + 20, 112]]);
  for (const x of [448, 606]) drawing.arrow([[x, 384], [x + 20, 384]]);
  drawing.arrow([[708, 204], [708, 222], [225, 222], [225, 238]]);
  drawing.text(466, 213, "the neighbours that the rules allow are the candidates", { color: GREY, align: "center" });
  drawing.arrow([[715, 460], [715, 490], [225, 490], [225, 466]]);
  drawing.text(470, 481, "what is played, skipped or liked is remembered, and the next score is another one", {
    color: ACCENT_COLOR,
    align: "center",
  });
  return drawing.spec();
}

function drawCatalog(drawing: Drawing, { distribution }: IdeaSource, tracks: readonly number[]): void {
  const { catalog } = distribution.state.collection;
  drawing.heading(0, 12, "1", "Catalogue", `${catalog.length.toLocaleString("en-US")} tracks`);
  const [titles, artists] = [textsOf(catalog, "title"), listsOf(catalog, "artists")];
  tracks.forEach((track, r) => {
    const y = trackRow(r);
    const first = r === 0;
    drawing.text(0, y, shorten(`${titles[track]} · ${artists[track][0]}`, first ? 25 : 27), { bold: first });
    drawing.text(200, y, camelotName(catalog.numbers.key?.[track] ?? NaN, catalog.numbers.mode?.[track] ?? NaN), {
      align: "right",
      color: GREY,
    });
  });
}

function drawFeatures(drawing: Drawing, { features, spec }: IdeaSource, tracks: readonly number[]): void {
  const columns = spec.columns.map((column, c) => ({ ...column, c }));
  const audio = columns.filter(({ kind }) => kind === "z-score").slice(0, 10);
  drawing.heading(232, 12, "2", "Features", `${features.columns} numbers a track`);
  const size = 150 / audio.length;
  tracks.forEach((track, r) => {
    audio.forEach(({ c, weight }, i) => {
      const z = row(features, track)[c] / weight;
      drawing.rectangle(232 + i * size, trackRow(r) - 10, size - 1.5, 19, diverging(z));
    });
  });
  drawing.text(232, 194, `${audio[0].name} … ${audio.at(-1)!.name.replace("_ms", "")}`, { color: GREY, size: 10 });
}

function drawMap(drawing: Drawing, { distribution, layout }: IdeaSource): void {
  const { collection } = distribution.state;
  const { embedding, clusters } = collection;
  drawing.heading(414, 12, "3", "Embedding", "by PCA or an autoencoder");
  const every = Math.max(1, Math.floor(layout.rows / 500));
  const rows = range(0, layout.rows, every);
  const place = fit(rows.map((r) => row(layout, r)), 418, 54, 170, 122);
  for (const r of rows) {
    drawing.dot(...place(row(layout, r)), 7, CATEGORY_COLORS[(clusters[r] ?? 0) % 6], 0.55);
  }
  drawing.dot(...place(row(layout, distribution.current)), 90, INK);
  drawing.text(503, 194, `${embedding.columns} dimensions, drawn in 2`, { color: GREY, size: 10, align: "center" });
}

function drawGraph(drawing: Drawing, { distribution, picked }: IdeaSource, shown: readonly number[]): void {
  const { graph, embedding } = distribution.state.collection;
  const degree = graph.offsets[distribution.current + 1] - graph.offsets[distribution.current];
  drawing.heading(620, 12, "4", "Neighbour graph", `${degree} by cosine, ${Math.min(degree, 22)} drawn`);
  const { nodes, edges } = egoNetwork(graph, embedding, distribution.current, Math.min(degree, 22));
  const place = fit(nodes.map(({ x, y }) => [x, y]), 628, 56, 160, 126);
  const at = nodes.map(({ x, y }) => place([x, y]));
  for (const { from, to } of edges) {
    if (from > 0) drawing.line(at[from], at[to], "#dadce0", 0.8);
  }
  for (let n = 1; n < nodes.length; n++) drawing.line(at[0], at[n], "#9ec3de", 1.1);
  nodes.forEach(({ track }, n) => {
    const color = n === 0 ? INK : track === picked ? ACCENT_COLOR : shown.includes(track) ? MAIN_COLOR : LINE;
    drawing.dot(...at[n], n === 0 || track === picked ? 90 : 40, color);
  });
}

function drawScore(drawing: Drawing, { distribution }: IdeaSource, shown: readonly number[]): void {
  const { catalog } = distribution.state.collection;
  drawing.heading(0, 250, "5", "Score", "weights × terms, against the mean candidate");
  const used = distribution.terms;
  // The sequence term is drawn pale until a model is trained.
  const terms: readonly Term[] = used.includes(sequence) ? used : [...used, sequence];
  terms.forEach((term, t) => {
    const [x, y] = [[0, 100, 220][t % 3], 288 + 16 * Math.floor(t / 3)];
    drawing.rectangle(x, y - 5, 10, 10, used.includes(term) ? termColor(term) : "#e8eaed");
    const label = used.includes(term) ? term.label : `${term.label} (once a model is trained)`;
    drawing.text(x + 14, y, label, { color: used.includes(term) ? INK : MUTED_COLOR });
  });
  const explained = shown.map((track) =>
    distribution.explain(track).contributions.map(({ contribution }) => contribution)
  );
  const [most, least] = [1, -1].map((sign) =>
    max(explained, (values) => sum(values, (value) => Math.max(0, sign * value)))!
  );
  const unit = 275 / (most + least || 1);
  const zero = 165 + least * unit;
  shown.forEach((track, r) => {
    const y = candidateRow(r);
    drawing.text(0, y, shorten(textsOf(catalog, "title")[track] ?? "?", 24));
    const ends = { up: zero, down: zero };
    explained[r].forEach((value, t) => {
      const length = Math.abs(value) * unit;
      if (value < 0) ends.down -= length;
      drawing.rectangle(value < 0 ? ends.down : ends.up, y - 8, length, 16, termColor(used[t]));
      if (value >= 0) ends.up += length;
    });
  });
  drawing.line([zero, candidateRow(0) - 13], [zero, candidateRow(shown.length - 1) + 13], INK, 1);
}

function drawSoftmax(drawing: Drawing, { distribution, picked }: IdeaSource, shown: readonly number[]): void {
  drawing.heading(478, 250, "6", "Softmax", "the chance of each");
  const most = Math.max(...shown.map((track) => chance(distribution, track)));
  shown.forEach((track, r) => {
    const p = chance(distribution, track);
    drawing.rectangle(478, candidateRow(r) - 8, 78 * p / most, 16, track === picked ? ACCENT_COLOR : MAIN_COLOR);
    drawing.text(478 + 78 * p / most + 5, candidateRow(r), `${(100 * p).toFixed(1)} %`, { color: GREY });
  });
}

function drawPick(drawing: Drawing, { distribution, picked }: IdeaSource): void {
  const { catalog } = distribution.state.collection;
  drawing.heading(632, 250, "7", "Pick", "by chance, with reasons");
  drawing.rectangle(632, 320, 168, 130, "#fdf1ea");
  drawing.text(642, 337, shorten(textsOf(catalog, "title")[picked] ?? "?", 20), { bold: true, size: 12 });
  drawing.text(642, 353, shorten(listsOf(catalog, "artists")[picked].join(", "), 26), { color: GREY });
  distribution.explain(picked).sentence.split(", ").slice(0, 4).forEach((reason, i) =>
    drawing.text(642, 376 + 16 * i, shorten(reason, 27))
  );
}

/** Middle of a row of the catalogue's corner, and of a row of the candidates. */
const trackRow = (r: number) => 64 + 21 * r;
const candidateRow = (r: number) => 334 + 25 * r;

/** The candidate whose terms but for recency would serve it best: the one that memory holds back most. */
function heldBack(distribution: Distribution): number {
  const { candidates, values, terms, weights, utilities } = distribution;
  const f = terms.indexOf(recency);
  const loss = (c: number) => weights[f] * values[c * terms.length + f];
  const without = utilities.map((utility, c) => loss(c) < -0.5 ? utility - loss(c) : -Infinity);
  return candidates[maxIndex(without)];
}

function chance(distribution: Distribution, track: number): number {
  return distribution.probabilities[distribution.candidates.indexOf(track)];
}

/** Blue for what lies below the mean, orange above, white at it; two standard deviations are full colour. */
function diverging(z: number): string {
  const share = Math.min(1, Math.abs(z) / 2);
  const end = z < 0 ? [0, 114, 178] : [213, 94, 0];
  return `rgb(${end.map((value) => Math.round(245 + (value - 245) * share)).join()})`;
}

/** Maps points into a box of the picture, the second coordinate upwards. */
function fit(
  points: readonly ArrayLike<number>[],
  left: number,
  top: number,
  width: number,
  height: number,
): (point: ArrayLike<number>) => [number, number] {
  const [across, up] = [0, 1].map((axis) => extent(points, (point) => point[axis]) as [number, number]);
  const share = (value: number, [low, high]: [number, number]) => (value - low) / (high - low || 1);
  return (point) => [left + width * share(point[0], across), top + height * (1 - share(point[1], up))];
}

type Point = readonly [x: number, y: number];

interface TextStyle {
  align?: "left" | "center" | "right";
  bold?: boolean;
  color?: string;
  size?: number;
}

/** A picture put together from marks at given pixels, as layers of a Vega-Lite specification. */
class Drawing {
  readonly #layers: { mark: Spec; values: Spec[] }[] = [];

  /** Text whose middle line is at y. */
  text(x: number, y: number, text: string, { align = "left", bold, color = INK, size = 11 }: TextStyle = {}): void {
    const mark = { type: "text", align, baseline: "middle", fontWeight: bold ? 600 : 400, fontSize: size };
    this.#add(mark, { x, y, text, color });
  }

  /** A numbered heading with a line below. */
  heading(x: number, y: number, number: string, title: string, subtitle: string): void {
    this.dot(x + 9, y, 300, INK);
    this.#add({ type: "text", baseline: "middle", fontWeight: 600, fontSize: 11 }, {
      x: x + 9,
      y,
      text: number,
      color: "#ffffff",
    });
    this.text(x + 24, y, title, { bold: true, size: 14 });
    this.text(x + 24, y + 17, subtitle, { color: GREY });
  }

  rectangle(x: number, y: number, width: number, height: number, color: string): void {
    if (width > 0) this.#add({ type: "rect" }, { x, y, x2: x + width, y2: y + height, color });
  }

  dot(x: number, y: number, size: number, color: string, opacity: number = 1): void {
    this.#add({ type: "point", filled: true, shape: "circle", opacity }, { x, y, size, color });
  }

  line([x, y]: Point, [x2, y2]: Point, color: string, strokeWidth: number): void {
    this.#add({ type: "rule", strokeWidth }, { x, y, x2, y2, color });
  }

  /** A line through points with a head at its end. */
  arrow(points: readonly Point[]): void {
    for (let p = 1; p < points.length; p++) this.line(points[p - 1], points[p], LINE, 1.5);
    const [[x1, y1], [x, y]] = points.slice(-2);
    const shape = `triangle-${x > x1 ? "right" : x < x1 ? "left" : y > y1 ? "down" : "up"}`;
    this.#add({ type: "point", filled: true, opacity: 1, shape }, { x, y, size: 70, color: LINE });
  }

  /** The picture. */
  spec(): Spec {
    const place = (field: string) => quantity(field, undefined, { scale: null, axis: null });
    return {
      width: WIDTH,
      height: HEIGHT,
      padding: 8,
      autosize: { type: "none" },
      layer: this.#layers.map(({ mark, values }) => ({
        data: { values },
        mark: { clip: false, ...mark },
        encoding: {
          x: place("x"),
          y: place("y"),
          ...("x2" in values[0] && { x2: { field: "x2" }, y2: { field: "y2" } }),
          ...("text" in values[0] && { text: { field: "text" } }),
          ...("size" in values[0] && { size: quantity("size", undefined, { scale: null, legend: null }) }),
          color: category("color", undefined, { scale: null, legend: null }),
        },
      })),
    };
  }

  /** What is drawn later lies on top; marks of one look that follow each other share a layer. */
  #add(mark: Spec, value: Spec): void {
    const rounded = Object.fromEntries(
      Object.entries(value).map(([key, v]) => [key, typeof v === "number" ? Number(v.toFixed(1)) : v]),
    );
    const last = this.#layers.at(-1);
    if (last && JSON.stringify(last.mark) === JSON.stringify(mark)) last.values.push(rounded);
    else this.#layers.push({ mark, values: [rounded] });
  }
}
