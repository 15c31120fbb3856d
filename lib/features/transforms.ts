/** Transforms that bring an audio feature near a bell shape before it is z-scored, and back. */
import { UNIT_FEATURES } from "../catalog/forms.ts";

/**
 * A transform, with an offset e:
 * - `none`: x
 * - `log`: ln(x + e)
 * - `logit`: ln((x + e) / (1 − x + e))
 * - `reflected-log`: −ln(e − x)
 */
export interface Transform {
  /** Which function is applied. */
  name: "none" | "log" | "logit" | "reflected-log";
  /** Added before the logarithm. */
  offset: number;
  /** Why the feature needs it. */
  reason: string;
}

/** The numeric features that are z-scored. */
export const Z_FEATURES = [...UNIT_FEATURES, "loudness", "tempo", "duration_ms"] as const;

/** Name of a feature that is z-scored. */
export type ZFeature = typeof Z_FEATURES[number];

/** The transform of each feature that is z-scored. */
export const TRANSFORMS: Readonly<Record<ZFeature, Transform>> = {
  danceability: { name: "none", offset: 0, reason: "near normal as it is" },
  energy: { name: "none", offset: 0, reason: "a logit would trade its slight skew for heavy tails" },
  valence: { name: "none", offset: 0, reason: "symmetric and flat as it is" },
  speechiness: { name: "log", offset: 0.01, reason: "most values are small and the tail is long" },
  liveness: { name: "log", offset: 0.01, reason: "most values are small and the tail is long" },
  acousticness: {
    name: "logit",
    offset: 0.001,
    reason: "piles up at 0 and at 1; below 0.001 differences are not audible",
  },
  instrumentalness: {
    name: "logit",
    offset: 0.01,
    reason: "a point mass at 0 and a hump near 0.9: the logit keeps both finite and apart",
  },
  loudness: {
    name: "reflected-log",
    offset: 11,
    reason: "a long tail towards silence; 11 dB lies above any value that passes ingest",
  },
  tempo: { name: "log", offset: 0, reason: "tempo is heard in ratios: 60 to 120 is as far as 90 to 180" },
  duration_ms: { name: "log", offset: 0, reason: "durations differ by factors" },
};

/**
 * Applies a transform. A loop of its own for each: a call a number would cost five times as much.
 *
 * @param values The values, in the feature's own unit.
 * @returns The transformed values; NaN for NaN.
 */
export function applyTransform({ name, offset }: Transform, values: Float64Array): Float64Array {
  if (name === "none") return values;
  const transformed = new Float64Array(values.length);
  if (name === "log") { for (let i = 0; i < values.length; i++) transformed[i] = Math.log(values[i] + offset); }
  else if (name === "reflected-log") {
    for (let i = 0; i < values.length; i++) transformed[i] = -Math.log(offset - values[i]);
  } else {
    for (let i = 0; i < values.length; i++) {
      transformed[i] = Math.log((values[i] + offset) / (1 - values[i] + offset));
    }
  }
  return transformed;
}

/**
 * Undoes a transform.
 *
 * @returns The value in the feature's own unit.
 */
export function invertTransform({ name, offset: e }: Transform, y: number): number {
  if (name === "none") return y;
  if (name === "log") return Math.exp(y) - e;
  if (name === "reflected-log") return e - Math.exp(-y);
  return 1 / (1 + Math.exp(-y)) * (1 + 2 * e) - e;
}
