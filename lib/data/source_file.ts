/** Files that people give: what they are by their first bytes, and gzipped ones as plain files. */
import { Buffer } from "node:buffer";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "./errors.ts";
import { readInto, withFile } from "./npy.ts";

const FIRST_BYTES = { gzip: "\x1f\x8b", parquet: "PAR1", zip: "PK\x03\x04" };

/**
 * Tells what a file is by its first bytes, whatever it is called.
 *
 * @returns Its kind; what is none of the others is held to be text.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function kindOf(path: string): keyof typeof FIRST_BYTES | "text" {
  const head = headOf(path, 4).toString("latin1");
  const kinds = Object.keys(FIRST_BYTES) as (keyof typeof FIRST_BYTES)[];
  return kinds.find((kind) => head.startsWith(FIRST_BYTES[kind])) ?? "text";
}

/**
 * The first bytes of a file.
 *
 * @param count How many, at most.
 * @throws {InputError} When there is no such file, or it is a folder.
 */
export function headOf(path: string, count: number): Buffer {
  const head = Buffer.alloc(count);
  return head.subarray(0, withFile(path, (file) => readInto(file, head, 0)));
}

/**
 * Unpacks a gzipped file, chunk by chunk.
 *
 * @throws {InputError} When the source is not whole gzip.
 */
export async function gunzip(source: string, target: string): Promise<void> {
  try {
    await pipeline(createReadStream(source), createGunzip(), createWriteStream(target));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`${source}: expected a whole gzip file but it cannot be unpacked (${reason}); fetch it again`);
  }
}
