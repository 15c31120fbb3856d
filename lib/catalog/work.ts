/**
 * Which takes are one work: titles without the words that name a take (remaster, live, radio edit, feat. …).
 *
 * @module
 */

/** Words that name another take of the same work. A remix is another work and is not among them. */
const TAKE = new RegExp(
  "\\b(?:" + [
    "(?:\\d{4}|digital(?:ly)?|\\d+(?:st|nd|rd|th) anniversary)?\\s*re-?master(?:ed|izado|isé|ise|ização)?",
    "live|ao vivo|en vivo|en directo|dal vivo|unplugged|acoustic|acústico|demo|bonus track|explicit|clean",
    "(?:radio|single|album|original|extended|short|long|video|main|full|edited)\\s+(?:edit|version|mix|length)",
    "radio edit|edit|mono|stereo|re-?recorded|re-?recording|original|extended mix|studio version|anniversary",
    "feat\\.?|ft\\.?|featuring|duet with",
  ].join("|") + ")(?=$|[\\s.,;:/)\\]])",
  "iu",
);
const REMIX = /\b(?:remix|rmx|bootleg|mashup|vip|dub|cover|karaoke|instrumental)\b/iu;
const GUESTS = /\s[([]?\s*(?:feat\.?|ft\.?|featuring)\s+[^)\]]*[)\]]?/giu;
const BRACKETS = /[([]([^()[\]]*)[)\]]/gu;

/**
 * The title of the work that a track is a take of: lower case, no accents, no punctuation, no guest credits, no
 * remaster, live or edit marks. Titles that differ only in those become equal.
 *
 * @param title Title of the track.
 * @returns The normalised title; never empty unless the title is blank.
 *
 * @example
 * ```ts
 * import { workTitle } from "./work.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(workTitle("Heroes - 2017 Remaster"), "heroes");
 * assert.equal(workTitle("Señorita (feat. Somebody) [Live]"), "senorita");
 * assert.notEqual(workTitle("Memories - Some Remix"), "memories");
 * ```
 */
export function workTitle(title: string): string {
  let base = ` ${title}`.replace(GUESTS, " ");
  base = base.replace(BRACKETS, (all, inside: string) => isTake(inside) || /^\s*with\s/iu.test(inside) ? " " : all);
  for (let dash = base.lastIndexOf(" - "); dash > 0; dash = base.lastIndexOf(" - ")) {
    if (!isTake(base.slice(dash + 3))) break;
    base = base.slice(0, dash);
  }
  return plainText(base) || plainText(title) || title.trim().toLowerCase();
}

/**
 * Lower case, without accents and punctuation: what is compared when two names are held to be the same.
 *
 * @param text Any text.
 * @returns Letters and digits, words one space apart.
 */
export function plainText(text: string): string {
  return text.normalize("NFKD").toLowerCase().replace(/[\p{M}'’`´]/gu, "").replace(/&/g, " and ")
    .replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function isTake(text: string): boolean {
  return TAKE.test(text) && !REMIX.test(text);
}
