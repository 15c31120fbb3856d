/** Java, which Spark needs. Imports nothing from npm: the set-up asks here too. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

const JAVA = 17;

/**
 * Whether there is a Java that can run Spark.
 *
 * @returns Why not, in one sentence that says what to do; undefined when there is one.
 */
export function javaProblem(): string | undefined {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin/java") : "java";
  const { status, stderr, stdout } = spawnSync(java, ["-version"], { encoding: "utf8" });
  const version = status === 0 ? /version "(?:1\.)?(\d+)/.exec(`${stderr}${stdout}`)?.[1] : undefined;
  if (version !== undefined && Number(version) >= JAVA) return undefined;
  return `Expected Java ${JAVA} or later for Spark but found ${version === undefined ? "none" : `Java ${version}`}; ` +
    `install it or set JAVA_HOME to its folder (on Debian and Ubuntu: apt install openjdk-${JAVA}-jre-headless)`;
}
