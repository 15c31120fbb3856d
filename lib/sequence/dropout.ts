/**
 * Dropout: seeded masks, and the buffers that they lie in.
 *
 * @module
 */
import type { Tensor, TensorFlow } from "../math/tensor.ts";

/**
 * Buffers that are used again at every step: 20 MB of new ones a step would pile up faster than they are collected.
 */
export class BufferPool {
  readonly #free = new Map<number, Float32Array[]>();
  readonly #taken: Float32Array[] = [];

  /**
   * Gives a buffer.
   *
   * @param size Its length.
   * @returns A buffer with any content, not given again before {@linkcode BufferPool.reset}.
   */
  take(size: number): Float32Array {
    const buffer = this.#free.get(size)?.pop() ?? new Float32Array(size);
    this.#taken.push(buffer);
    return buffer;
  }

  /** All buffers may be given again: no tensor made of them is left. */
  reset(): void {
    // Batches differ in length, so that sizes do: what is not wanted soon is left to be collected.
    if (this.#free.size > 8) this.#free.clear();
    for (const buffer of this.#taken.splice(0)) {
      const free = this.#free.get(buffer.length);
      if (free) free.push(buffer);
      else this.#free.set(buffer.length, [buffer]);
    }
  }
}

/** Seeded dropout whose masks do not depend on the backend: a byte a value, so that rates are multiples of 1/256. */
export class DropoutMasks {
  readonly #dropped: number;
  readonly #scale: number;
  readonly #buffers: BufferPool;
  #state: number;

  /**
   * Starts the masks of a step.
   *
   * @param rate Share of values set to zero, in [0, 1).
   * @param seed Seed.
   * @param buffers Where the values lie; TensorFlow uses them in place, without a copy.
   */
  constructor(rate: number, seed: number, buffers: BufferPool = new BufferPool()) {
    this.#buffers = buffers;
    this.#dropped = Math.round(rate * 256);
    this.#scale = 256 / (256 - this.#dropped);
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  }

  /** Factor of the values that stay. */
  get scale(): number {
    return this.#scale;
  }

  /**
   * Draws a mask.
   *
   * @param tf TensorFlow.
   * @param shape Its shape.
   * @returns Each value zero with the rate, else 1 / (1 − rate); nothing when the rate is 0.
   */
  mask(tf: TensorFlow, shape: number[]): Tensor | undefined {
    if (this.#dropped === 0) return undefined;
    const mask = this.#buffers.take(shape.reduce((product, axis) => product * axis, 1));
    const dropped = this.#dropped;
    const scale = this.#scale;
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
