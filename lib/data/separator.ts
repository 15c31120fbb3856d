/** What stands between the fields of a table in a text file. */

/** What the signs are called that may stand between fields. */
export const SEPARATORS: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "vertical bars",
  " ": "blanks",
};

/** A first line in which Excel names its separator, as in `sep=;`. */
export const SEPARATOR_LINE = /^"?sep=.*\r?\n/i;

/**
 * Tells what stands between the fields: the sign that parts the first rows into most columns of one width.
 *
 * @param text The beginning of the table.
 * @param blanks Whether blanks may stand between fields; they do only where no other sign does.
 * @returns A key of {@linkcode SEPARATORS}; a comma for a table of one column.
 */
export function separatorOf(text: string, blanks = false): string {
  // What stands in quotes does not count.
  const lines = text.slice(0, 1 << 16).replace(/"[^"]*"/g, "q").split(/\r?\n/, 20).filter((line) => line.trim() !== "");
  const widthOf = (sign: string) => {
    const widths = lines.map((line) => line.split(sign).length);
    return widths.every((width) => width === widths[0]) ? widths[0] ?? 1 : 1 + (widths[0] - 1) / 100;
  };
  const best = [",", ";", "\t", "|"].reduce((best, sign) => widthOf(sign) > widthOf(best) ? sign : best);
  return blanks && widthOf(best) === 1 && widthOf(" ") > 1 ? " " : best;
}
