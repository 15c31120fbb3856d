/**
 * Keys on the circle of fifths.
 *
 * @module
 */

/**
 * Place of a key on the circle of fifths: 0 for C major and A minor, 1 for G major and E minor, … 11. A minor key
 * stands where its relative major stands, as on the Camelot wheel, so that keys which mix well are neighbours.
 *
 * @param key Pitch class 0–11, C = 0.
 * @param mode 1 major, 0 minor.
 * @returns Place in 0 … 11.
 */
export function fifthsPosition(key: number, mode: number): number {
  const relativeMajor = mode === 0 ? (key + 3) % 12 : key;
  return (relativeMajor * 7) % 12;
}

/**
 * The key at a place on the circle of fifths.
 *
 * @param position Place in 0 … 11.
 * @param mode 1 major, 0 minor.
 * @returns Pitch class 0–11, C = 0.
 */
export function keyAtFifths(position: number, mode: number): number {
  const relativeMajor = (position * 7) % 12;
  return mode === 0 ? (relativeMajor + 9) % 12 : relativeMajor;
}
