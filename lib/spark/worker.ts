/**
 * A worker process on an executor: works on one partition after another, as `bridge.py` tells it on standard input, and
 * ends when its standard input does. The two speak in frames of one letter, a length (u32, little-endian) and a body:
 *
 * | from the bridge | body | from the worker | body |
 * |---|---|---|---|
 * | `O` work on a partition | JSON {@linkcode Opening} | `N` the next table, please | – |
 * | `V` with this broadcast value | what `node:v8` serialized | `B` a table of the result | Arrow IPC stream |
 * | `B` a table | Arrow IPC stream | `D` the partition is done | JSON: peak memory, MiB |
 * | `E` there are no more | – | `X` it failed | JSON {@linkcode Failure} |
 *
 * The worker asks and the bridge answers, so neither ever writes to one who is not reading.
 *
 * `deno run -A lib/spark/worker.ts [URL of a module with STEPS]`
 */
import { readSync, writeSync } from "node:fs";
import process from "node:process";
import { deserialize } from "node:v8";
import { InputError } from "../data/errors.ts";
import { peakMemory } from "../data/stages.ts";
import { decodeRows, encodeRows, type RowTable } from "./arrow.ts";
import type { Failure, PartitionContext, StepRegistry } from "./engine.ts";

/** Begins a partition. */
interface Opening extends PartitionContext {
  step: string;
  /** File that the rows come from, for errors; empty for none. */
  file: string;
}

const FRAME_HEAD = 5;
const EMPTY = new Uint8Array(0);

async function main(registry: StepRegistry): Promise<void> {
  for (;;) {
    const opening = JSON.parse(new TextDecoder().decode(expectFrame("O"))) as Opening;
    const broadcast = expectFrame("V");
    try {
      const step = await registry[opening.step]();
      for await (const columns of step.run(tables(), deserialize(broadcast), opening)) {
        writeFrame("B", encodeRows(step.output, columns));
      }
      writeJson("D", { peakMiB: peakMemory() });
    } catch (error) {
      writeJson("X", failureOf(error, opening.file));
    }
  }
}

async function* tables(): AsyncGenerator<RowTable> {
  for (;;) {
    writeFrame("N", EMPTY);
    const { letter, body } = readFrame();
    if (letter === "E") return;
    expectLetter(letter, "B");
    yield decodeRows(body);
  }
}

function failureOf(error: unknown, file: string): Failure {
  if (error instanceof InputError || error instanceof RangeError) {
    return { message: file ? `${file}: ${error.message}` : error.message, input: true };
  }
  return { message: error instanceof Error ? error.stack ?? error.message : String(error), input: false };
}

function expectLetter(found: string, expected: string): void {
  if (found !== expected) throw new Error(`Expected a frame ${expected} but found ${found}`);
}

function expectFrame(letter: string): Uint8Array {
  const frame = readFrame();
  expectLetter(frame.letter, letter);
  return frame.body;
}

function readFrame(): { letter: string; body: Uint8Array } {
  const head = readBytes(FRAME_HEAD);
  const body = readBytes(new DataView(head.buffer).getUint32(1, true));
  return { letter: String.fromCharCode(head[0]), body };
}

/** The process ends when its input does. */
function readBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const count = patiently(() => readSync(0, bytes, read, length - read, null));
    if (count === 0) process.exit(0);
    read += count;
  }
  return bytes;
}

function writeJson(letter: string, value: unknown): void {
  writeFrame(letter, new TextEncoder().encode(JSON.stringify(value)));
}

function writeFrame(letter: string, body: Uint8Array): void {
  const head = new Uint8Array(FRAME_HEAD);
  head[0] = letter.charCodeAt(0);
  new DataView(head.buffer).setUint32(1, body.length, true);
  for (const part of [head, body]) {
    for (let written = 0; written < part.length;) {
      written += patiently(() => writeSync(1, part, written, part.length - written));
    }
  }
}

/** A pipe may be one that does not block: then wait a moment and try again. */
function patiently(attempt: () => number): number {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

// Standard output belongs to the frames.
console.log = console.error;
await main((await import(process.argv[2] ?? new URL("steps.ts", import.meta.url).href)).STEPS as StepRegistry);
