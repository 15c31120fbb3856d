/** The API reference: `deno doc --html` over the modules that `deno.json` exports. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ROOT } from "./project.ts";

/**
 * Writes the API reference to a folder and replaces what is there; throws when `deno doc` fails. It has some two thousand
 * pages, which take seconds to make, so git ignores them.
 */
export async function writeApi(output: string): Promise<void> {
  const { ".": core, ...rooms } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")).exports;
  rmSync(output, { recursive: true, force: true });
  mkdirSync(dirname(output), { recursive: true });
  const args = ["doc", "--html", "--name=Segue", `--output=${output}`, core, ...Object.values<string>(rooms)];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: { ...process.env, NO_COLOR: "1" } });
  // Deno's first page has no list of the modules.
  const links = Object.keys(rooms).map((room) => `<a href="${room}/index.html">${room.slice(2)}</a>`).join(" · ");
  const index = join(output, "index.html");
  writeFileSync(index, readFileSync(index, "utf8").replace("<main>", `<main><p>${links}</p>`));
}
