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
 * Tells what stands between the fields: tabs where they part all first rows alike, else the sign that parts them into
 * most columns of one width.
 *
 * @param others What may stand between fields beside commas, semicolons, tabs and bars: `::`, which goes before tabs;
 * blanks, which do only where no other sign does. None when left out.
 * @returns The separator; a comma for a table of one column.
 */
export function separatorOf(text: string, others: readonly ("::" | " ")[] = []): string {
  // What stands in quotes does not count.
  const lines = text.slice(0, 1 << 16).replace(/"[^"]*"/g, "q").split(/\r?\n/, 20).filter((line) => line.trim() !== "");
  const widthOf = (sign: string) => {
    const widths = lines.map((line) => line.split(sign).length);
    return widths.every((width) => width === widths[0]) ? widths[0] ?? 1 : 1 + (widths[0] - 1) / 100;
  };
  const first = [...others.filter((sign) => sign !== " "), "\t"];
  const sure = first.find((sign) => widthOf(sign) >= 2);
  if (sure) return sure;
  const best = [",", ";", "|", ...first].reduce((best, sign) => widthOf(sign) > widthOf(best) ? sign : best);
  return others.includes(" ") && widthOf(best) === 1 && widthOf(" ") > 1 ? " " : best;
}
