/** A command that the README tells people to run. */
export interface ReadmeCommand {
  /** As it stands, without the remark behind it. */
  text: string;
  /** What comes after `deno task`. */
  words: string[];
  /** Version of Deno where npx is to fetch it. */
  version: string | undefined;
}

/**
 * Finds the commands in the fenced `sh` blocks of a Markdown text.
 *
 * @param markdown The text.
 * @returns The commands in their order.
 * @throws {Error} When a line is neither a task of ours nor empty: no test would run it.
 */
export function parseCommands(markdown: string): ReadmeCommand[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text]) => text);
  const lines = blocks.flatMap((text) => text.replaceAll("\\\n", " ").split("\n"));
  return lines.map((line) => line.replace(/\s+#\s.*$/, "").trim()).filter((line) => line !== "").map((text) => {
    const found = /^(?:npx -y deno@(\S+)|deno) task (.+)$/.exec(text);
    if (!found) throw new Error(`README: expected every command to be a deno task but found: ${text}`);
    const words = [...found[2].matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c);
    return { text, words, version: found[1] };
  });
}
