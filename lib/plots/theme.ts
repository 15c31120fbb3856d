/**
 * One look for every figure.
 *
 * @module
 */

/** A Vega-Lite v5 specification. Kept loose on purpose: JupyterLab renders v5, the compiler's types are of v6. */
export type Spec = Record<string, unknown>;

/** The schema that JupyterLab's renderer knows. */
export const VEGA_LITE_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** Okabe and Ito's eight colours, told apart with every common colour-vision deficiency (jfly.uni-koeln.de/color). */
export const CATEGORY_COLORS: readonly string[] = [
  "#0072B2",
  "#E69F00",
  "#009E73",
  "#D55E00",
  "#CC79A7",
  "#56B4E9",
  "#F0E442",
  "#000000",
];

/** The colour of a single series. */
export const MAIN_COLOR = "#0072B2";
/** The colour that sets one thing against the main series. */
export const ACCENT_COLOR = "#D55E00";
/** The colour of references and of what is not the point. */
export const MUTED_COLOR = "#9AA0A6";

/** A legend above a figure of lines: its symbols are strokes. */
export const LINES_ON_TOP: Spec = { orient: "top", symbolType: "stroke", symbolStrokeWidth: 3 };

/**
 * A field on a scale of numbers.
 *
 * @param field The field.
 * @param title Title of its axis or legend, with the unit; null for none.
 * @param more Scale, axis and the like.
 * @returns The encoding of a channel.
 */
export function quantity(field: string, title?: string | readonly string[] | null, more: Spec = {}): Spec {
  return { field, type: "quantitative", title, ...more };
}

/**
 * A field of names.
 *
 * @param field The field.
 * @param title Title of its axis or legend; null for none.
 * @param more Sort, scale, axis and the like.
 * @returns The encoding of a channel.
 */
export function category(field: string, title?: string | null, more: Spec = {}): Spec {
  return { field, type: "nominal", title, ...more };
}

/**
 * A field of names or numbers in an order.
 *
 * @param field The field.
 * @param title Title of its axis or legend; null for none.
 * @param more Sort, scale, axis and the like.
 * @returns The encoding of a channel.
 */
export function ordinal(field: string, title?: string | null, more: Spec = {}): Spec {
  return { field, type: "ordinal", title, ...more };
}

/**
 * A vertical axis for shares, from 0 to 100 %.
 *
 * @param field The field, shares in [0, 1].
 * @param title Title of the axis.
 * @returns The encoding of `y`.
 */
export function shareAxis(field: string, title: string): Spec {
  return quantity(field, title, { axis: { format: "%" }, scale: { domain: [0, 1] } });
}

const FONT = "Inter, Helvetica, Arial, sans-serif";

/** Vega-Lite configuration shared by all figures. */
export const THEME: Spec = {
  background: "#ffffff",
  font: FONT,
  padding: 12,
  view: { stroke: null, continuousWidth: 420, continuousHeight: 260 },
  title: { anchor: "start", fontSize: 15, fontWeight: 600, subtitleFontSize: 12, subtitleColor: "#5f6368", offset: 12 },
  axis: {
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 500,
    gridColor: "#e8eaed",
    domainColor: "#9aa0a6",
    tickColor: "#9aa0a6",
    labelColor: "#3c4043",
    titleColor: "#202124",
    titlePadding: 8,
  },
  legend: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 500, symbolSize: 90 },
  header: { labelFontSize: 12, labelFontWeight: 600, titleFontSize: 12 },
  range: { category: CATEGORY_COLORS, heatmap: { scheme: "viridis" }, diverging: { scheme: "blueorange" } },
  bar: { color: MAIN_COLOR },
  line: { color: MAIN_COLOR, strokeWidth: 2 },
  point: { color: MAIN_COLOR, filled: true, size: 40 },
  rule: { color: MUTED_COLOR },
  area: { color: MAIN_COLOR },
};

/**
 * Puts schema and theme around a specification.
 *
 * @param spec What the figure says: data, mark, encoding, …
 * @returns A complete Vega-Lite v5 specification.
 */
export function themed(spec: Spec): Spec {
  return { $schema: VEGA_LITE_SCHEMA, config: THEME, ...spec };
}
