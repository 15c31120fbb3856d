/** Figures of the score: keys that go together, what terms add to a candidate, and a live view. */
import { cumsum } from "d3-array";
import { trackName } from "../catalog/find.ts";
import { camelotName, keyMatch, keyPosition } from "../math/circle.ts";
import type { Collection } from "../score/collection.ts";
import type { Distribution, Explanation } from "../score/distribution.ts";
import { TERMS } from "../score/terms/registry.ts";
import type { Term } from "../score/terms/term.ts";
import {
  ACCENT_COLOR,
  category,
  CATEGORY_COLORS,
  colors,
  MAIN_COLOR,
  quantity,
  shorten,
  significant,
  type Spec,
} from "./theme.ts";

/** A colour for each term: the palette, and darker ones behind it. */
const TERM_COLORS = [...CATEGORY_COLORS, "#5f6368", "#882255", "#44aa99"];

/** The colour of a term, the same in all figures: by its place in the registry. */
export function termColor({ name }: Term): string {
  const place = TERMS.findIndex((term) => term.name === name);
  return TERM_COLORS[(place < 0 ? TERMS.length : place) % TERM_COLORS.length];
}

/**
 * The Camelot wheel, coloured by how well each key goes with one.
 *
 * @param key Pitch class of the key, C = 0.
 * @param mode 1 major, 0 minor.
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
 */
export function contributionsPlot(distribution: Distribution, count: number = 12): Spec {
  const { catalog } = distribution.state.collection;
  const top = distribution.top(count);
  const labels = top.map(({ track, probability }, i) =>
    `${i + 1}. ${shorten(trackName(catalog, track), 34)} (${(100 * probability).toFixed(1)} %)`
  );
  const terms = distribution.terms.filter((_, f) => distribution.weights[f] !== 0);
  const values = top.flatMap(({ track }, i) =>
    distribution.explain(track).contributions.filter(({ weight }) => weight !== 0)
      .map(({ term, contribution }, place) => ({ candidate: labels[i], term: term.label, place, contribution }))
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
          color: colors("term", null, terms.map(({ label }) => label), terms.map(termColor), {
            sort: null,
            legend: { orient: "top", columns: 3 },
          }),
          order: { field: "place" },
        },
      },
      { mark: { type: "rule", color: "#3c4043" }, encoding: { x: { datum: 0 } } },
    ],
  };
}

/** One candidate explained: from the mean candidate term by term to its own log-probability, at temperature 1. */
export function explanationPlot(collection: Collection, explanation: Explanation): Spec {
  const terms = explanation.contributions.filter(({ weight }) => weight !== 0);
  const levels = cumsum([explanation.base, ...terms.map(({ contribution }) => contribution)]);
  const level = (name: string, to: number) => {
    const label = `${(100 * Math.exp(to)).toFixed(to < -5 ? 2 : 1)} %`;
    return { name, from: to, to, kind: "level", label, end: to };
  };
  const rows = [
    level("mean candidate", levels[0]),
    ...terms.map(({ term, contribution }, i) => ({
      name: term.label,
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
 * @param count How many candidates are shown; the softmax runs over all of them.
 */
export function livePlot(distribution: Distribution, count: number = 15): Spec {
  const { catalog } = distribution.state.collection;
  const { candidates, values: x, weights } = distribution;
  const columns = distribution.terms.map((term, f) => ({ ...term, f, weight: weights[f] }));
  const shown = columns.filter(({ optional, weight }) => !optional || weight !== 0);
  const values = Array.from(candidates, (track, c) => ({
    name: shorten(trackName(catalog, track), 38),
    ...Object.fromEntries(shown.map(({ name, f }) => [name, x[c * columns.length + f]])),
  }));
  const slider = (name: string, value: number, [min, max]: readonly number[], step: number, label: string) => ({
    name,
    value,
    bind: { input: "range", min: Math.min(min, value), max: Math.max(max, value), step, name: `${label} ` },
  });
  const temperature = Number.isFinite(distribution.temperature) ? Math.max(0.05, distribution.temperature) : 5;
  return {
    title: {
      text: "The next track, live",
      subtitle: lines(
        `at first: ${[...shown.map(({ label, weight }) => `${label} ${weight}`), `T ${temperature}`].join(", ")}`
          .replaceAll("-", "−"),
        70,
      ),
    },
    width: 400,
    height: { step: 20 },
    params: [
      ...shown.map(({ name, weight, slider: range = [-5, 5], label }) =>
        slider(`w_${name}`, weight, range, 0.1, label)
      ),
      slider("temperature", temperature, [0.05, 5], 0.05, "temperature T"),
    ],
    data: { values: significant(values) },
    transform: [
      { calculate: shown.map(({ name }) => `w_${name} * datum.${name}`).join(" + "), as: "utility" },
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
      tooltip: [...shown.map(({ name }) => ({ field: name, format: ".2f" })), { field: "probability", format: ".1%" }],
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
