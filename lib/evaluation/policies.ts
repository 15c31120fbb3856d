/**
 * The policies of the tournament: the contestants, what Segue is without one of its terms, and the points of the curves.
 *
 * @module
 */
import { FEATURES } from "../shuffle/features.ts";
import type { Rules } from "../shuffle/rules.ts";
import type { PolicyName } from "../shuffle/session.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../shuffle/weights.ts";

/** What a variant of Segue changes; `learnedTemperature` is the temperature under the learned weights. */
export type VariedParameter = typeof FEATURES[number] | "temperature" | "learnedTemperature" | "rules";

/** A policy of the tournament. It can be sent to a worker. */
export interface TournamentPolicy {
  /** Short name, e.g. `"segue"`. */
  name: string;
  /** What people read, e.g. `"Segue, learned weights"`. */
  label: string;
  /** A contestant, or a variant of Segue. */
  group: "contest" | "variant";
  /** The way to choose. */
  policy: PolicyName;
  /** Weights of the policy `segue`. */
  weights?: Weights;
  /** True: each listener's own weights instead, which only a simulation knows. */
  own?: boolean;
  /** Temperature of the softmax. */
  temperature?: number;
  /** Hard rules. */
  rules?: Rules;
  /** Of a variant: the policy from which it differs in one parameter. */
  against?: string;
  /** Of a variant: that parameter. */
  parameter?: VariedParameter;
  /** Of a variant: the temperature, or the factor on the hand-set weight; 0 leaves the term (or the rules) out. */
  value?: number;
}

const NO_RULES: Rules = {};

/** Temperatures of the curve; 1 is Segue itself. */
export const CURVE_TEMPERATURES: readonly number[] = [0, 0.25, 0.5, 2, 4, Infinity];

/** Temperatures under the learned weights; 1 is the contestant itself. */
export const LEARNED_TEMPERATURES: readonly number[] = [0.25, 0.5];

/** Factors on each weight; 1 is Segue itself, 0 the ablation of the term. */
export const CURVE_FACTORS: readonly number[] = [0, 0.5, 2, 4];

/**
 * The contestants: vanilla (Fisher–Yates), dithered (Spotify 2014), freshest (Spotify 2025), the similarity walk, Segue
 * with hand-set weights, with learned weights when there are some, with the sequence term when there is a model, and, as
 * the mark that learning could reach, with each listener's own weights.
 *
 * @param learned Weights learned from choices.
 * @param sequenceWeight Weight of the sequence term.
 * @returns The policies, baselines first.
 */
export function contestants(learned?: Weights, sequenceWeight?: number): TournamentPolicy[] {
  const policies: TournamentPolicy[] = [
    { name: "vanilla", label: "Vanilla shuffle", group: "contest", policy: "vanilla" },
    { name: "dithered", label: "Dithered by artist", group: "contest", policy: "dithered" },
    { name: "freshest", label: "Freshest of five", group: "contest", policy: "freshest" },
    { name: "similarity", label: "Similarity walk", group: "contest", policy: "similarity" },
    { name: "segue", label: "Segue, hand-set", group: "contest", policy: "segue", weights: DEFAULT_WEIGHTS },
  ];
  const segue = { group: "contest", policy: "segue" } as const;
  if (learned) policies.push({ ...segue, name: "segue-learned", label: "Segue, learned", weights: learned });
  if (sequenceWeight !== undefined) {
    const weights = { ...DEFAULT_WEIGHTS, sequence: sequenceWeight };
    policies.push({ ...segue, name: "segue-sequence", label: "Segue, with sequence", weights });
  }
  policies.push({ ...segue, name: "segue-own", label: "Segue, own weights", own: true });
  return policies;
}

/**
 * The variants of Segue: one parameter at a time is changed, all else stays.
 *
 * @param learned Weights learned from choices; their temperatures are left out without.
 * @returns The policies: temperatures, factors on each hand-set weight (0: without the term), without hard rules, and
 * without hard rules and a term: a rule that forbids what a weight dislikes leaves the weight nothing to do.
 */
export function segueVariants(learned?: Weights): TournamentPolicy[] {
  const base = { group: "variant", policy: "segue", weights: DEFAULT_WEIGHTS, against: "segue" } as const;
  const heated = (
    parameter: "temperature" | "learnedTemperature",
    values: readonly number[],
    weights: Weights,
    against: string,
  ) =>
    values.map((value): TournamentPolicy => ({
      ...base,
      weights,
      against,
      name: `${parameter} ${value}`,
      label: `${parameter === "temperature" ? "" : "learned, "}temperature ${value === Infinity ? "∞" : value}`,
      temperature: value,
      parameter,
      value,
    }));
  const weights = FEATURES.flatMap((feature) =>
    CURVE_FACTORS.map((value): TournamentPolicy => ({
      ...base,
      name: `${feature} ${value}`,
      label: value === 0 ? `without ${feature}` : `${feature} × ${value}`,
      weights: { ...DEFAULT_WEIGHTS, [feature]: value * DEFAULT_WEIGHTS[feature] },
      parameter: feature,
      value,
    }))
  );
  const free: TournamentPolicy = {
    ...base,
    name: "free",
    label: "no hard rules",
    rules: NO_RULES,
    parameter: "rules",
    value: 0,
  };
  const freeAblations = FEATURES.map((feature): TournamentPolicy => ({
    ...free,
    name: `free ${feature} 0`,
    label: `no hard rules, without ${feature}`,
    weights: { ...DEFAULT_WEIGHTS, [feature]: 0 },
    parameter: feature,
    against: "free",
  }));
  return [
    ...heated("temperature", CURVE_TEMPERATURES, DEFAULT_WEIGHTS, "segue"),
    ...(learned ? heated("learnedTemperature", LEARNED_TEMPERATURES, learned, "segue-learned") : []),
    ...weights,
    free,
    ...freeAblations,
  ];
}
