/** Identifiers of the synthetic world: a function of the seed and a number, so that nothing has to remember them. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const KINDS = { track: 1, artist: 2, album: 3, broken: 4 } as const;

/**
 * An identifier in the manner of the public catalogues, 22 letters and digits, for one thing of a kind. Two numbers give
 * the same one with a chance of about 10⁻³⁰.
 */
export function identifier(seed: number, kind: keyof typeof KINDS, index: number): string {
  let text = "";
  for (let part = 0; text.length < 22; part++) {
    let h = mix(mix(mix(seed | 0) ^ (KINDS[kind] * 0x9e3779b1 + part * 0x85ebca77)) ^ index) >>> 0;
    for (let i = 0; i < 5 && text.length < 22; i++) {
      text += DIGITS[h % 62];
      h = Math.floor(h / 62);
    }
  }
  return text;
}

/** The finaliser of MurmurHash3, a bijection of 32-bit integers. */
function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
