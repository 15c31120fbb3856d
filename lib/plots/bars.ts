/** Bars, one a name, with intervals where there are some. */
import {
  ACCENT_COLOR,
  category,
  intervalLayer,
  MAIN_COLOR,
  quantity,
  referenceLayer,
  significant,
  SLIDE_THEME,
  type Spec,
} from "./theme.ts";

/**
 * Bars, one a row, in the order of the rows.
 *
 * @param rows What is drawn; with `intervals` each row has the ends `lower` and `upper` of its interval.
 * @param options The channels `x` (the length of the bar) and `y` (its name) are encodings of Vega-Lite: the field, the
 *   title with its unit, and scale, axis and the like. `reference`: value at which a dashed line crosses the bars.
 *   `slide`: larger.
 */
export function barsPlot<T extends object>(
  rows: readonly T[],
  { title, subtitle, x, y, intervals = false, reference, slide = false }: {
    title: string;
    subtitle?: string;
    x: { field: keyof T & string } & Spec;
    y: { field: keyof T & string } & Spec;
    intervals?: boolean;
    reference?: number;
    slide?: boolean;
  },
): Spec {
  const length = quantity(x.field, undefined, x);
  const name = category(y.field, null, { sort: null, ...y });
  return {
    ...(slide && { config: SLIDE_THEME }),
    title: subtitle === undefined ? title : { text: title, subtitle },
    width: slide ? 560 : 420,
    height: (slide ? 44 : 32) * rows.length,
    data: { values: significant(rows) },
    layer: [
      { mark: { type: "bar", color: MAIN_COLOR, ...(slide && { height: 21 }) }, encoding: { x: length, y: name } },
      ...(intervals ? [intervalLayer("x", length, { y: name }, { color: "#202124" })] : []),
      ...(reference === undefined ? [] : [referenceLayer("x", reference, { color: ACCENT_COLOR, strokeWidth: 2 })]),
    ],
  };
}
