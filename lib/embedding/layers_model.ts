/**
 * Layers models of TensorFlow in files, in the form that tfjs reads everywhere.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../data/atomic.ts";
import { InputError } from "../data/errors.ts";
import { readFile } from "../data/npy.ts";
import { loadTensorFlow, type Model } from "../math/tensor.ts";

/**
 * Saves a layers model as `model.json` and `weights.bin`, each atomically.
 *
 * @param model The model.
 * @param directory The folder to write to.
 */
export async function saveModel(model: Model, directory: string): Promise<void> {
  await model.save({
    save: ({ format, generatedBy, modelTopology, weightSpecs, weightData = new ArrayBuffer(0) }) => {
      const weights = Array.isArray(weightData) ? weightData : [weightData];
      writeAtomic(join(directory, "weights.bin"), weights.map((part) => new Uint8Array(part)));
      const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
      const description = { format, generatedBy, modelTopology, weightsManifest };
      writeAtomic(join(directory, "model.json"), JSON.stringify(description));
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } });
    },
  });
}

/**
 * Loads a layers model that {@linkcode saveModel} wrote.
 *
 * @param directory The folder it is in.
 * @returns The model.
 * @throws {InputError} When the folder holds no model.
 */
export async function loadModel(directory: string): Promise<Model> {
  const { tf } = await loadTensorFlow();
  const path = join(directory, "model.json");
  if (!existsSync(path)) throw new InputError(`${path}: no such file; train the model first`);
  const { format, modelTopology, weightsManifest } = JSON.parse(readFileSync(path, "utf8"));
  const { buffer: weightData } = readFile(join(directory, "weights.bin"));
  const load = () => Promise.resolve({ format, modelTopology, weightSpecs: weightsManifest[0].weights, weightData });
  return await tf.loadLayersModel({ load });
}
