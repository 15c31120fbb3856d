/**
 * The policies of the comparison: those that are compared, what Segue is without one of its terms, and the points of the
 * curves.
 */
import type { TastePrior } from "../choice/personal.ts";
import { BASE_TERM_NAMES, type BaseTermName } from "../score/terms/registry.ts";
import { POLICIES, type Policy, type PolicyName } from "../score/policies.ts";
import type { SessionOptions } from "../score/session.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../score/weights.ts";

/**
 * What a variant of Segue changes: the temperature under the hand-set weights, under those learned from all listeners
 * at once or from each of them, the factor on a hand-set weight, or the hard rules.
 */
export type VariedParameter =
  | BaseTermName
  | "temperature"
  | "learnedTemperature"
  | "personalTemperature"
  | "rules";

/** A policy of the comparison. It can be sent to a worker when `policy` is a name. */
export interface ComparedPolicy extends Pick<SessionOptions, "weights" | "temperature" | "rules"> {
  /** Short name, e.g. `"segue"`. */
  name: string;
  /** What people read, e.g. `"Segue, learned weights"`. */
  label: string;
  /** One of those that are compared, or a variant of Segue. */
  group: "main" | "variant";
  /** The way to choose: the name of a policy of the registry, or one that is not in it. */
  policy: PolicyName | Policy;
  /** True: each listener's own weights instead, which only a simulation knows. */
  own?: boolean;
  /** Each listener's weights as learned from that listener's past choices and this distribution of tastes. */
  prior?: TastePrior;
  /** Of a variant: the policy from which it differs in one parameter. */
  against?: string;
  /** Of a variant: that parameter. */
  parameter?: VariedParameter;
  /** Of a variant: the temperature, or the factor on the hand-set weight; 0 leaves the term (or the rules) out. */
  value?: number;
}

/** Temperatures of the curve; 1 is Segue itself. */
const CURVE_TEMPERATURES = [0, 0.25, 0.5, 2, 4, Infinity] as const;

/** Temperatures under the learned weights, and those that are tried for them; 1 is the policy itself. */
export const LEARNED_TEMPERATURES: readonly number[] = [0, 0.25, 0.5];

/** Factors on each weight; 1 is Segue itself, 0 the ablation of the term. */
const CURVE_FACTORS = [0, 0.5, 2, 4] as const;

/** What the policies are given besides the hand-set weights. */
export interface LearnedParts {
  /** Weights learned from many listeners at once. */
  pooled: Weights;
  /** How listeners differ: with it each listener's weights are learned from that listener's past choices. */
  prior: TastePrior;
  /** Temperature that was chosen for those on other listeners. */
  temperature: number;
  /** Weight of the sequence term; without it the policy with that term is left out. */
  sequence?: number;
}

/**
 * The policies that are compared: all but Segue of the registry, those that order the library before those that walk;
 * then Segue with hand-set weights, with weights learned from all listeners at once, with weights learned from each of
 * them (as they are, and at a temperature chosen on others), with the sequence term, and, as the mark that learning could
 * reach, with each listener's own weights.
 */
export function comparedPolicies(
  { pooled, prior, temperature, sequence }: LearnedParts,
  registry: readonly Policy[] = POLICIES,
): ComparedPolicy[] {
  const group = "main";
  const segue = { group, policy: "segue" } as const;
  const others = [
    ...registry.filter(({ order }) => order),
    ...registry.filter(({ name, order }) => !order && name !== "segue"),
  ];
  const withSequence = sequence === undefined ? [] : [{ ...DEFAULT_WEIGHTS, sequence }];
  return [
    ...others.map((policy): ComparedPolicy => ({
      name: policy.name,
      label: policy.label,
      group,
      // A worker knows the policies of the registry by name.
      policy: POLICIES.find((entry) => entry === policy)?.name ?? policy,
    })),
    { ...segue, name: "segue", label: "Segue, hand-set", weights: DEFAULT_WEIGHTS },
    { ...segue, name: "segue-learned", label: "Segue, learned: all", weights: pooled },
    { ...segue, name: "segue-personal", label: "Segue, learned: each", prior },
    { ...segue, name: "segue-tuned", label: "Segue, learned: tuned", prior, temperature },
    ...withSequence.map((weights) => ({ ...segue, name: "segue-sequence", label: "Segue, with sequence", weights })),
    { ...segue, name: "segue-own", label: "Segue, own weights", own: true },
  ];
}

/**
 * The variants of Segue: one parameter at a time is changed, all else stays.
 *
 * @returns The policies: temperatures, factors on each hand-set weight (0: without the term), without hard rules, and
 * without hard rules and a term: a rule that forbids what a weight dislikes leaves the weight nothing to do.
 */
export function segueVariants({ pooled, prior }: Pick<LearnedParts, "pooled" | "prior">): ComparedPolicy[] {
  const segue = { group: "variant", policy: "segue" } as const;
  const base = { ...segue, weights: DEFAULT_WEIGHTS, against: "segue" };
  const fromAll = { ...segue, weights: pooled, against: "segue-learned" };
  const fromEach = { ...segue, prior, against: "segue-personal" };
  const heated = (varied: typeof base | typeof fromEach, parameter: VariedParameter, learnedFrom: string) =>
    (parameter === "temperature" ? CURVE_TEMPERATURES : LEARNED_TEMPERATURES).map((temperature): ComparedPolicy => ({
      ...varied,
      name: `${parameter} ${temperature}`,
      label: `${learnedFrom}temperature ${temperature === Infinity ? "∞" : temperature}`,
      parameter,
      value: temperature,
      temperature,
    }));
  const weighed = (parameter: BaseTermName, value: number) => ({
    ...base,
    weights: { ...DEFAULT_WEIGHTS, [parameter]: value * DEFAULT_WEIGHTS[parameter] },
    parameter,
    value,
  });
  return [
    ...heated(base, "temperature", ""),
    ...heated(fromAll, "learnedTemperature", "from all, "),
    ...heated(fromEach, "personalTemperature", "from each, "),
    ...BASE_TERM_NAMES.flatMap((term) =>
      CURVE_FACTORS.map((value) => ({
        ...weighed(term, value),
        name: `${term} ${value}`,
        label: value === 0 ? `without ${term}` : `${term} × ${value}`,
      }))
    ),
    { ...base, name: "free", label: "no hard rules", rules: {}, parameter: "rules", value: 0 },
    ...BASE_TERM_NAMES.map((term) => ({
      ...weighed(term, 0),
      name: `free ${term} 0`,
      label: `no hard rules, without ${term}`,
      rules: {},
      against: "free",
    })),
  ];
}
