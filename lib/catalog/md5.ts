/**
 * MD5 of many short texts (RFC 1321): by the draw of a sample only, never where anything is to be kept safe.
 *
 * @module
 */
import { createHash } from "node:crypto";

const TURNS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const TURN = Int32Array.from({ length: 64 }, (_, i) => TURNS[i >> 4][i & 3]);
const CONSTANT = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
const PLACE = Int32Array.from({ length: 64 }, (_, i) => [i, 5 * i + 1, 3 * i + 5, 7 * i][i >> 4] & 15);
/** Longest text that is one block. */
const BLOCK_TEXT = 55;

/**
 * Makes a function for the MD5 of texts. Those of up to 55 bytes need no object of `node:crypto` each.
 *
 * @returns A function of a text that gives the first and the second 48 bits of its MD5, each as a number.
 */
export function md5Numbers(): (text: string) => [high: number, low: number] {
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(64);
  const words = new DataView(bytes.buffer);
  const block = new Int32Array(16);
  const digest = new DataView(new ArrayBuffer(16));
  return (text) => {
    bytes.fill(0);
    const { read, written } = encoder.encodeInto(text, bytes);
    if (read < text.length || written > BLOCK_TEXT) {
      const whole = createHash("md5").update(text).digest();
      return [whole.readUIntBE(0, 6), whole.readUIntBE(6, 6)];
    }
    bytes[written] = 128;
    for (let w = 0; w < 14; w++) block[w] = words.getInt32(4 * w, true);
    block[14] = 8 * written;
    block[15] = 0;
    let [a, b, c, d] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
    for (let i = 0; i < 64; i++) {
      const mixed = i < 16 ? (b & c) | (~b & d) : i < 32 ? (d & b) | (~d & c) : i < 48 ? b ^ c ^ d : c ^ (b | ~d);
      const sum = (mixed + a + CONSTANT[i] + block[PLACE[i]]) | 0;
      [a, d, c] = [d, c, b];
      b = (b + (sum << TURN[i] | sum >>> (32 - TURN[i]))) | 0;
    }
    digest.setInt32(0, (a + 0x67452301) | 0, true);
    digest.setInt32(4, (b + 0xefcdab89) | 0, true);
    digest.setInt32(8, (c + 0x98badcfe) | 0, true);
    return [
      digest.getUint32(0) * 65536 + digest.getUint16(4),
      digest.getUint16(6) * 2 ** 32 + digest.getUint32(8),
    ];
  };
}
