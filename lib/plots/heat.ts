/** Heat maps: a cell for each pair of names, coloured by a number. */
import { category, heatLayers, quantity, significant, type Spec } from "./theme.ts";

/**
 * A heat map.
 *
 * @param cells The cells; the names stand in the order of the cells.
 * @param options The channels are encodings of Vega-Lite: the field, the title with its unit, and scale, axis and the
 *   like. A colour whose scale has a `domainMid` goes from blue over white to orange, any other through viridis.
 *   `format`: writes the number into each cell, in the notation of d3-format; its scale of colours needs a domain.
 *   `step`: width and height of a cell in pixels.
 */
export function heatPlot<T extends object>(
  cells: readonly T[],
  { title, subtitle, x, y, color, format, step: [width, height] = [44, 26] }: {
    title: string;
    subtitle?: string;
    x: { field: keyof T & string } & Spec;
    y: { field: keyof T & string } & Spec;
    color: { field: keyof T & string; scale?: { domain?: [number, number]; domainMid?: number } & Spec } & Spec;
    format?: string;
    step?: [width: number, height: number];
  },
): Spec {
  const scheme = color.scale?.domainMid === undefined ? "viridis" : "blueorange";
  const shade = quantity(color.field, undefined, { ...color, scale: { scheme, ...color.scale } });
  const isDark = `abs(datum.${color.field}) > ${0.65 * (color.scale?.domain?.[1] ?? 1)}`;
  return {
    title: subtitle === undefined ? title : { text: title, subtitle },
    width: { step: width },
    height: { step: height },
    data: { values: significant(cells) },
    encoding: {
      x: category(x.field, null, { sort: null, ...x, axis: { labelAngle: -40, grid: false, ...x.axis as Spec } }),
      y: category(y.field, null, { sort: null, ...y, axis: { grid: false, ...y.axis as Spec } }),
      tooltip: [x, y, color].map(({ field }) => ({ field })),
    },
    layer: format === undefined
      ? [{ mark: "rect", encoding: { color: shade } }]
      : heatLayers(shade, { field: color.field, format }, isDark),
  };
}
