/**
 * The conditional logit on an engine: partitions of whole choice sets are summed at every weight that Newton's method
 * asks for.
 */
import { type ConditionalLogit, fitElsewhere } from "../choice/conditional_logit.ts";
import { addClusterScores, addLogitSums, type LogitSums, logitSums } from "../choice/logit_sums.ts";
import { type ChoiceColumns, type FoundColumns, withChoiceLog } from "../choice/choice_log.ts";
import { type ChoiceSets, groupChoices } from "../listening/choice_sets.ts";
import { concatenate } from "../data/concatenate.ts";
import { InputError } from "../data/errors.ts";
import type { RowTable } from "./arrow.ts";
import { type Engine, type Job, type MergedStep, mergedStep, runAndMerge } from "./engine.ts";

/** Columns of a choice log that can be fitted on an engine. */
export type DistributedChoiceColumns = Pick<ChoiceColumns, "choiceId" | "chosen" | "features" | "cluster" | "offset">;

/** What a pass is given. */
interface Pass {
  plan: FoundColumns;
  weights: Float64Array;
}

/** Step `choice.sums`: log-likelihood, gradient and information of a partition. */
export const SUMS_STEP: MergedStep<LogitSums> = mergedStep(async function* (rows, { plan, weights }: Pass) {
  const found = await choiceSets(rows, plan);
  if (found) yield logitSums(found.sets, weights);
}, addLogitSums);

/** Step `choice.scores`: the gradient of a partition by cluster. */
export const SCORES_STEP: MergedStep<Map<string, Float64Array>> = mergedStep(
  async function* (rows, { plan, weights }: Pass) {
    const found = await choiceSets(rows, plan);
    if (!found) return;
    const { sets, clusters } = found;
    const width = plan.features.length;
    const scores = addClusterScores(sets, weights, new Float64Array(clusters.length * width));
    yield new Map(clusters.map((name, c) => [name, scores.slice(c * width, (c + 1) * width)]));
  },
  (a, b) => {
    for (const [name, part] of b) a.set(name, a.get(name)?.map((value, k) => value + part[k]) ?? part);
    return a;
  },
);

/**
 * Fits a conditional logit to a Parquet choice log on an engine: the estimates are those of `fitConditionalLogit` up to
 * rounding. Rows are brought together by choice set once; then every pass of Newton's method is a job.
 *
 * @param path Parquet file in long format, one row an alternative; the chosen row is marked by 1 or true.
 * @returns The fit, without the statistics that need constants or held-out listeners.
 * @throws {InputError} When a column is missing or not numeric, a value is missing, or as `fitConditionalLogit`.
 */
export async function distributedChoiceModel(
  path: string,
  engine: Engine,
  columns: DistributedChoiceColumns = {},
): Promise<ConditionalLogit> {
  if (!/\.parquet$/i.test(path)) {
    throw new InputError(`${path}: expected a Parquet file; a choice log in another form is fitted without --engine`);
  }
  return await withChoiceLog(path, columns, async ({ columns: plan }) => {
    const { choiceId, chosen, features, cluster, offset } = plan;
    const wanted = [...new Set([choiceId, chosen, cluster, offset, ...features].filter((name) => name !== undefined))];
    const job = (name: string, step: string, weights: Float64Array): Job => ({
      name,
      source: { kind: "parquet", path, columns: wanted, by: choiceId },
      keep: true,
      steps: [{ step, broadcast: { plan, weights } satisfies Pass }],
    });
    return await fitElsewhere(
      features,
      (weights) => runAndMerge(engine, job("choice sums", "choice.sums", weights), SUMS_STEP.merge),
      cluster === undefined ? undefined : async (weights) => {
        const scores = await runAndMerge(engine, job("choice scores", "choice.scores", weights), SCORES_STEP.merge);
        return concatenate(Float64Array, [...scores.values()]);
      },
    );
  });
}

/** The choice sets of a partition, whose rows come ordered by choice set, and the names of its clusters. */
async function choiceSets(
  tables: AsyncIterable<RowTable>,
  { choiceId, chosen, cluster, offset, features }: FoundColumns,
): Promise<{ sets: ChoiceSets; clusters: string[] } | undefined> {
  const all = await Array.fromAsync(tables);
  const rows = all.reduce((sum, { length }) => sum + length, 0);
  if (rows === 0) return undefined;
  const numbers = (name: string) => concatenate(Float64Array, all.map((table) => table.numbers(name)!));
  const ids = all.flatMap((table) => table.texts(choiceId));
  const values = new Float64Array(rows * features.length);
  features.forEach((name, k) => {
    numbers(name).forEach((value, r) => values[r * features.length + k] = value);
  });
  const choice = codesOf(ids);
  const clusters = cluster === undefined ? undefined : codesOf(all.flatMap((table) => table.texts(cluster)));
  const sets = groupChoices({
    features,
    values,
    choice: choice.codes,
    chosen: Uint8Array.from(numbers(chosen), (mark, r) => {
      if (mark === 0 || mark === 1) return mark;
      throw new InputError(`expected ${chosen} to be 0 or 1 in every row of choice set ${ids[r]} but found ${mark}`);
    }),
    cluster: clusters?.codes,
    offset: offset === undefined ? undefined : numbers(offset),
    nameOf: (n) => choice.names[n],
  });
  return { sets, clusters: clusters?.names ?? [] };
}

/** A code for each name, in the order in which they come first. */
function codesOf(texts: readonly (string | null)[]): { codes: Int32Array; names: string[] } {
  const names = [...new Set(texts.map(String))];
  const codes = new Map(names.map((name, code) => [name, code]));
  return { codes: Int32Array.from(texts, (text) => codes.get(String(text))!), names };
}
