/** Finding genres and artists by what people type. */
import { groups } from "d3-array";
import { InputError } from "../data/errors.ts";
import { closestTitles, normalizeTitle } from "./find.ts";

/** What names are: their case, accents and punctuation do not count; in genres blanks do not, and "&" is "n". */
const KEYS = {
  artist: normalizeTitle,
  genre: (name: string) => normalizeTitle(name.replace(/\W*(?:&|\b(?:and|n)\b)\W*/gi, "n")).replaceAll(" ", ""),
};

/** What a catalogue has names of. */
export type NameKind = keyof typeof KEYS;

/**
 * Makes names findable by what people type: `Indie Pop` and `indie-pop` are one genre, `R&B` and `r-n-b` as well. An
 * artist who is called exactly so, but for the case, is meant alone. Cost O(names).
 *
 * @returns Gives the places of the names that a text means; empty when there are none.
 */
export function nameFinder(kind: NameKind, names: readonly string[]): (typed: string) => number[] {
  const grouped = (key: (name: string) => string) =>
    new Map(groups(names.keys(), (place) => key(names[place])).map(([name, places]) => [name, [...places]]));
  const exact = kind === "artist" ? grouped((name) => name.toLowerCase()) : new Map<string, number[]>();
  const alike = grouped(KEYS[kind]);
  return (typed) => exact.get(typed.trim().toLowerCase()) ?? alike.get(KEYS[kind](typed)) ?? [];
}

/**
 * The places of the names that texts mean.
 *
 * @throws {InputError} When a text means none, with the closest names.
 */
export function findNames(kind: NameKind, names: readonly string[], typed: readonly string[]): number[] {
  const find = nameFinder(kind, names);
  return typed.flatMap((text) => {
    const found = find(text);
    if (found.length > 0) return found;
    const keys = names.map(KEYS[kind]);
    const wanted = KEYS[kind](text);
    const holding = wanted === "" ? [] : [...keys.keys()].filter((place) => keys[place].includes(wanted));
    const closest = [...new Set([...holding, ...closestTitles(keys, [wanted])])].slice(0, 3);
    const hint = closest.length > 0 ? `closest are ${closest.map((place) => names[place]).join("; ")}` : "it has none";
    throw new InputError(`The catalogue has no ${kind} '${text}'; ${hint}`);
  });
}

/**
 * Parts texts at their commas, but not within a name that is known: `Tyler, The Creator, Björk` is two artists where
 * both are. Of several readings that with the longest names first.
 *
 * @param isKnown Tells whether a catalogue has a name.
 * @returns The names; what is between two commas and not known stands alone.
 */
export function splitKnown(typed: readonly string[], isKnown: (name: string) => boolean): string[] {
  return typed.flatMap((text) => {
    const parts = text.split(",");
    const names: string[] = [];
    for (let from = 0, to; from < parts.length; from = to) {
      for (to = parts.length; to > from + 1 && !isKnown(parts.slice(from, to).join(",")); to--);
      names.push(parts.slice(from, to).join(",").trim());
    }
    return names.filter((name) => name !== "");
  });
}
