/** Dropout: seeded masks, and the buffers that they lie in. */
import type { Tensor, TensorFlow } from "../math/tensor.ts";

/** Buffers that every step uses again. New ones would be 20 MB a step, and pile up faster than they are collected. */
export class BufferPool {
  #buffer = new Float32Array(0);
  #used = 0;

  /** Gives a buffer with any content; nobody else gets it before the next {@linkcode BufferPool.reset}. */
  take(size: number): Float32Array {
    if (this.#used + size > this.#buffer.length) {
      this.#buffer = new Float32Array(Math.max(size, 2 * this.#buffer.length));
      this.#used = 0;
    }
    return this.#buffer.subarray(this.#used, this.#used += size);
  }

  /** All buffers may be given again. Call it when no tensor that was made of them is left. */
  reset(): void {
    this.#used = 0;
  }
}

/** Seeded dropout whose masks do not depend on the backend: a byte a value, so that rates are multiples of 1/256. */
export class DropoutMasks {
  readonly #dropped: number;
  readonly #buffers: BufferPool;
  /** Factor of the values that stay. */
  readonly scale: number;
  #state: number;

  /**
   * Starts the masks of a step.
   *
   * @param rate Share of values set to zero, in [0, 1).
   * @param buffers Where the values lie; TensorFlow does not copy them.
   */
  constructor(rate: number, seed: number, buffers: BufferPool = new BufferPool()) {
    this.#buffers = buffers;
    this.#dropped = Math.round(rate * 256);
    this.scale = 256 / (256 - this.#dropped);
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  }

  /** Draws a mask: each value is 0 with the chance `rate`, else 1 / (1 − rate). Nothing when the rate is 0. */
  mask(tf: TensorFlow, shape: number[]): Tensor | undefined {
    if (this.#dropped === 0) return undefined;
    const mask = this.#buffers.take(shape.reduce((product, axis) => product * axis, 1));
    const dropped = this.#dropped;
    const scale = this.scale;
    let s = this.#state;
    for (let i = 0; i < mask.length; i += 4) {
      // Marsaglia's xorshift32.
      s ^= s << 13;
      s ^= s >>> 17;
      s ^= s << 5;
      mask[i] = (s & 255) >= dropped ? scale : 0;
      mask[i + 1] = ((s >>> 8) & 255) >= dropped ? scale : 0;
      mask[i + 2] = ((s >>> 16) & 255) >= dropped ? scale : 0;
      mask[i + 3] = (s >>> 24) >= dropped ? scale : 0;
    }
    this.#state = s;
    return tf.tensor(mask, shape);
  }
}
