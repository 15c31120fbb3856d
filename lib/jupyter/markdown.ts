/**
 * Markdown as `deno fmt` writes it.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Formats Markdown by the project's own settings, so that a page which is written by a program passes the gate.
 *
 * @param text The Markdown.
 * @returns The same, formatted.
 * @throws {Error} When `deno fmt` cannot read it.
 */
export function formatMarkdown(text: string): string {
  const formatted = spawnSync(process.execPath, ["fmt", "--quiet", "--ext", "md", "-"], {
    cwd: ROOT,
    input: text,
    encoding: "utf8",
  });
  if (formatted.status !== 0) throw new Error(`deno fmt failed: ${formatted.stderr}`);
  return formatted.stdout;
}
