/** Musical keys on the circle of fifths, in the notation of the Camelot wheel that DJs mix by. */

/** Farthest two keys can be apart on the circle of fifths. */
const FARTHEST = 6;

/** Stands for a key that is not known. */
export const UNKNOWN_KEY: number = -1;

/**
 * Position of a key on the circle of fifths, a minor key at the place of its relative major: C major and A minor are 0,
 * G major and E minor are 1.
 *
 * @param key Pitch class, 0 = C to 11 = B; NaN or −1 when unknown.
 * @param mode 1 major, 0 minor; NaN when unknown.
 * @returns An integer in [0, 11], or {@linkcode UNKNOWN_KEY} when key or mode is unknown.
 */
export function keyPosition(key: number, mode: number): number {
  if (!(key >= 0 && key <= 11) || !(mode === 0 || mode === 1)) return UNKNOWN_KEY;
  const relativeMajor = mode === 0 ? (key + 3) % 12 : key;
  return (relativeMajor * 7) % 12;
}

/**
 * The key at a place on the circle of fifths.
 *
 * @param position Place in 0 … 11.
 * @returns Pitch class 0–11, C = 0.
 */
export function keyAtFifths(position: number, mode: number): number {
  const relativeMajor = (position * 7) % 12;
  return mode === 0 ? (relativeMajor + 9) % 12 : relativeMajor;
}

/**
 * How well two keys go together: 1 − d/6, with d the distance of the relative-major keys on the circle of fifths.
 *
 * @param a Position of one key, from {@linkcode keyPosition}.
 * @returns A value in [0, 1]: 1 for the same or the relative key, 0 for a tritone apart or when a key is unknown.
 */
export function keyMatch(a: number, b: number): number {
  if (a === UNKNOWN_KEY || b === UNKNOWN_KEY) return 0;
  const distance = Math.abs(a - b);
  return 1 - Math.min(distance, 12 - distance) / FARTHEST;
}

/**
 * Name of a key on the Camelot wheel: a number of the hour and A for minor, B for major. C major is 8B, A minor 8A.
 *
 * @param key Pitch class, 0 = C to 11 = B; NaN or −1 when unknown.
 * @param mode 1 major, 0 minor; NaN when unknown.
 * @returns A name such as `"8A"`, or `"?"` when the key is unknown.
 */
export function camelotName(key: number, mode: number): string {
  const position = keyPosition(key, mode);
  return position === UNKNOWN_KEY ? "?" : `${(position + 7) % 12 + 1}${mode === 1 ? "B" : "A"}`;
}
