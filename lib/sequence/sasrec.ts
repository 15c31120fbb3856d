/**
 * SASRec (Kang & McAuley, Self-Attentive Sequential Recommendation, ICDM 2018): its shape, its weights, its files.
 *
 * x_i = √d E[track_i] + P[i]; then for every block
 * x ← x + dropout(attention(norm(x))), x ← x + dropout(W₂ relu(W₁ norm(x) + b₁) + b₂);
 * the score of track j after position i is norm(x_i) · E[j].
 *
 * Attention is causal, with heads of width d / heads, without biases and without an output projection, as in the paper.
 * Positions count from the end of the window, so that the last track is always in the last position.
 */
import { randomNormal } from "d3-random";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expectInteger, InputError } from "../data/errors.ts";
import { seededRandom } from "../math/random.ts";
import { writeAtomic } from "../data/atomic.ts";
import { readFile } from "../data/npy.ts";

/** Shape of a SASRec. */
export interface SasrecConfig {
  /** Size of the vocabulary. */
  tracks: number;
  /** Width d of embeddings and hidden states, 64 by default; a multiple of 4 · heads. */
  dimensions: number;
  /** Number of blocks, 2 by default. */
  blocks: number;
  /** Attention heads of a block, 2 by default. */
  heads: number;
  /** Most tracks that the model looks back on, 50 by default. */
  window: number;
}

/** Weights by name, row-major; {@linkcode weightShapes} gives names and shapes. */
export type SasrecWeights = Record<string, Float32Array>;

/** A trained model with the vocabulary that its track codes stand for. */
export interface SasrecModel {
  /** Its shape. */
  config: SasrecConfig;
  /** Its weights. */
  weights: SasrecWeights;
  /** `track_id` of each track code. */
  trackIds: readonly string[];
  /** How it was trained, for people to read. */
  training: Record<string, unknown>;
}

/** Standard deviation of the initial embeddings. */
const INITIAL_SPREAD = 0.02;

/**
 * Fills in defaults and checks a configuration.
 *
 * @param config At least the size of the vocabulary.
 * @throws {InputError} When a number is out of range, or the width does not divide into heads of a multiple of 4.
 */
export function sasrecConfig(config: Partial<SasrecConfig> & { tracks: number }): SasrecConfig {
  const { dimensions = 64, blocks = 2, heads = 2, window = 50, tracks } = config;
  expectInteger("tracks", tracks, 2, 100_000_000);
  expectInteger("blocks", blocks, 1, 64);
  expectInteger("heads", heads, 1, 64);
  expectInteger("window", window, 2, 4096);
  expectInteger("dimensions", dimensions, 4, 4096);
  if (dimensions % (4 * heads) !== 0) {
    throw new InputError(`Expected dimensions to be a multiple of 4 x heads = ${4 * heads} but found ${dimensions}`);
  }
  return { dimensions, blocks, heads, window, tracks };
}

/** Names and shapes of all weights of a model, in the order of the file. */
export function weightShapes(config: SasrecConfig): [name: string, shape: number[]][] {
  const { tracks, dimensions: d, blocks, window } = config;
  const shapes: [string, number[]][] = [["items", [tracks, d]], ["positions", [window, d]]];
  for (let b = 0; b < blocks; b++) {
    shapes.push(
      [`block${b}/norm1/gain`, [d]],
      [`block${b}/norm1/bias`, [d]],
      [`block${b}/qkv`, [d, 3 * d]],
      [`block${b}/norm2/gain`, [d]],
      [`block${b}/norm2/bias`, [d]],
      [`block${b}/inner`, [d, d]],
      [`block${b}/inner/bias`, [d]],
      [`block${b}/outer`, [d, d]],
      [`block${b}/outer/bias`, [d]],
    );
  }
  shapes.push(["norm/gain", [d]], ["norm/bias", [d]]);
  return shapes;
}

/** Draws initial weights: embeddings normal with standard deviation 0.02, matrices with 1 / √d; gains 1, biases 0. */
export function initialWeights(config: SasrecConfig, seed: number): SasrecWeights {
  const weights: SasrecWeights = {};
  for (const [name, shape] of weightShapes(config)) {
    const values = new Float32Array(shape.reduce((product, axis) => product * axis, 1));
    if (name.endsWith("/gain")) values.fill(1);
    else if (!name.endsWith("/bias")) {
      const table = name === "items" || name === "positions";
      const spread = table ? INITIAL_SPREAD : 1 / Math.sqrt(config.dimensions);
      const draw = randomNormal.source(seededRandom(seed, `sasrec ${name}`))(0, spread);
      for (let i = 0; i < values.length; i++) values[i] = draw();
    }
    weights[name] = values;
  }
  return weights;
}

/**
 * Saves a model: `model.json` and `weights.bin` in the form of TensorFlow.js weight files (`tf.io.loadWeights` and
 * `tf.io.decodeWeights` read them), and `vocabulary.json`.
 */
export function saveSasrec(model: SasrecModel, directory: string): void {
  const shapes = weightShapes(model.config);
  writeAtomic(
    join(directory, "weights.bin"),
    shapes.map(([name]) => {
      const { buffer, byteOffset, byteLength } = model.weights[name];
      return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    }),
  );
  writeAtomic(join(directory, "vocabulary.json"), JSON.stringify({ track_ids: model.trackIds }));
  const weights = shapes.map(([name, shape]) => ({ name, shape, dtype: "float32" }));
  const description = {
    format: "segue-sasrec",
    version: 1,
    config: model.config,
    training: model.training,
    weightsManifest: [{ paths: ["weights.bin"], weights }],
  };
  writeAtomic(join(directory, "model.json"), JSON.stringify(description, null, 2) + "\n");
}

/**
 * Loads a model that {@linkcode saveSasrec} wrote. TensorFlow is not needed for it.
 *
 * @throws {InputError} When the folder holds no whole model.
 */
export function loadSasrec(directory: string): SasrecModel {
  const path = join(directory, "model.json");
  if (!existsSync(path)) throw new InputError(`${path}: no such file; train the model first with segue train-sasrec`);
  const description = JSON.parse(readFileSync(path, "utf8"));
  if (description.format !== "segue-sasrec" || description.version !== 1) {
    throw new InputError(`${path}: expected a model of format segue-sasrec 1 but found ${description.format}`);
  }
  const config = sasrecConfig(description.config);
  const { track_ids: trackIds } = JSON.parse(readFileSync(join(directory, "vocabulary.json"), "utf8"));
  const bytes = readFile(join(directory, "weights.bin"));
  const weights: SasrecWeights = {};
  let offset = 0;
  for (const [name, shape] of weightShapes(config)) {
    const count = shape.reduce((product, axis) => product * axis, 1);
    if (offset + 4 * count > bytes.length) break;
    weights[name] = new Float32Array(bytes.buffer, offset, count);
    offset += 4 * count;
  }
  if (!weights["norm/bias"] || offset !== bytes.length || trackIds.length !== config.tracks) {
    throw new InputError(
      `${directory}: expected weights and vocabulary of ${config.tracks} tracks; train the model again`,
    );
  }
  return { config, weights, trackIds, training: description.training ?? {} };
}
