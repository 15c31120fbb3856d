/** Examples: vanilla and Segue side by side from the same start, with a note on every track. */
import { least, max, mean, minIndex, pairs, range } from "d3-array";
import { BASE_TERM_NAMES, fillTerms } from "../score/terms/registry.ts";
import { recommendNext } from "../score/recommend.ts";
import { DEFAULT_RULES } from "../score/rules.ts";
import { Session, type SessionPick } from "../score/session.ts";
import { DEFAULT_WEIGHTS } from "../score/weights.ts";
import { UserState } from "../score/state.ts";
import type { Collection } from "../score/collection.ts";
import { linearUtilities } from "../math/softmax.ts";
import { consecutiveSimilarities } from "../metrics/diversity.ts";
import { drawScenario, LIBRARY_KINDS, LISTENER_WEIGHTS, type Scenario, scenarioCollection } from "./scenarios.ts";
import { isCompatible, keyMatches } from "../metrics/transitions.ts";

const DAY = 86_400_000;
/** The first listeners; among those with a broad library the one least fond of likeness is looked for. */
const DRAWN = 48;
/** Plays within which Segue's rules keep a track from coming back. */
const WINDOW = DEFAULT_RULES.repeatTrack;
/** Tracks of each example. */
const TRACKS = 10;
/** Tracks of the evening before. */
const HEARD_BEFORE = 20;

/**
 * Three examples, each of one listener, with the same start for both shuffles: a library that is half by one artist; a
 * library of 40 tracks on the evening after; and, of 12 listeners with broad libraries, the one who cares least for
 * likeness. Listeners and starts are drawn by the seed, not picked by result.
 *
 * @param options `seed` of the listeners, 42 by default.
 * @returns The examples as Markdown: who listens to what, what either shuffle plays with the explanation of every track,
 * and what came of it in numbers.
 * @throws {InputError} When the catalogue has fewer than 20 tracks.
 */
export async function sessionExamples(
  collection: Collection,
  { seed = 42 }: { seed?: number } = {},
): Promise<string[]> {
  const draw = (listener: number) => drawScenario(collection, listener, { seed });
  const broad = LIBRARY_KINDS.indexOf("broad");
  const contrary = least(range(broad, DRAWN, LIBRARY_KINDS.length).map(draw), (s) => s.weights.similarity)!;
  return [
    favouriteArtist(await playEvening(draw(LIBRARY_KINDS.indexOf("one artist")), 0)),
    eveningAfter(await playEvening(draw(LIBRARY_KINDS.indexOf("tiny")), HEARD_BEFORE)),
    fondOfSurprise(await playEvening(contrary, 0)),
  ];
}

function favouriteArtist(evening: Evening): string {
  const { scenario, collection, start, vanilla, segue } = evening;
  const artist = scenario.about;
  const by = (track: number) => collection.catalog.lists.artists![track].includes(artist);
  const own = Array.from(collection.library).filter(by).length;
  const did = ({ tracks }: Side) => {
    const plays = tracks.map(by);
    return `${plays.filter(Boolean).length} (at most ${longestRun(plays)} in a row)`;
  };
  return exampleText(
    evening,
    `Half a library by ${artist}`,
    `A library of ${collection.trackCount} tracks, ${own} of them by **${
      escape(artist)
    }**. On a Monday evening the listener ` +
      `puts on *${start}*, sets the phone down, and lets the shuffle take over. (In brackets: the similarity to the track ` +
      `before, and keys on the Camelot wheel. Behind the dot: the pick's place among Segue's candidates, and its chance.)`,
    `Of ${vanilla.tracks.length} tracks under vanilla ${did(vanilla)} were by ${artist}, under Segue ${did(segue)}.`,
  );
}

function eveningAfter(evening: Evening): string {
  const { collection, start, heardBefore, vanilla, segue } = evening;
  const again = ({ tracks }: Side) => tracks.slice(1).filter((track) => heardBefore.has(track)).length;
  const [a, b] = [again(vanilla), again(segue)];
  return exampleText(
    evening,
    `${collection.trackCount} tracks, two evenings`,
    `A library of ${collection.trackCount} tracks, no more. Last night ${heardBefore.size} of them were played. ` +
      `Tonight, 24 hours later, the listener starts with *${start}*. A shuffle that does not remember deals from the ` +
      `whole library again; one that does can reach for what was left over.`,
    `Of last night's tracks the vanilla shuffle brought back ${a}, Segue ${b}` +
      `${a > b && b === 0 ? `: what was among the last ${WINDOW} plays is kept out` : ""}.`,
  );
}

function fondOfSurprise(evening: Evening): string {
  const { scenario, collection, start } = evening;
  const weight = scenario.weights.similarity.toFixed(1).replace("-", "−");
  const average = LISTENER_WEIGHTS.mean.similarity;
  const taste = scenario.weights.similarity < 0
    ? `would rather be surprised: the more a track sounds like the one before, the less it is liked (the weight of ` +
      `similarity is ${weight}; the average listener's is ${average})`
    : `cares less than most for likeness (the weight of similarity is ${weight}; the average listener's is ${average})`;
  return exampleText(
    evening,
    "Someone who likes to be surprised",
    `A broad library of ${collection.trackCount} tracks, and a listener who ${taste}. The evening starts with *${start}*. ` +
      `Segue knows nothing of this taste and plays by its usual weights.`,
    "",
  );
}

/** What one shuffle played. */
interface Side {
  tracks: number[];
  notes: string[];
  /** Mean of the listener's own utility of the picks after the start. */
  utility: number;
}

/** Both shuffles from the same start on the same evening. */
interface Evening {
  scenario: Scenario;
  collection: Collection;
  /** Title and artist of the start. */
  start: string;
  vanilla: Side;
  segue: Side;
  /** Tracks of the evening before. */
  heardBefore: Set<number>;
}

async function playEvening(scenario: Scenario, before: number): Promise<Evening> {
  const collection = await scenarioCollection(scenario);
  const heardBefore = new Set<number>();
  const [from, seed] = [scenario.starts[0], scenario.seeds[0]];
  const weights = BASE_TERM_NAMES.map((name) => scenario.weights[name]);
  const play = (policy: "vanilla" | "segue"): Side => {
    const state = new UserState(collection);
    let start = scenario.times[0];
    if (before > 0) {
      const eve = new Session(state, { policy: "vanilla", seed: seed + 1, count: before, start });
      for (const { track } of eve.run()) heardBefore.add(track);
      start += DAY;
    }
    const session = new Session(state, { policy, from, seed, count: TRACKS, start });
    const side: Side = { tracks: [], notes: [], utility: 0 };
    const utilities: number[] = [];
    while (side.tracks.length < TRACKS) {
      const pick = session.next();
      // The play is taken back for a moment, so that the pick is explained from before it.
      state.undo();
      side.notes.push(noteOf(state, pick, side.tracks));
      if (side.tracks.length > 0) {
        const values = fillTerms(side.tracks.at(-1)!, state, Int32Array.of(pick.track), { now: pick.at });
        utilities.push(linearUtilities(values, weights)[0] + scenario.liking[pick.track]);
      }
      state.play(pick.track, pick.at);
      side.tracks.push(pick.track);
    }
    return { ...side, utility: mean(utilities)! };
  };
  const first = nameOf(collection, from);
  const start = `${first.title}* by *${first.artists}`;
  return { scenario, collection, start, vanilla: play("vanilla"), segue: play("segue"), heardBefore };
}

/** Why it was picked, with its place and its chance; for a policy without reasons, what a listener would notice. */
function noteOf(state: UserState, { distribution, track, at }: SessionPick, before: readonly number[]): string {
  if (before.length === 0) return "the start, chosen by the listener";
  const options = { candidates: Int32Array.of(track), now: at };
  const shown = distribution ?? recommendNext(before[before.length - 1], state, DEFAULT_WEIGHTS, options);
  const { sentence, probability, rank } = shown.explain(track);
  if (!distribution) return sentence;
  const chance = probability < 0.01 ? "under 1 %" : `${Math.round(100 * probability)} %`;
  return `${sentence} · place ${rank} of ${distribution.candidates.length}, ${chance}`;
}

function exampleText(evening: Evening, title: string, opening: string, own: string): string {
  const { collection, vanilla, segue } = evening;
  const cell = ({ tracks, notes }: Side, i: number) => {
    const { title, artists } = nameOf(collection, tracks[i]);
    return `**${title}**<br>${artists}<br>*${escape(notes[i])}*`;
  };
  const rows = vanilla.tracks.map((_, i) => `| ${i + 1} | ${cell(vanilla, i)} | ${cell(segue, i)} |`);
  const table = ["| | Vanilla shuffle | Segue |", "| --- | --- | --- |", ...rows].join("\n");
  const closing = [own, soundOf(evening), preferenceOf(evening)].filter(Boolean).join(" ");
  return `### ${escape(title)}\n\n${opening}\n\n${table}\n\n${closing}\n`;
}

/** How the two hang together, in numbers, with the roughest step of each. */
function soundOf({ collection, vanilla, segue }: Evening): string {
  const sides = [vanilla, segue].map(({ tracks }) => {
    const similarities = consecutiveSimilarities(tracks, collection.embedding);
    const rough = minIndex(similarities);
    const [from, to] = [tracks[rough], tracks[rough + 1]].map((track) => `*${nameOf(collection, track).title}*`);
    const keys = keyMatches(tracks, collection.keys);
    return {
      mean: number(mean(similarities)!),
      rough: `from ${from} to ${to} (${number(similarities[rough])})`,
      fitting: keys.length > 0 ? `${keys.filter(isCompatible).length} of ${keys.length}` : "",
    };
  });
  const [a, b] = sides;
  const keys = a.fitting && b.fitting
    ? ` Keys that fit the one before: ${a.fitting} under vanilla, ${b.fitting} under Segue.`
    : "";
  return `Vanilla's tracks follow each other at a mean similarity of ${a.mean}, Segue's at ${b.mean} (1 would be the same ` +
    `sound, 0 an unrelated one). Vanilla's roughest step is ${a.rough}, Segue's ${b.rough}.${keys}`;
}

/** Which of the two this listener liked better. */
function preferenceOf({ vanilla, segue }: Evening): string {
  const [a, b] = [vanilla.utility, segue.utility];
  const values = `a mean utility of ${number(Math.max(a, b))} against ${number(Math.min(a, b))}`;
  if (Math.abs(a - b) < 0.25) return `By their own taste this listener would hardly tell them apart: ${values}.`;
  return `By their own taste this listener was better served by ${a > b ? "the vanilla shuffle" : "Segue"}: ${values}.`;
}

function nameOf(collection: Collection, track: number): { title: string; artists: string } {
  const { texts, lists } = collection.catalog;
  return { title: escape(texts.title![track] ?? "?"), artists: escape(lists.artists![track].join(", ")) };
}

function longestRun(flags: readonly boolean[]): number {
  const ends = [-1, ...flags.flatMap((flag, i) => flag ? [] : [i]), flags.length];
  return max(pairs(ends, (from, to) => to - from - 1))!;
}

function number(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

/** Keeps a title from being read as Markdown. */
function escape(text: string): string {
  return text.replace(/[\\|*_`[\]<>]/g, (mark) => `\\${mark}`);
}
