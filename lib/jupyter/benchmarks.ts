/** The comparison of Segue with its peers, from the tables that `deno task bench` writes. */
import { least } from "d3-array";
import { csvParse } from "d3-dsv";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";
import { markdownTable } from "./markdown.ts";

/** Two rows of a table `bench_…`. A row is found by its cells, joined by ` | `. */
interface Contest {
  table: string;
  what: string;
  /** Our row: the first that matches. */
  ours: RegExp;
  /** The row of the peer: the fastest that matches. */
  peer: RegExp;
}

const CONTESTS: readonly Contest[] = [
  { table: "graph", what: "Neighbour graph of a million tracks", ours: /\| Segue \|/, peer: /\| 0\.99\d* \||\| 1 \|/ },
  {
    table: "catalog",
    what: "Catalogue to features, rejects told",
    ours: /^segue ingest \+ features/,
    peer: /^full pandas/,
  },
  {
    table: "catalog",
    what: "The same, the peer without an account",
    ours: /^segue ingest \+ features/,
    peer: /^bare pandas/,
  },
  {
    table: "pca",
    what: "PCA, fit and transform",
    ours: /^fit \+ transform(?!, the first call).*segue/,
    peer: /^fit \+ transform(?!, the first call).*scikit-learn/,
  },
  { table: "choice", what: "Conditional logit", ours: /^segue, in memory/, peer: /^xlogit/ },
  { table: "shuffle", what: "One recommendation", ours: /^segue, no rules/, peer: /^NumPy/ },
  { table: "sequence", what: "SASRec, a training step", ours: /^training step.*ours/, peer: /^training step.*PyTorch/ },
];

/** The seconds of Segue and of its fastest peer as a Markdown table; InputError when a report has no benchmark. */
export function benchmarksTable(reports: string): string {
  if (!readdirSync(join(reports, "tables")).some((name) => name.startsWith("bench_"))) {
    throw new InputError("README: reports/tables has no benchmark; run deno task bench");
  }
  const rows = CONTESTS.flatMap(({ table, what, ours, peer }) => {
    const file = join(reports, "tables", `bench_${table}.csv`);
    if (!existsSync(file)) return [];
    const rows: Record<string, string>[] = Array.from(csvParse(readFileSync(file, "utf8")));
    const matches = (row: Record<string, string>, pattern: RegExp) => pattern.test(Object.values(row).join(" | "));
    const mine = rows.find((row) => matches(row, ours));
    const fastest = least(rows.filter((row) => row !== mine && matches(row, peer)), (row) => Number(row.seconds));
    if (!mine || !fastest) {
      console.error(`readme: bench_${table} has no two rows for '${what}'; it is left out`);
      return [];
    }
    const [a, b] = [Number(mine.seconds), Number(fastest.seconds)];
    const name = fastest.method ?? fastest.tool ?? fastest.model ?? fastest.what;
    const link = `[${what}](reports/tables/bench_${table}.md)`;
    return [[link, duration(a), `${duration(b)} (${name})`, (b / a).toPrecision(2)]];
  });
  return markdownTable(["what", "ours:", "the fastest peer:", "times as fast:"], rows);
}

function duration(seconds: number): string {
  const [value, unit] = seconds >= 1 ? [seconds, "s"] : seconds >= 1e-3 ? [1e3 * seconds, "ms"] : [1e6 * seconds, "µs"];
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}
