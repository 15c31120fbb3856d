/** Colours, encodings, layers and theme that all figures share. */

/** A Vega-Lite v5 specification. It has no exact type: JupyterLab draws v5, but the types of the compiler are of v6. */
export type Spec = Record<string, unknown>;

/** The schema that JupyterLab draws. */
export const VEGA_LITE_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** Okabe and Ito's eight colours, which colour-blind people can tell apart (jfly.uni-koeln.de/color). */
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
/** The colour of references and of what is less important. */
export const MUTED_COLOR = "#9AA0A6";

/** Colour of each policy, by its name. */
const POLICY_COLORS: Readonly<Record<string, string>> = {
  vanilla: "#5F6368",
  dithered: "#56B4E9",
  freshest: "#0072B2",
  similarity: "#CC79A7",
  segue: "#D55E00",
  "segue-learned": "#E69F00",
  "segue-personal": "#A6761D",
  "segue-tuned": "#7B3294",
  "segue-sequence": "#009E73",
  "segue-own": "#000000",
};

/** Colours of policies, the same in every figure; a policy that is not named here gets one by its place. */
export function policyColors(names: readonly string[]): string[] {
  return names.map((name, place) => POLICY_COLORS[name] ?? CATEGORY_COLORS[place % CATEGORY_COLORS.length]);
}

/** A legend above a figure of lines: its symbols are strokes. */
export const LINES_ON_TOP: Spec = { orient: "top", symbolType: "stroke", symbolStrokeWidth: 3 };

/** Makes the encoding of a channel: its field, the title of its axis or legend (null for none), scale, axis and the like. */
export type Channel = (field: string, title?: string | readonly string[] | null, more?: Spec) => Spec;

function channel(type: string): Channel {
  return (field, title, more = {}) => ({ field, type, title, ...more });
}

/** A field on a scale of numbers; the title tells the unit. */
export const quantity: Channel = channel("quantitative");
/** A field of names. */
export const category: Channel = channel("nominal");
/** A field of names or numbers in an order. */
export const ordinal: Channel = channel("ordinal");

/** The encoding of `color` that gives each name of a field (`domain`, in the order of the legend) its colour (`range`). */
export function colors(
  field: string,
  title: string | null,
  domain: readonly (string | number)[],
  range: readonly string[],
  more: Spec = {},
): Spec {
  return category(field, title, { scale: { domain, range }, ...more });
}

/** Two layers: a band from the field `low` to the field `high`, and in it a line of the field `middle`. */
export function bandLayers(
  x: Spec,
  y: Spec,
  [low, middle, high]: readonly [string, string, string],
  look: { band?: Spec; line?: Spec } = {},
): Spec[] {
  return [
    {
      mark: { type: "area", opacity: 0.25, ...look.band },
      encoding: { x, y: { ...y, field: low }, y2: { field: high } },
    },
    { mark: { type: "line", ...look.line }, encoding: { x, y: { ...y, field: middle } } },
  ];
}

/** A layer of lines along an axis, from the field `lower` to the field `upper`. */
export function intervalLayer(axis: "x" | "y", channel: Spec, encoding: Spec = {}, mark: Spec = {}): Spec {
  return {
    mark: { type: "rule", strokeWidth: 2, ...mark },
    encoding: { ...encoding, [axis]: { ...channel, field: "lower" }, [`${axis}2`]: { field: "upper" } },
  };
}

/** A layer with one line across the whole figure, at a value of an axis; dashed and grey unless `mark` says otherwise. */
export function referenceLayer(axis: "x" | "y", value: number, mark: Spec = {}): Spec {
  return {
    data: { values: [{ value }] },
    mark: { type: "rule", color: MUTED_COLOR, strokeDash: [5, 4], ...mark },
    encoding: { [axis]: quantity("value") },
  };
}

/** Two layers: the cells of a heat map, and a number in each, white where the expression `isDark` holds. */
export function heatLayers(color: Spec, text: Spec, isDark: string): Spec[] {
  return [
    { mark: { type: "rect" }, encoding: { color } },
    {
      mark: { type: "text", fontSize: 11 },
      encoding: { text, color: { condition: { test: isDark, value: "#ffffff" }, value: "#202124" } },
    },
  ];
}

/** Copies of rows with their numbers rounded to some decimals, which keeps the file of a figure small. */
export function decimals<T extends object>(rows: readonly T[], digits: number): T[] {
  return rows.map((row) => mapNumbers(row, (value) => Number(value.toFixed(digits))));
}

/** Copies of rows with four significant digits of their numbers, which keeps the file of a figure small. */
export function significant<T extends object>(rows: readonly T[]): T[] {
  return rows.map((row) => mapNumbers(row, (value) => Number(value.toPrecision(4))));
}

function mapNumbers<T extends object>(row: T, round: (value: number) => number): T {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === "number" ? round(value) : value]),
  ) as T;
}

/** A text, or its beginning and an ellipsis when it has more than `length` letters. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** The encoding of `y` for a field of shares in [0, 1], from 0 to 100 %. */
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

/** The theme of figures that are shown on slides too: letters that can be read from the back of a room. */
export const SLIDE_THEME: Spec = {
  ...THEME,
  axis: { ...(THEME.axis as Spec), labelFontSize: 14, titleFontSize: 15, labelLimit: 320 },
  legend: { ...(THEME.legend as Spec), labelFontSize: 14, titleFontSize: 15 },
  title: { ...(THEME.title as Spec), fontSize: 17, subtitleFontSize: 14 },
};

/** Colours for a few things in an order: steps of viridis without its palest end. */
export function ordinalColors(count: number): string[] {
  const steps = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151"];
  return Array.from({ length: count }, (_, i) => steps[Math.round(i * (steps.length - 1) / Math.max(1, count - 1))]);
}

/** A complete Vega-Lite v5 specification: data, marks and encodings, and the schema and theme of all figures. */
export function themed(spec: Spec): Spec {
  return { $schema: VEGA_LITE_SCHEMA, config: THEME, ...spec };
}
