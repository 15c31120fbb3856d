/**
 * Training SASRec: steps of Adam on the cross-entropy of the next track, evaluations on the validation targets, and
 * the best model of them.
 */
import { mean } from "d3-array";
import { startProgress } from "../data/progress.ts";
import { seededRandom } from "../math/random.ts";
import { loadTensorFlow } from "../math/tensor.ts";
import { fitPopularity } from "./baselines.ts";
import { epochBatches } from "./batches.ts";
import { readCheckpoint, type TrainingCourse, writeCheckpoint } from "./checkpoint.ts";
import { bestOf, hasConverged, isBeyondPopularity, type TrainingPoint } from "./early_stopping.ts";
import { evaluateNext } from "./ranking.ts";
import type { SasrecModel } from "./sasrec.ts";
import { serveSasrec } from "./serve.ts";
import type { SequenceSplit } from "./split.ts";
import { Trainer } from "./trainer.ts";
import { planTraining, type SasrecLoss, type TrainingPlan, type TrainOptions } from "./training_plan.ts";

/** What came of training. */
export interface TrainingResult {
  /** The model at its best evaluation. */
  model: SasrecModel;
  /** W of the features [f, d], when there were any; the model's embeddings contain it already. */
  featureWeights?: Float32Array;
  /** The training curve. */
  curve: TrainingPoint[];
  /** Optimiser steps taken. */
  steps: number;
  /** Steps of an epoch. */
  stepsPerEpoch: number;
  /** Mean seconds of an epoch, evaluations left out. */
  secondsPerEpoch: number;
  /** Step of the best evaluation. */
  bestStep: number;
  /** Whether the validation NDCG had stopped rising. */
  converged: boolean;
  /** How training ended, in words. */
  note: string;
  /** The loss that was used. */
  loss: SasrecLoss;
}

/**
 * Trains SASRec on the training part of a split. The same seed on the same machine gives the same model, also when
 * training was cut off and went on from its checkpoint.
 *
 * @throws {InputError} When an option is out of range or the checkpoint belongs to other data or options.
 * @throws {Error} When the loss is not a number any more.
 */
export async function trainSasrec(split: SequenceSplit, options: TrainOptions = {}): Promise<TrainingResult> {
  const plan = planTraining(split, options);
  const { tf } = await loadTensorFlow();
  const trainer = new Trainer(tf, split, plan);
  const progress = startProgress("train-sasrec", plan.steps);
  try {
    const course = readCheckpoint(plan, trainer);
    const server = serveSasrec({ config: plan.config, weights: trainer.weights() });
    const { validationPlaylists: playlists, seed } = plan;
    const validation = { part: "validation", k: Math.min(10, plan.config.tracks), playlists, seed } as const;
    const popularity = evaluateNext(fitPopularity(split.train, plan.config.tracks), split, validation).ndcg.value;
    const losses: number[] = [];
    let started = performance.now();
    const secondsSoFar = () => course.seconds + (performance.now() - started) / 1000;
    const evaluate = () => {
      course.seconds = secondsSoFar();
      const weights = trainer.weights();
      server.update(weights);
      const { ndcg, recall } = evaluateNext(server, split, validation);
      course.curve.push({
        step: course.step,
        epoch: course.step / plan.stepsPerEpoch,
        loss: mean(losses.splice(0)) ?? 0,
        ndcg: ndcg.value,
        recall: recall.value,
        seconds: course.seconds,
      });
      if (bestOf(course.curve) === course.curve.length - 1) course.bestWeights = weights;
      writeCheckpoint(plan, course, trainer);
      started = performance.now();
    };
    let converged = hasConverged(course.curve, plan.patience, popularity);
    while (!converged && course.step < plan.steps) {
      const random = seededRandom(seed, `sasrec epoch ${Math.floor(course.step / plan.stepsPerEpoch)}`);
      const skip = course.step % plan.stepsPerEpoch;
      for (const batch of epochBatches(split.train, plan.windows, plan.batchSize, random, skip)) {
        const loss = trainer.step(batch, course.step++);
        if (!Number.isFinite(loss)) {
          throw new Error(`The loss became ${loss} at step ${course.step}; lower the learning rate`);
        }
        losses.push(loss);
        const rate = course.step / secondsSoFar();
        const left = (plan.steps - course.step) / rate;
        progress.update(
          course.step,
          `loss ${loss.toFixed(3)}, ${rate.toFixed(1)} steps/s, ${left.toFixed(0)} s left`,
        );
        if (course.step % plan.evaluateEvery === 0) evaluate();
        converged = hasConverged(course.curve, plan.patience, popularity);
        if (converged || course.step >= plan.steps) break;
      }
    }
    if (course.curve.at(-1)?.step !== course.step) evaluate();
    return resultOf(split, plan, course, converged, popularity);
  } finally {
    progress.stop();
    trainer.dispose();
  }
}

function resultOf(
  split: SequenceSplit,
  plan: TrainingPlan,
  course: TrainingCourse,
  converged: boolean,
  popularity: number,
): TrainingResult {
  const { side, ...weights } = course.bestWeights!;
  const best = course.curve[bestOf(course.curve)];
  const epochs = course.step / plan.stepsPerEpoch;
  const weak = isBeyondPopularity(course.curve, popularity)
    ? ""
    : `, hardly above popularity's (${best.ndcg.toFixed(4)} and ${popularity.toFixed(4)}): train it longer`;
  const note = converged
    ? `converged: validation NDCG@10 did not rise over the last ${plan.patience} evaluations; best after ${best.step} steps`
    : `not shown to have converged: training ended after ${course.step} steps (${epochs.toFixed(1)} epochs) while ` +
      `validation NDCG@10 was best at step ${best.step}${weak}`;
  const { loss, batchSize, learningRate, dropout, seed } = plan;
  const ended = { note, converged, steps: course.step, bestStep: best.step };
  const training = {
    ...{ ...ended, epochs, loss, batchSize, learningRate, dropout, seed },
    playlists: split.userIds.length,
    positions: split.train.tracks.length,
    validation: { ndcg: best.ndcg, recall: best.recall },
  };
  return {
    model: { config: plan.config, weights, trackIds: split.trackIds, training },
    featureWeights: side,
    curve: course.curve,
    stepsPerEpoch: plan.stepsPerEpoch,
    secondsPerEpoch: course.seconds / course.step * plan.stepsPerEpoch,
    ...ended,
    loss,
  };
}
