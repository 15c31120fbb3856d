/** Points in time as the files of other services write them. */

/**
 * Reads a point in time: seconds or milliseconds since 1970, ISO 8601, or `01 Jan 2024, 20:35`. It is UTC unless the
 * text names a zone; the zone of the machine does not matter.
 *
 * @returns Milliseconds since 1970; NaN when it is none of these.
 */
export function readTime(value: string): number {
  const number = Number(value);
  if (value.trim() !== "" && !Number.isNaN(number)) return number > 1e11 ? number : 1000 * number;
  const plain = value.trim().replace(",", "");
  const zoned = /(?:z|utc|gmt|[+-]\d\d:?\d\d)$/i.test(plain) ? plain : `${plain.replace("T", " ")} UTC`;
  return Date.parse(zoned);
}
