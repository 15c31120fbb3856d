/**
 * What figures of estimates have in common: numbers with few digits, intervals as lines, references.
 *
 * @module
 */
import { MUTED_COLOR, type Spec } from "./theme.ts";

/**
 * Picks fields of rows and shortens their numbers, so that a figure carries little data.
 *
 * @param rows The rows.
 * @param digits Significant digits.
 * @param names The fields wanted.
 * @returns The rows for the data of a figure.
 */
export function shortened<T extends object>(
  rows: readonly T[],
  digits: number,
  ...names: (keyof T & string)[]
): Record<string, unknown>[] {
  const short = (value: unknown) => typeof value === "number" ? Number(value.toPrecision(digits)) : value;
  return rows.map((row) => Object.fromEntries(names.map((name) => [name, short(row[name])])));
}

/**
 * A layer of lines from the field `lower` to the field `upper`.
 *
 * @param axis Along which axis.
 * @param channel The encoding of that axis, without its field.
 * @param encoding The other encodings.
 * @param mark What the line is to look like.
 * @returns The layer.
 */
export function intervalLayer(axis: "x" | "y", channel: Spec, encoding: Spec = {}, mark: Spec = {}): Spec {
  return {
    mark: { type: "rule", strokeWidth: 2, ...mark },
    encoding: { ...encoding, [axis]: { ...channel, field: "lower" }, [`${axis}2`]: { field: "upper" } },
  };
}

/**
 * A layer with one line right across the figure.
 *
 * @param axis The axis on which it stands.
 * @param value Where.
 * @param mark What the line is to look like; dashed and muted where nothing is said.
 * @returns The layer.
 */
export function referenceLayer(axis: "x" | "y", value: number, mark: Spec = {}): Spec {
  return {
    data: { values: [{ value }] },
    mark: { type: "rule", color: MUTED_COLOR, strokeDash: [5, 4], ...mark },
    encoding: { [axis]: { field: "value", type: "quantitative" } },
  };
}
