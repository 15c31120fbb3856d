/**
 * Invented artist names, titles and album titles, in a manner that fits the genre, by the patterns and words of
 * `words.json`. None is meant to be a real artist.
 */
import { type Random, randomInteger } from "../../math/random.ts";
import data from "./words.json" with { type: "json" };

const LISTS = new Map(Object.entries(data.lists).map(([name, list]) => [name, list.split(", ")]));

/** Patterns of a genre, each with the running sum of their shares. */
type Patterns = Record<string, { until: number; pattern: string }[]>;

/** An invented artist name in the manner of a genre; it may have been given before. */
export function artistName(genre: string, random: Random): string {
  const kind = random();
  const patterns = (data.artists as Patterns)[genre] ?? data.artists.any;
  return fillPattern(patterns.find(({ until }) => kind < until)!.pattern, random);
}

/** An invented title in the manner of a genre, without tags such as "Live". */
export function trackTitle(genre: string, random: Random): string {
  const kind = random();
  const own = (data.titles as Patterns)[genre]?.find(({ until }) => kind < until)?.pattern;
  return fillPattern(own ?? data.anyTitle[randomInteger(random, data.anyTitle.length)], random);
}

/**
 * Puts words into a pattern, drawn from left to right: `"The {adjectives} {plurals}"` gives `"The Amber Herons"`. A
 * Spanish adjective at the end agrees with its noun.
 */
export function fillPattern(pattern: string, random: Random): string {
  const text = pattern.replace(/\{(\w+)\}/g, (_, name) => {
    const list = LISTS.get(name)!;
    return list[randomInteger(random, list.length)];
  });
  return text.replace(/~ (\S+)o$/, " $1a").replaceAll("~", "");
}
