/** The optimiser Adam (Kingma & Ba, Adam: A Method for Stochastic Optimization, ICLR 2015). */
import type { Tensor, TensorFlow } from "../math/tensor.ts";
import type { Variable } from "./network.ts";

const BETA1 = 0.9;
/** As in SASRec's own code; Adam's usual β₂ is 0.999. */
const BETA2 = 0.98;
const EPSILON = 1e-8;

/**
 * Adam over named variables x. With g the gradient of x and t the number of the step, from 1:
 * m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², x ← x − rate · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε).
 */
export class Adam {
  readonly #tf: TensorFlow;
  readonly #rate: number;
  readonly #variables: Record<string, Variable>;
  /** The moments m and v of each variable, zero at the start. */
  readonly moments: { m: Record<string, Variable>; v: Record<string, Variable> };

  /** Starts with zero moments of the variables that are trained; `rate` is the learning rate. */
  constructor(tf: TensorFlow, variables: Record<string, Variable>, rate: number) {
    this.#tf = tf;
    this.#rate = rate;
    this.#variables = variables;
    const zeros = () =>
      Object.fromEntries(
        Object.entries(variables).map(([name, { shape }]) => [
          name,
          tf.tidy(() => tf.variable(tf.zeros(shape), false)),
        ]),
      );
    this.moments = { m: zeros(), v: zeros() };
  }

  /**
   * Moves the variables by one step; the gradients are disposed of.
   *
   * @param gradients Gradients by the variables' own TensorFlow names.
   * @param count Number of the step, from 1.
   */
  step(gradients: Record<string, Tensor>, count: number): void {
    const tf = this.#tf;
    const rate = this.#rate / (1 - BETA1 ** count);
    const correction = 1 / Math.sqrt(1 - BETA2 ** count);
    for (const [name, variable] of Object.entries(this.#variables)) {
      const gradient = gradients[variable.name];
      const [first, second] = [this.moments.m[name], this.moments.v[name]];
      // One variable at a time, so that few copies of a large table exist at once.
      tf.tidy(() => first.assign(tf.add(tf.mul(first, BETA1), tf.mul(gradient, 1 - BETA1)) as never));
      tf.tidy(() => second.assign(tf.add(tf.mul(second, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)) as never));
      gradient.dispose();
      tf.tidy(() => {
        const spread = tf.tidy(() => tf.add(tf.mul(tf.sqrt(second), correction), EPSILON));
        variable.assign(tf.sub(variable, tf.tidy(() => tf.div(tf.mul(first, rate), spread))) as never);
      });
    }
  }
}
