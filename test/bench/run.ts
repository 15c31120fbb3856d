/**
 * `deno task bench [topic…] [--quick]`: runs the benchmarks, ours and the peers in the same run. Each writes its table to
 * reports/tables/bench_<topic>.csv and .md and prints the ratio.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const topics = readdirSync(folder).filter((name) => name.endsWith("_bench.ts")).map((name) => name.slice(0, -9)).sort();
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const options = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
const unknown = wanted.find((topic) => !topics.includes(topic));
if (unknown) {
  console.error(`bench: expected a topic among ${topics.join(", ")} but found '${unknown}'`);
  process.exit(2);
}
let failed = 0;
for (const topic of wanted.length ? wanted : topics) {
  console.log(`\n== ${topic}`);
  const { status } = spawnSync(process.execPath, ["run", "-A", join(folder, `${topic}_bench.ts`), ...options], {
    stdio: "inherit",
  });
  if (status !== 0) {
    failed++;
    console.error(`bench: ${topic} ended with ${status}`);
  }
}
process.exitCode = failed ? 1 : 0;
