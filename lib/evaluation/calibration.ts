/**
 * Calibration: whether what is played mirrors a listener's taste.
 *
 * @module
 */
import { expectNumber, InputError } from "../errors.ts";
import { normalised } from "./plays.ts";

/**
 * Miscalibration KL(p ‖ q̃) with q̃ = (1 − α) q + α p (Steck, Calibrated recommendations, RecSys 2018): how far the
 * shares of what was played, q, are from those of the taste, p. Range [0, −ln α] in nats: 0 when they are equal, −ln
 * 0.01 = 4.6 when nothing of the taste was played.
 *
 * @param taste Shares p of the listener's taste over K classes (clusters or genres); divided by their sum.
 * @param played Shares q of what was played over the same classes; divided by their sum.
 * @param alpha α in (0, 1): keeps the value finite where a class of the taste was not played. Steck's 0.01 by default.
 * @returns The divergence in nats; lower is better calibrated.
 * @throws {InputError} When the lengths differ, a share is negative, or all shares are zero.
 */
export function miscalibration(taste: ArrayLike<number>, played: ArrayLike<number>, alpha: number = 0.01): number {
  expectNumber("alpha", alpha, 1e-12, 1);
  if (taste.length !== played.length) {
    throw new InputError(`Expected ${taste.length} classes in played as in taste but found ${played.length}`);
  }
  const p = normalised("taste", taste);
  const q = normalised("played", played);
  let divergence = 0;
  for (let k = 0; k < p.length; k++) {
    if (p[k] > 0) divergence += p[k] * Math.log(p[k] / ((1 - alpha) * q[k] + alpha * p[k]));
  }
  return Math.max(0, divergence);
}
