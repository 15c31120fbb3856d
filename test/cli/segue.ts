import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What a command printed and how it ended. */
export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `segue` with the given arguments, in a process of its own. */
export function segue(...args: string[]): Ran {
  const main = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
  const environment: Record<string, string | undefined> = { ...process.env, NO_COLOR: "1" };
  delete environment.SEGUE_CWD;
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    "run",
    "-A",
    "--node-modules-dir=manual",
    main,
    ...args,
  ], {
    encoding: "utf8",
    env: environment,
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

/** Runs `segue … --json` and parses what it printed; throws when it failed. */
export function segueJson(...args: string[]): Record<string, unknown> {
  const { status, stdout, stderr } = segue(...args, "--json");
  if (status !== 0) throw new Error(`segue ${args.join(" ")} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}
