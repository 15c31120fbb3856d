/**
 * What every command shares: how it reports and how it fails.
 *
 * @module
 */
import { Command } from "commander";
import process from "node:process";
import { InputError } from "../errors.ts";
import { peakMemory } from "../storage/stages.ts";

/** What a command prints: an object for `--json`, a text for people. */
export interface CommandResult {
  /** Machine-readable result, one object. */
  json: Record<string, unknown>;
  /** The same for people. */
  text: string;
}

/**
 * Starts the definition of a command: name, description, `--json`, and an example in its help.
 *
 * @param name Its name, e.g. `"graph"`.
 * @param description One sentence.
 * @param example A command line that works.
 * @returns A commander command to add options to.
 */
export function defineCommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option("--json", "print one machine-readable object")
    .addHelpText("after", `\nExample:\n  $ deno task segue ${example}`);
}

/**
 * Sets what a command does: its result is printed as text or, with `--json`, as one line of JSON with seconds (by the
 * clock and of the processor) and peak memory added.
 *
 * @param command The command.
 * @param run Gets the options and the positional arguments.
 * @returns The command.
 */
export function onRun<Options>(
  command: Command,
  run: (options: Options, positional: string[]) => Promise<CommandResult>,
): Command {
  return command.action(async (...parts: unknown[]) => {
    const options = command.opts() as Options & { json?: boolean };
    const positional = parts.slice(0, -2).flat() as string[];
    const start = performance.now();
    const result = await run(options, positional);
    const seconds = Number(((performance.now() - start) / 1000).toFixed(3));
    console.log(
      options.json
        ? JSON.stringify({
          ...{ command: command.name(), seconds, cpu_seconds: cpuSeconds(), peak_memory_mib: peakMemory() },
          ...result.json,
        })
        : result.text,
    );
  });
}

/** Processor time of all threads of this process so far. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return Number(((user + system) / 1e6).toFixed(3));
}

/**
 * Reads an option as a number.
 *
 * @param name Name of the option, for the error.
 * @returns A parser for commander.
 * @throws {InputError} The parser throws when the text is not a number.
 */
export function numberOption(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || Number.isNaN(value)) {
      throw new InputError(`Expected ${name} to be a number but found '${text}'`);
    }
    return value;
  };
}

/**
 * Lines up rows as a plain-text table.
 *
 * @param rows The rows; the first is the header.
 * @returns The table, columns two spaces apart, numbers to the right.
 */
export function textTable(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((r) => String(r[c] ?? "").length)));
  return rows.map((r) =>
    r.map((value, c) =>
      typeof value === "number" ? String(value).padStart(widths[c]) : String(value ?? "").padEnd(widths[c])
    ).join("  ").trimEnd()
  ).join("\n");
}
