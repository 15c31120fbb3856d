/**
 * What an engine and a worker process say to each other: frames of one letter, a length (u32, little-endian) and a
 * body.
 *
 * | from the engine | body | from the worker | body |
 * |---|---|---|---|
 * | `O` work on a partition | JSON {@linkcode Opening} | `N` the next table, please | – |
 * | `B` a table | Arrow IPC stream | `V` the broadcast value, please | – |
 * | `E` there are no more | – | `B` a table of the result | Arrow IPC stream |
 * | `V` the broadcast value | see {@linkcode encodeBroadcast} | `D` the partition is done | JSON {@linkcode Closing} |
 * | | | `X` it failed | JSON {@linkcode Failure} |
 *
 * The worker asks and the engine answers, so neither ever writes to one who is not reading. `bridge.py` is the engine's
 * side on Spark.
 *
 * @module
 */
import type { Broadcast } from "./engine.ts";

/** Begins a partition. */
export interface Opening {
  /** Name of the step. */
  step: string;
  /** Names the broadcast value: a worker that has it does not ask for it. */
  broadcast: string;
  /** Number of the partition. */
  partition: number;
  /** How often it was tried before. */
  attempt: number;
  /** File that the rows come from, for errors; empty for none. */
  file: string;
}

/** Ends a partition. */
export interface Closing {
  /** Largest resident memory of the worker so far, MiB. */
  peakMiB: number;
}

/** Tells why a partition failed. */
export interface Failure {
  /** The message. */
  message: string;
  /** The user's input is at fault, not the program. */
  input: boolean;
}

/** Bytes of a frame before its body. */
export const FRAME_HEAD = 5;

/**
 * The head of a frame.
 *
 * @param letter What it is.
 * @param length Bytes of the body.
 * @returns The five bytes.
 */
export function frameHead(letter: string, length: number): Uint8Array {
  const head = new Uint8Array(FRAME_HEAD);
  head[0] = letter.charCodeAt(0);
  new DataView(head.buffer).setUint32(1, length, true);
  return head;
}

/**
 * Reads the head of a frame.
 *
 * @param head Its five bytes.
 * @returns Letter and length of the body.
 */
export function parseHead(head: Uint8Array): { letter: string; length: number } {
  const view = new DataView(head.buffer, head.byteOffset, FRAME_HEAD);
  return { letter: String.fromCharCode(head[0]), length: view.getUint32(1, true) };
}

const ARRAYS = { f4: Float32Array, f8: Float64Array, i4: Int32Array } as const;

/**
 * Encodes a broadcast value: length of a JSON head (u32), the head, then the arrays, each at a multiple of 8 bytes.
 *
 * @param broadcast The value.
 * @returns The bytes.
 */
export function encodeBroadcast(broadcast: Broadcast = {}): Uint8Array {
  const entries = Object.entries(broadcast.arrays ?? {});
  const arrays = entries.map(([name, array]) => {
    const type = Object.entries(ARRAYS).find(([, constructor]) => array instanceof constructor)![0];
    return { name, type, length: array.length };
  });
  const head = new TextEncoder().encode(JSON.stringify({ data: broadcast.data ?? null, arrays }));
  let at = align(4 + head.length);
  const places = entries.map(([, array]) => {
    const place = at;
    at = align(at + array.byteLength);
    return place;
  });
  const bytes = new Uint8Array(at);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  entries.forEach(([, array], i) => {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), places[i]);
  });
  return bytes;
}

/**
 * Decodes what {@linkcode encodeBroadcast} encoded.
 *
 * @param bytes The bytes, at the start of their buffer.
 * @returns The value; its arrays share the memory of the bytes.
 */
export function decodeBroadcast(bytes: Uint8Array): Required<Broadcast> {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as {
    data: unknown;
    arrays: { name: string; type: keyof typeof ARRAYS; length: number }[];
  };
  let at = align(4 + length);
  const arrays: Required<Broadcast>["arrays"] = {};
  for (const { name, type, length } of head.arrays) {
    arrays[name] = new ARRAYS[type](bytes.buffer as ArrayBuffer, bytes.byteOffset + at, length);
    at = align(at + arrays[name].byteLength);
  }
  return { data: head.data, arrays };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
