/** What all commands share: how options are declared and read, and how results are printed. */
import { Command } from "commander";
import process from "node:process";
import { expectInteger, expectNumber, InputError } from "../data/errors.ts";
import { peakMemory } from "../data/stages.ts";

/** What a command prints: an object for `--json`, a text for people. */
export interface CommandResult {
  /** Machine-readable result, one object. */
  json: Record<string, unknown>;
  /** The same for people. */
  text: string;
}

/** An option of a command. Its flag is the name of its property: `maxGenres` is `--max-genres`. */
export interface Setting<T> {
  /** What the flag takes, e.g. `"<file>"`; empty for a switch. */
  takes: string;
  /** What it is for, in the help. */
  help: string;
  /** Its value when it is left out. */
  standard?: T;
  /** The command fails without it. */
  required?: boolean;
  /** A switch that is on, and that `--no-NAME` turns off. */
  negated?: boolean;
  /** A short form, e.g. `"-n"`. */
  short?: string;
  /** Repeated, it adds: `read` gets the value so far. Any other option that takes a value may be written once. */
  adds?: boolean;
  /** Reads the text after the flag; gets the flag for its errors. */
  read?(text: string, flag: string, before?: T): T;
}

type Settings = Record<string, Setting<unknown>>;
/** The values of declared options. */
export type ValuesOf<S extends Settings> = { [Name in keyof S]: S[Name] extends Setting<infer T> ? T : never };

/** What a command is. */
interface Definition<S extends Settings> {
  /** Its name, e.g. `"graph"`. */
  name: string;
  /** One sentence. */
  description: string;
  /** A command line that works, without `segue`. */
  example: string;
  /** The arguments that are no options: their name and help. */
  files?: [name: string, help: string];
  /** Its options without `--json`. */
  options: S;
  /** Does the work with the values of the options, the other arguments, and a test whether an option was given. */
  run: (values: ValuesOf<S>, files: string[], isWritten: (name: keyof S) => boolean) => Promise<CommandResult>;
}

/**
 * Makes a command. It prints its result as text or, with `--json`, as one line of JSON to which seconds, processor seconds
 * and peak memory are added.
 */
export function defineCommand<S extends Settings>(definition: Definition<S>): Command {
  const { name, description, example, files, options, run } = definition;
  const command = new Command(`segue ${name}`).description(description)
    .configureOutput({ outputError: (message, write) => write(`${message.trim().replaceAll("\n", " ")}\n`) })
    .option("--json", "print one machine-readable object")
    .addHelpText("after", `\nExample:\n  $ deno task segue ${example}`);
  if (files) command.argument(...files);
  for (const [key, setting] of Object.entries(options)) {
    const { takes, help, standard, required, negated, short, adds, read = (text: string) => text } = setting;
    const flag = `--${negated ? "no-" : ""}${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const written = [short && `${short},`, flag, takes].filter(Boolean).join(" ");
    const option = command.createOption(written, help).default(standard).makeOptionMandatory(required === true);
    if (takes) {
      option.argParser((text, before) => {
        const again = command.getOptionValueSource(option.attributeName()) === "cli";
        if (again && !adds) throw new InputError(`Expected ${flag} once but found it again with '${text}'`);
        return read(text, flag, again ? before : undefined);
      });
    }
    command.addOption(option);
  }
  return command.action(async (...parts: unknown[]) => {
    const { json, ...values } = command.opts();
    const start = performance.now();
    const isWritten = (key: keyof S) => command.getOptionValueSource(String(key)) === "cli";
    const result = await run(values as ValuesOf<S>, parts.slice(0, -2).flat() as string[], isWritten);
    const seconds = Number(((performance.now() - start) / 1000).toFixed(3));
    const costs = { command: name, seconds, cpu_seconds: cpuSeconds(), peak_memory_mib: peakMemory() };
    console.log(json ? JSON.stringify({ ...costs, ...result.json }) : result.text);
  });
}

/** Processor time of all threads of this process so far. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return Number(((user + system) / 1e6).toFixed(3));
}

/** An option that takes a text; with `standard` it is never undefined. */
export function text<const Standard extends string | undefined = undefined>(
  takes: string,
  help: string,
  standard?: Standard,
): Setting<string | Standard> {
  return { takes, help, standard };
}

/** A text that must be given. */
export function required(takes: string, help: string): Setting<string> {
  return { takes, help, required: true };
}

/** Several texts, one after the other or by a repeated option. */
export function texts(takes: string, help: string): Setting<string[] | undefined> {
  return { takes, help, adds: true, read: (text, _flag, before = []) => [...before, text] };
}

/** Names with commas between them. */
export function names(takes: string, help: string): Setting<string[] | undefined> {
  return { takes, help, adds: true, read: (text, _flag, before = []) => [...before, ...splitNames(text)] };
}

/** Which numbers an option takes, and which it has when it is left out. */
interface Numbers<Standard extends number | undefined> {
  /** The smallest and the largest. */
  from?: number;
  to?: number;
  /** All above this one. */
  above?: number;
  /** Fractions too. */
  real?: boolean;
  /** Its value when it is left out. */
  standard?: Standard;
  /** A short form, e.g. `"-n"`. */
  short?: string;
}

/** An option that takes a number, an integer unless it is `real`; with a standard it is never undefined. */
export function number<const Standard extends number | undefined = undefined>(
  takes: string,
  help: string,
  { from, to, above, real, standard, short }: Numbers<Standard> = {},
): Setting<number | Standard> {
  const read = (text: string, flag: string) => {
    const value = readNumber(text, flag);
    if (above !== undefined && !(value > above && value < Infinity)) {
      throw new InputError(`Expected ${flag} to be a number above ${above} but found ${text}`);
    }
    if (!real) return expectInteger(flag, value, from ?? Number.MIN_SAFE_INTEGER, to);
    return value === to ? value : expectNumber(flag, value, from ?? above, to);
  };
  return { takes, help, standard: standard as Standard, short, read };
}

/** One of some names; with `standard` it is never undefined. */
export function oneOf<const Name extends string, const Standard extends Name | undefined = undefined>(
  allowed: readonly Name[],
  help: string,
  standard?: Standard,
): Setting<Name | Standard> {
  const read = (text: string, flag: string) => {
    if ((allowed as readonly string[]).includes(text)) return text as Name;
    throw new InputError(
      `Expected ${flag} to be ${allowed.join(", ").replace(/, ([^,]*)$/, " or $1")} but found '${text}'`,
    );
  };
  return { takes: "<name>", help, standard, read };
}

/** Pairs `name=value`; a repeated option adds. */
export function pairs<Value>(
  takes: string,
  help: string,
  example: string,
  read: (text: string, name: string) => Value,
): Setting<Record<string, Value> | undefined> {
  return {
    takes,
    help,
    adds: true,
    read: (text, flag, before) => {
      const at = text.indexOf("=");
      if (at < 1) throw new InputError(`${flag} ${text}: expected ${takes.slice(1, -1)}, as in ${flag} ${example}`);
      const name = text.slice(0, at).trim();
      return { ...before, [name]: read(text.slice(at + 1), name) };
    },
  };
}

/** A switch. */
export function flag(help: string): Setting<boolean | undefined> {
  return { takes: "", help };
}

/** A switch that is on unless `--no-NAME` is written. */
export function negated(help: string): Setting<boolean> {
  return { takes: "", help, negated: true };
}

/** A seed, 42 when it is left out. */
export function seed(help: string): Setting<number> {
  return number("<number>", help, { from: 0, standard: 42 });
}

/** The data folder of a shuffle. */
export const DATA: Setting<string> = required("<dir>", "data folder with tracks.parquet, graph.npz and the embedding");
/** The seed of a command. */
export const SEED: Setting<number> = seed("seed of everything random");
/** The switch that runs a stage again. */
export const FORCE: Setting<boolean | undefined> = flag("run even when the output is up to date");

/** Reads a number; `name` says in the error what it is. */
export function readNumber(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw new InputError(`Expected ${name} to be a number but found '${text}'`);
  }
  return value;
}

/** The names between the commas of a text, without empty ones. */
export function splitNames(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** A table in plain text, its columns two spaces apart, numbers to the right. The first row is the header. */
export function textTable(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((r) => String(r[c] ?? "").length)));
  return rows.map((r) =>
    r.map((value, c) =>
      typeof value === "number" ? String(value).padStart(widths[c]) : String(value ?? "").padEnd(widths[c])
    ).join("  ").trimEnd()
  ).join("\n");
}

/** Names and values of an object as the rows of a {@linkcode textTable}. */
export function factRows(facts: object): [string, string][] {
  return Object.entries(facts).map(([name, value]) => [name, String(value)]);
}
