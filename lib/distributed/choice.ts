/**
 * The conditional logit on an engine: partitions of whole choice sets are summed at every weight that Newton's method
 * asks for.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { type ConditionalLogit, describeFit, maximizeWith } from "../choice/conditional_logit.ts";
import { addClusterScores, addLogitSums, type LogitSums, logitSums } from "../choice/logit_sums.ts";
import { type ChoiceColumns, defaultFeatures } from "../choice/read_choices.ts";
import { type ChoiceSets, groupChoices } from "../choice/sets.ts";
import { InputError } from "../errors.ts";
import { queryColumns, sqlText, withDuckDB } from "../storage/parquet.ts";
import { bytesOf, doublesOf, type RowTable } from "./arrow.ts";
import { type Engine, type Job, runAndMerge, type Step } from "./engine.ts";

/** Columns of a choice log that can be fitted on an engine. */
export type DistributedChoiceColumns = Pick<ChoiceColumns, "choiceId" | "chosen" | "features" | "cluster" | "offset">;

/** Which columns mean what, all known. */
interface Plan {
  choiceId: string;
  chosen: string;
  features: readonly string[];
  cluster?: string;
  offset?: string;
}

/** Step `choice.sums`: log-likelihood, gradient and information of a partition; its broadcast value holds the weights. */
export const SUMS_STEP: Step = {
  output: { counts: "binary", gradient: "binary", information: "binary" },
  async *run(rows, { data, arrays }) {
    let total: LogitSums | undefined;
    for await (const { sets } of choiceSets(rows, data as Plan)) {
      const sums = logitSums(sets, arrays.weights as Float64Array);
      total = total ? addLogitSums(total, sums) : sums;
    }
    if (!total) return;
    const { sets, rows: count, hits, uniformLogLikelihood, logLikelihood, gradient, information } = total;
    const counts = Float64Array.of(sets, count, hits, uniformLogLikelihood, logLikelihood);
    yield { counts: [bytesOf(counts)], gradient: [bytesOf(gradient)], information: [bytesOf(information)] };
  },
};

/** Step `choice.scores`: the gradient of a partition by cluster. */
export const SCORES_STEP: Step = {
  output: { cluster: "text", scores: "binary" },
  async *run(rows, { data, arrays }) {
    const { features } = data as Plan;
    const total = new Map<string, Float64Array>();
    for await (const { sets, clusters } of choiceSets(rows, data as Plan)) {
      const scores = addClusterScores(
        sets,
        arrays.weights as Float64Array,
        new Float64Array(clusters.length * features.length),
      );
      clusters.forEach((name, c) =>
        addTo(total, name, scores.subarray(c * features.length, (c + 1) * features.length))
      );
    }
    if (total.size > 0) yield { cluster: [...total.keys()], scores: Array.from(total.values(), bytesOf) };
  },
};

/**
 * Fits a conditional logit to a Parquet choice log on an engine: the estimates are those of `fitConditionalLogit` up to
 * rounding. Rows are brought together by choice set once; then every pass of Newton's method is a job.
 *
 * @param path Parquet file in long format, one row an alternative; the chosen row is marked by 1 or true.
 * @param engine The engine.
 * @param columns Which columns mean what.
 * @returns The fit, without the statistics that need constants or held-out listeners.
 * @throws {InputError} When a column is missing or not numeric, a value is missing, or as `fitConditionalLogit`.
 */
export async function distributedChoiceModel(
  path: string,
  engine: Engine,
  columns: DistributedChoiceColumns = {},
): Promise<ConditionalLogit> {
  const plan = await planOf(path, columns);
  const { choiceId, chosen, features, cluster, offset } = plan;
  const wanted = [...new Set([choiceId, chosen, cluster, offset, ...features].filter((name) => name !== undefined))];
  const job = (name: string, step: string, weights: Float64Array): Job => ({
    name,
    source: { kind: "parquet", path, columns: wanted, by: choiceId },
    keep: true,
    steps: [{ step, broadcast: { data: plan, arrays: { weights } } }],
  });
  try {
    const optimum = await maximizeWith(
      features,
      new Float64Array(features.length),
      (weights) => runAndMerge(engine, job("choice sums", "choice.sums", weights), sumsOf, addLogitSums),
    );
    if (cluster === undefined) return describeFit(features, optimum);
    const scores = new Map<string, Float64Array>();
    const { tables } = await engine.run(job("choice scores", "choice.scores", optimum.estimates));
    for await (const table of tables()) {
      const parts = table.bytes("scores");
      table.texts("cluster").forEach((name, i) => addTo(scores, name!, doublesOf(parts[i].slice())));
    }
    return describeFit(features, optimum, Float64Array.from([...scores.values()].flatMap((part) => [...part])));
  } catch (error) {
    const named = error instanceof InputError && !error.message.startsWith(path);
    throw named ? new InputError(`${path}: ${error.message}`) : error;
  }
}

async function planOf(path: string, columns: DistributedChoiceColumns): Promise<Plan> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file`);
  if (!/\.parquet$/i.test(path)) {
    throw new InputError(`${path}: expected a Parquet file; a choice log in another form is fitted without --engine`);
  }
  const types = await withDuckDB(async (connection) => {
    const sql = `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${sqlText(path)}))`;
    const { column_name, column_type } = await queryColumns(connection, sql);
    return new Map((column_name as string[]).map((name, i) => [name, (column_type as string[])[i]]));
  });
  const expectColumn = (name: string, what: string) => {
    if (types.has(name)) return name;
    throw new InputError(`${path}: expected a column ${name} ${what} but found ${[...types.keys()].join(", ")}`);
  };
  const choiceId = expectColumn(columns.choiceId ?? "choice_id", "that says which rows stood together");
  const chosen = expectColumn(columns.chosen ?? "chosen", "that marks the chosen row");
  const cluster = columns.cluster && expectColumn(columns.cluster, "of the clusters");
  const offset = columns.offset
    ? expectColumn(columns.offset, "that is added to the utility")
    : columns.offset === undefined && types.has("sampling_offset")
    ? "sampling_offset"
    : undefined;
  const features = columns.features?.map((name) => expectColumn(name, "as a feature")) ??
    defaultFeatures(types, new Set([choiceId, chosen, cluster, offset]));
  if (features.length === 0) throw new InputError(`${path}: expected at least one numeric feature but found none`);
  return { choiceId, chosen, features, cluster: cluster || undefined, offset };
}

/** Whole choice sets of a partition, whose rows come ordered by choice set; a set may run on into the next table. */
async function* choiceSets(
  tables: AsyncIterable<RowTable>,
  plan: Plan,
): AsyncGenerator<{ sets: ChoiceSets; clusters: string[] }> {
  const width = plan.features.length;
  let waiting: Waiting = { ids: [], chosen: [], clusters: [], offset: [], values: new Float64Array(0) };
  for await (const table of tables) {
    const all = joined(waiting, table, plan);
    let whole = all.ids.length;
    while (whole > 0 && all.ids[whole - 1] === all.ids[all.ids.length - 1]) whole--;
    if (whole > 0) yield setsOf(all, 0, whole, plan);
    waiting = {
      ids: all.ids.slice(whole),
      chosen: all.chosen.slice(whole),
      clusters: all.clusters.slice(whole),
      offset: all.offset.slice(whole),
      values: all.values.slice(whole * width),
    };
  }
  if (waiting.ids.length > 0) yield setsOf(waiting, 0, waiting.ids.length, plan);
}

/** Rows, column by column; features row-major. */
interface Waiting {
  ids: unknown[];
  chosen: number[];
  clusters: string[];
  offset: number[];
  values: Float64Array;
}

function joined(before: Waiting, table: RowTable, { choiceId, chosen, cluster, offset, features }: Plan): Waiting {
  const width = features.length;
  const start = before.ids.length;
  const values = new Float64Array((start + table.length) * width);
  values.set(before.values);
  features.forEach((name, k) => {
    const column = table.numbers(name)!;
    for (let r = 0, at = start * width + k; r < column.length; r++, at += width) values[at] = column[r];
  });
  return {
    ids: before.ids.concat(table.texts(choiceId)),
    chosen: before.chosen.concat(Array.from(table.numbers(chosen)!)),
    clusters: cluster === undefined ? [] : before.clusters.concat(table.texts(cluster).map(String)),
    offset: offset === undefined ? [] : before.offset.concat(Array.from(table.numbers(offset)!)),
    values,
  };
}

function setsOf(rows: Waiting, from: number, to: number, plan: Plan): { sets: ChoiceSets; clusters: string[] } {
  const ids = rows.ids.slice(from, to);
  const names: unknown[] = [];
  const choice = Int32Array.from(ids, (id, r) => {
    if (r === 0 || id !== ids[r - 1]) names.push(id);
    return names.length - 1;
  });
  const known = new Map<string, number>();
  const cluster = plan.cluster === undefined ? undefined : Int32Array.from(rows.clusters.slice(from, to), (name) => {
    const code = known.get(name) ?? known.size;
    known.set(name, code);
    return code;
  });
  const width = plan.features.length;
  const sets = groupChoices({
    features: plan.features,
    values: rows.values.slice(from * width, to * width),
    choice,
    setCount: names.length,
    chosen: Uint8Array.from(rows.chosen.slice(from, to), (mark, r) => {
      if (mark === 0 || mark === 1) return mark;
      throw new InputError(
        `expected ${plan.chosen} to be 0 or 1 in every row of choice set ${ids[r]} but found ${mark}`,
      );
    }),
    cluster,
    offset: plan.offset === undefined ? undefined : Float64Array.from(rows.offset.slice(from, to)),
    nameOf: (n) => String(names[n]),
  });
  return { sets, clusters: [...known.keys()] };
}

function sumsOf(table: RowTable): LogitSums[] {
  const [gradients, informations] = [table.bytes("gradient"), table.bytes("information")];
  return table.bytes("counts").map((bytes, i) => {
    const [sets, rows, hits, uniformLogLikelihood, logLikelihood] = doublesOf(bytes.slice());
    const gradient = doublesOf(gradients[i].slice());
    const information = doublesOf(informations[i].slice());
    return { sets, rows, hits, uniformLogLikelihood, logLikelihood, gradient, information };
  });
}

function addTo(total: Map<string, Float64Array>, name: string, part: Float64Array): void {
  const sum = total.get(name);
  total.set(name, sum ? sum.map((value, k) => value + part[k]) : part.slice());
}
