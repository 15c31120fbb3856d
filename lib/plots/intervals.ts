/**
 * What figures of estimates have in common: intervals as lines, and lines of reference.
 *
 * @module
 */
import { MUTED_COLOR, quantity, type Spec } from "./theme.ts";

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
    encoding: { [axis]: quantity("value") },
  };
}
