/** `segue train-choice-model`: learns the weights of a conditional logit from any choice log. */
import { type ConditionalLogit, fitConditionalLogit, fitConditionalLogitBatches } from "../choice/conditional_logit.ts";
import { readChoices, withChoiceBatches } from "../choice/read_choices.ts";
import { fitToJson, writeWeights } from "../choice/weights_file.ts";
import { distributedChoiceModel } from "../spark/choice.ts";
import type { Engine } from "../spark/engine.ts";
import { InputError } from "../data/errors.ts";
import { hashFile } from "../data/stages.ts";
import { ENGINE, onEngine } from "./engine.ts";
import { defineCommand, flag, names, number, required, seed, text, textTable } from "./shared.ts";

export default defineCommand({
  name: "train-choice-model",
  description: "Learn utility weights from choices by maximum likelihood (conditional logit), with standard errors.",
  example: "train-choice-model --logs data/work/small/choices.parquet --cluster user_id --out weights.json\n" +
    "  $ deno task segue train-choice-model --logs travel.csv --features cost,time --constants mode --base car",
  options: {
    logs: required("<file>", "choice log in long format, CSV or Parquet: one row an alternative"),
    out: text("<file>", "weights.json to write"),
    features: names("<names>", "features, separated by commas; all numeric columns when left out"),
    cluster: text("<column>", "column of listeners: standard errors become robust to dependence within them"),
    choiceId: text("<column>", "column that says which rows stood together (default: choice_id)"),
    chosen: text(
      "<column>",
      "column that marks the chosen row (1/0, true/false, yes/no) or names it (default: chosen)",
    ),
    alternative: text("<column>", "column that names the alternatives (default: the one of --constants)"),
    constants: text("<column>", "give each level of this column a constant"),
    base: text("<level>", "the level whose constant is 0 (default: the first in alphabetical order)"),
    byAlternative: names("<names>", "columns whose weight differs by alternative, e.g. income"),
    offset: text(
      "<column>",
      "column added to the utility with coefficient 1, '' for none (default: sampling_offset, when there)",
    ),
    holdout: number("<share>", "share of listeners (or choice sets) held out in a second fit", {
      real: true,
      from: 0,
      to: 0.9,
      standard: 0.2,
    }),
    seed: seed("seed of the held-out split"),
    stream: flag("read the file again at every pass instead of keeping it in memory; no held-out evaluation"),
    ...ENGINE,
  },
  run: async ({ logs, out, holdout, seed, stream, engine, master, executors, ...columns }) => {
    const { choiceId, chosen, features, cluster, alternative, constants, byAlternative, offset } = columns;
    const fitted = async (engine?: Engine): Promise<{ fit: ConditionalLogit; base?: string }> => {
      if (!engine) {
        if (stream) {
          return await withChoiceBatches(logs, columns, async (source) => ({
            fit: await fitConditionalLogitBatches(source),
            base: source.base,
          }));
        }
        const { sets, base } = await readChoices(logs, columns);
        return { fit: fitConditionalLogit(sets, { holdout, seed }), base };
      }
      const left = [["--constants", constants], ["--by-alternative", byAlternative], ["--alternative", alternative]];
      const [unknown] = left.filter(([, value]) => value !== undefined);
      if (unknown) {
        throw new InputError(`Expected ${unknown[0]} without --engine; its columns need the whole log at once`);
      }
      return { fit: await distributedChoiceModel(logs, engine, { choiceId, chosen, features, cluster, offset }) };
    };
    const { result: { fit, base }, costs, told } = await onEngine({ engine, master, executors }, fitted);
    if (out !== undefined) {
      const provenance = { logs, sha256: hashFile(logs), options: { ...columns, holdout, seed } };
      writeWeights(out, fit, provenance);
    }
    return {
      json: { logs, out: out ?? null, base: base ?? null, ...fitToJson(fit), ...costs },
      text: fitTable(fit, base) + (out === undefined ? "" : `\n\nwrote ${out}`) + told,
    };
  },
});

function fitTable(fit: ConditionalLogit, base: string | undefined): string {
  const robust = fit.coefficients[0].robustStandardError !== undefined;
  const table = textTable([
    ["feature", "estimate", "s.e.", ...(robust ? ["robust s.e."] : []), "z", "p", "95 % interval"],
    ...fit.coefficients.map((c) => [
      c.feature,
      ...[c.estimate, c.standardError, ...(robust ? [c.robustStandardError!] : [])].map(seven),
      c.z.toFixed(2),
      c.p < 1e-4 ? "<0.0001" : c.p.toFixed(4),
      `[${seven(c.lower)}, ${seven(c.upper)}]`,
    ]),
  ]);
  const s = fit.statistics;
  const lines: (readonly [string, string])[] = [
    ["choice sets", `${s.sets} (${s.rows} rows${s.clusters > 0 ? `, ${s.clusters} clusters` : ""})`],
    [
      "log-likelihood",
      `${s.logLikelihood.toFixed(4)} (zero ${s.logLikelihoodZero.toFixed(4)}${
        s.logLikelihoodConstants === undefined ? "" : `, constants ${s.logLikelihoodConstants.toFixed(4)}`
      })`,
    ],
    [
      "McFadden rho2",
      `${s.rhoSquared.toFixed(5)} (adjusted ${s.adjustedRhoSquared.toFixed(5)}${
        s.rhoSquaredConstants === undefined ? "" : `, against constants ${s.rhoSquaredConstants.toFixed(5)}`
      })`,
    ],
    ["LR test", describeTest(s.likelihoodRatio) + " against zero"],
    ...(s.likelihoodRatioConstants
      ? [["", describeTest(s.likelihoodRatioConstants) + " against constants"] as const]
      : []),
    ["AIC, BIC", `${s.aic.toFixed(2)}, ${s.bic.toFixed(2)}`],
    ["hit rate", s.hitRate.toFixed(4)],
    ["cross-entropy", `${s.crossEntropy.toFixed(4)} nats (uniform ${s.uniformCrossEntropy.toFixed(4)})`],
  ];
  if (fit.holdout) {
    const h = fit.holdout;
    const what = h.by === "cluster" ? ", whole clusters" : "";
    lines.push([
      "held out",
      `${h.crossEntropy.toFixed(4)} nats (uniform ${h.uniformCrossEntropy.toFixed(4)}), hit rate ${
        h.hitRate.toFixed(4)
      }, ${h.testSets} choice sets${what}`,
    ]);
  }
  if (base !== undefined) lines.push(["base level", base]);
  return `${table}\n\n${textTable(lines)}`;
}

function describeTest(test: { statistic: number; degreesOfFreedom: number; p: number }): string {
  return `${test.statistic.toFixed(3)} on ${test.degreesOfFreedom} d.f., p ${pValue(test.p)}`;
}

function pValue(p: number): string {
  return p < 1e-15 ? "< 1e-15" : p < 1e-4 ? p.toExponential(2) : p.toFixed(4);
}

/** Seven decimals, or five significant digits for what is smaller or larger. */
function seven(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toPrecision(5) : value.toFixed(7);
}
