/** Lines over a horizontal axis: one or several, with bands and with lines of reference. */
import { sum } from "d3-array";
import { bootstrapMean } from "../math/bootstrap.ts";
import { seededRandom } from "../math/random.ts";
import {
  bandLayers,
  category,
  CATEGORY_COLORS,
  LINES_ON_TOP,
  ordinalColors,
  quantity,
  referenceLayer,
  significant,
  SLIDE_THEME,
  type Spec,
} from "./theme.ts";

/** More letters than this in all names of a legend, and its names stand below each other. */
const LEGEND_LETTERS = 65;

/**
 * Lines, one for each name in a field of the rows.
 *
 * @param rows The points, in the order of the legend.
 * @param options The channels `x`, `y` and `color` are encodings of Vega-Lite: the field, the title with its unit, and
 *   scale, axis and the like where Vega-Lite's own would not do. A colour of type `"ordinal"` is one in an order. Where
 *   a logarithmic `y` has a domain, lines are cut at its ends. `band`: fields of the lower and the upper end of a band.
 *   `points`: marks the points. `dashed`: the line that is dashed, so that one below it shows. `references`: values at
 *   which a dashed line crosses the figure. `slide`: larger.
 */
export function linesPlot<T extends object>(
  rows: readonly T[],
  { title, subtitle, x, y, color, band, points = false, dashed, references = {}, slide = false }: {
    title: string;
    subtitle?: string;
    x: { field: keyof T & string } & Spec;
    y: { field: keyof T & string } & Spec;
    color?: { field: keyof T & string } & Spec;
    band?: readonly [lower: keyof T & string, upper: keyof T & string];
    points?: boolean;
    dashed?: string;
    references?: { x?: number; y?: number };
    slide?: boolean;
  },
): Spec {
  const across = quantity(x.field, undefined, x);
  const up = quantity(y.field, undefined, y);
  const scale = y.scale as Spec | undefined;
  const [area, line] = bandLayers(across, up, [band?.[0] ?? "", y.field, band?.[1] ?? ""], {
    band: { opacity: color ? 0.15 : 0.25 },
    line: { clip: scale?.type === "log" && scale.domain !== undefined, ...(points && { point: { size: 35 } }) },
  });
  return {
    ...(slide && { config: SLIDE_THEME }),
    title: subtitle === undefined ? title : { text: title, subtitle },
    width: slide ? 690 : 480,
    height: slide ? 280 : 260,
    layer: [
      ...(["x", "y"] as const).flatMap((axis) =>
        references[axis] === undefined ? [] : [referenceLayer(axis, references[axis])]
      ),
      {
        data: { values: significant(rows) },
        encoding: color ? lineColors(rows, color, dashed) : {},
        layer: band ? [area, line] : [line],
      },
    ],
  };
}

/** A colour for each name in a field, and dashes for one of them. */
function lineColors(rows: readonly object[], color: { field: string } & Spec, dashed?: string): Spec {
  const names = [...new Set((rows as readonly Spec[]).map((row) => row[color.field] as string | number))];
  const range = color.type === "ordinal" ? ordinalColors(names.length) : CATEGORY_COLORS.slice(0, names.length);
  const letters = sum(names, (name) => `${name}`.length);
  const legend = { ...LINES_ON_TOP, titleOrient: "left", labelLimit: 360, symbolOpacity: 1 };
  return {
    color: category(color.field, null, {
      sort: names,
      scale: { domain: names, range },
      legend: letters > LEGEND_LETTERS ? { ...legend, columns: 1 } : legend,
      ...color,
    }),
    ...(dashed !== undefined && {
      strokeDash: category(color.field, null, {
        scale: { domain: names, range: names.map((name) => name === dashed ? [6, 4] : [1, 0]) },
        legend: null,
      }),
    }),
  };
}

/** A point of a line from one value a listener: the mean with its bootstrap interval. */
export function linePoint(
  series: string,
  x: number,
  values: ArrayLike<number>,
): { series: string; x: number; value: number; lower: number; upper: number } {
  const { estimate, lower, upper } = bootstrapMean(values, { random: seededRandom(x, series), resamples: 300 });
  return { series, x, value: estimate, lower, upper };
}
