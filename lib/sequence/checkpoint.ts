/** The checkpoint of a training, so that a run that was cut off goes on where it stood. */
import { existsSync } from "node:fs";
import { InputError } from "../data/errors.ts";
import { type NpzEntry, readNpz, writeNpz } from "../data/npz.ts";
import type { TrainingPoint } from "./early_stopping.ts";
import type { SasrecWeights } from "./sasrec.ts";
import type { Trainer } from "./trainer.ts";
import type { TrainingPlan } from "./training_plan.ts";

/** Where training stands. */
export interface TrainingCourse {
  /** Optimiser steps so far. */
  step: number;
  /** Seconds of training so far, evaluations left out. */
  seconds: number;
  curve: TrainingPoint[];
  /** Weights of the best evaluation, once there was one. */
  bestWeights?: SasrecWeights;
}

/** Writes the checkpoint, if the plan names a file for it. */
export function writeCheckpoint(plan: TrainingPlan, course: TrainingCourse, trainer: Trainer): void {
  const { checkpoint, fingerprint } = plan;
  if (!checkpoint) return;
  const { bestWeights, ...said } = course;
  const entries: Record<string, NpzEntry> = { ...trainer.state(), course: JSON.stringify({ fingerprint, ...said }) };
  for (const [name, data] of Object.entries(bestWeights!)) entries[`best/${name}`] = { data, shape: [data.length] };
  writeNpz(checkpoint, entries);
}

/**
 * Reads the checkpoint and brings the trainer to where it left off; the course is at its start when there is none.
 *
 * @throws {InputError} When the checkpoint belongs to other data or options.
 */
export function readCheckpoint({ checkpoint, fingerprint }: TrainingPlan, trainer: Trainer): TrainingCourse {
  if (!checkpoint || !existsSync(checkpoint)) return { step: 0, seconds: 0, curve: [] };
  const entries = readNpz(checkpoint);
  const { fingerprint: found, ...course } = JSON.parse(entries.course as string);
  if (found !== fingerprint) {
    throw new InputError(`${checkpoint}: this checkpoint belongs to other data or options; delete it to start anew`);
  }
  trainer.restore(entries);
  const best = Object.entries(entries).filter(([name]) => name.startsWith("best/"));
  const bestWeights = Object.fromEntries(
    best.map(([name, entry]) => [name.slice(5), (entry as { data: Float32Array }).data]),
  );
  return { ...course, bestWeights };
}
