/**
 * Narrative examples: vanilla and Segue side by side from the same start, told from the data.
 *
 * @module
 */
import { least, max, mean, minIndex, pairs, range } from "d3-array";
import { BASE_TERM_NAMES, fillTerms } from "../score/terms/registry.ts";
import { shareArtist } from "../score/terms/same_artist.ts";
import type { Term } from "../score/terms/term.ts";
import { camelotName } from "../math/circle.ts";
import { DEFAULT_RULES, Session, type SessionPick } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import { type Collection, similarityOf } from "../score/collection.ts";
import { linearUtilities } from "../math/softmax.ts";
import { consecutiveSimilarities } from "../metrics/diversity.ts";
import { drawScenario, LIBRARY_KINDS, LISTENER_WEIGHTS, type Scenario, scenarioCollection } from "./scenarios.ts";
import { keyTransitions, tempoTransitions } from "../metrics/transitions.ts";
import { capital, list } from "./words.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The first listeners; among those with a broad library the one least fond of likeness is looked for. */
const AUDITIONED = 48;
/** Plays within which Segue's rules keep a track from coming back. */
const WINDOW = DEFAULT_RULES.repeatTrack;
/** Tracks of each story. */
const TRACKS = 10;
/** Tracks of the evening before. */
const HEARD_BEFORE = 20;
const NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/**
 * Tells three stories, each of one listener, the same start, and both shuffles:
 * a library that is half by one artist; a shelf of 40 tracks on the evening after; and, so that the other side is
 * heard, of 12 listeners with broad libraries the one who cares least for likeness. Listeners and starts are drawn by
 * the seed, not picked by result.
 *
 * @param collection The whole collection.
 * @param options `seed` of the listeners, 42 by default.
 * @returns The stories as Markdown: who listens to what, what either shuffle plays with a note on every track (what spoke
 * for it and against it, or for a shuffle without reasons what a listener notices), and what came of it in numbers.
 * @throws {InputError} When the catalogue has fewer than 20 tracks.
 */
export async function sessionExamples(
  collection: Collection,
  { seed = 42 }: { seed?: number } = {},
): Promise<string[]> {
  const draw = (listener: number) => drawScenario(collection, listener, { seed });
  const broad = LIBRARY_KINDS.indexOf("broad");
  const contrary = least(range(broad, AUDITIONED, LIBRARY_KINDS.length).map(draw), (s) => s.weights.similarity)!;
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
    const longest = longestRun(plays);
    const row = longest < 2 ? "never two in a row" : `up to ${words(longest)} times in a row`;
    return `played ${artist} ${timesOf(plays.filter(Boolean).length)}, ${row}`;
  };
  return tell(
    evening,
    `Half a shelf of ${artist}`,
    `A library of ${collection.trackCount} tracks, ${own} of them by **${
      escape(artist)
    }**. On a Monday evening the listener ` +
      `puts on *${start}*, sets the phone down, and lets the shuffle take over. (In brackets: the similarity to the track ` +
      `before, and keys on the Camelot wheel. Behind the dot: the pick's place among Segue's candidates, and its chance.)`,
    `In ${words(vanilla.tracks.length)} tracks the vanilla shuffle ${did(vanilla)}; Segue ${did(segue)}.`,
  );
}

function eveningAfter(evening: Evening): string {
  const { collection, start, heardBefore, vanilla, segue } = evening;
  const again = ({ tracks }: Side) => tracks.slice(1).filter((track) => heardBefore.has(track)).length;
  const [a, b] = [again(vanilla), again(segue)];
  return tell(
    evening,
    `${capital(words(collection.trackCount))} tracks, two evenings`,
    `A shelf of ${words(collection.trackCount)} tracks, no more. Last night ${
      words(heardBefore.size)
    } of them were played. ` +
      `Tonight, 24 hours later, the listener starts with *${start}*. A shuffle that does not remember deals from the ` +
      `whole shelf again; one that does can reach for what was left over.`,
    `Of last night's tracks the vanilla shuffle brought back ${words(a)}, Segue ${words(b)}` +
      `${
        a === b
          ? ": memory made no difference here"
          : b === 0
          ? `: what was among the last ${WINDOW} plays is kept out`
          : ""
      }.`,
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
  return tell(
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
      // The play is taken back for a moment: what is said of a pick is said from before it.
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

/** Contributions to utility below this are not worth a word: a factor of 1.2 on the odds. */
const LEAST_CONTRIBUTION = 0.2;

/** What spoke for a pick and against it; for a shuffle that has no reasons, what a listener would notice. */
function noteOf(state: UserState, pick: SessionPick, before: readonly number[]): string {
  if (before.length === 0) return "the start, chosen by the listener";
  const { distribution, track } = pick;
  const current = before[before.length - 1];
  if (!distribution) return noticed(state, pick, current);
  const { contributions, probability, rank } = distribution.explain(track);
  const telling = contributions.filter(({ contribution }) => Math.abs(contribution) >= LEAST_CONTRIBUTION)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const [good, bad] = [1, -1].map((sign) =>
    list(
      telling.filter(({ contribution }) => contribution * sign > 0)
        .map(({ term, value }) => reason(state, pick, current, term, value, sign > 0)),
    )
  );
  const count = distribution.candidates.length;
  const odds = `${ordinal(rank)} of ${count}, ${
    probability < 0.01 ? "under 1 %" : `${Math.round(100 * probability)} %`
  }`;
  if (count === 1) return "the only one that the rules leave";
  const why = good && bad
    ? `for ${good}, despite ${bad}`
    : good
    ? `for ${good}`
    : bad
    ? `despite ${bad}`
    : "as good as any";
  return rank > count / 2 ? `a long shot, ${why} · ${odds}` : `${why} · ${odds}`;
}

function reason(
  state: UserState,
  { track, at }: SessionPick,
  current: number,
  term: Term,
  value: number,
  good: boolean,
): string {
  switch (term.name) {
    case "similarity":
      if (!good) return `its sound (${number(value)})`;
      return value < 0.4 ? `a sound nearer than the others' (${number(value)})` : `its sound (${number(value)})`;
    case "keyMatch": {
      const [from, to] = keyNames(state.collection, current, track);
      return from === to ? `the same key (${from})` : `its key (${from} → ${to})`;
    }
    case "clusterDiversity":
      return good ? "a style not heard lately" : "more of the same style";
    case "sameArtist":
      return good ? "another artist" : "the same artist again";
    case "recency":
      return good ? "not having been heard lately" : heardAgo(state, track, at) ?? "having been heard lately";
    default:
      return term.label;
  }
}

/** `heard last night`, `heard three hours ago`; nothing for a track that was not heard. */
function heardAgo(state: UserState, track: number, at: number): string | undefined {
  const history = state.historyOf(track);
  if (!history || history.lastPlay < 0) return undefined;
  const hours = Math.max(1, Math.round((at - history.lastTime) / HOUR));
  if (hours >= 20 && hours <= 28) return "heard last night";
  return `heard ${words(hours)} hour${hours === 1 ? "" : "s"} ago`;
}

function keyNames(collection: Collection, ...tracks: number[]): string[] {
  const { key, mode } = collection.catalog.numbers;
  return tracks.map((track) => camelotName(key?.[track] ?? NaN, mode?.[track] ?? NaN));
}

function noticed(state: UserState, { track, at }: SessionPick, current: number): string {
  const { collection } = state;
  const remarks: string[] = [];
  if (shareArtist(collection, current, track)) remarks.push("the same artist again");
  const heard = heardAgo(state, track, at);
  if (heard) remarks.push(heard);
  const similarity = similarityOf(collection, current, track);
  const place = [0.7, 0.3, -0.1].findIndex((least) => similarity >= least);
  const sound = ["close in sound", "a related sound", "an unrelated sound"][place] ?? "the opposite sound";
  remarks.push(`${sound} (${number(similarity)})`);
  const { tempo } = collection.catalog.numbers;
  if (tempo && tempoTransitions([current, track], tempo).distance > 0.25) {
    remarks.push(`tempo ${Math.round(tempo[current])} → ${Math.round(tempo[track])} BPM`);
  }
  const keys = keyTransitions([current, track], collection.keys);
  if (keys.known > 0 && keys.match < 0.4) {
    remarks.push(`a far key (${keyNames(collection, current, track).join(" → ")})`);
  }
  return remarks.join(", ");
}

function tell(evening: Evening, title: string, opening: string, own: string): string {
  const { collection, vanilla, segue } = evening;
  const cell = ({ tracks, notes }: Side, i: number) => {
    const { title, artists } = nameOf(collection, tracks[i]);
    return `**${title}**<br>${artists}<br>*${escape(notes[i])}*`;
  };
  const rows = vanilla.tracks.map((_, i) => `| ${i + 1} | ${cell(vanilla, i)} | ${cell(segue, i)} |`);
  const table = ["| | Vanilla shuffle | Segue |", "| --- | --- | --- |", ...rows].join("\n");
  const closing = [own, soundOf(evening), verdictOf(evening)].filter(Boolean).join(" ");
  return `### ${escape(title)}\n\n${opening}\n\n${table}\n\n${closing}\n`;
}

/** How the two hang together, in numbers, with the roughest step of each. */
function soundOf({ collection, vanilla, segue }: Evening): string {
  const sides = [vanilla, segue].map(({ tracks }) => {
    const similarities = consecutiveSimilarities(tracks, collection.embedding);
    const rough = minIndex(similarities);
    const [from, to] = [tracks[rough], tracks[rough + 1]].map((track) => `*${nameOf(collection, track).title}*`);
    return {
      mean: number(mean(similarities)!),
      rough: `from ${from} to ${to} (${number(similarities[rough])})`,
      keys: keyTransitions(tracks, collection.keys),
    };
  });
  const [a, b] = sides;
  const keys = sides.every(({ keys }) => keys.known > 0)
    ? ` ${capital(fitting(a))} key changes fit under vanilla, ${fitting(b)} under Segue.`
    : "";
  return `Vanilla's tracks follow each other at a mean similarity of ${a.mean}, Segue's at ${b.mean} (1 would be the same ` +
    `sound, 0 an unrelated one). Vanilla's roughest step is ${a.rough}, Segue's ${b.rough}.${keys}`;
}

function fitting({ keys: { known, compatible } }: { keys: ReturnType<typeof keyTransitions> }): string {
  return `${words(Math.round(known * compatible))} of ${words(known)}`;
}

/** Which of the two this listener liked better. */
function verdictOf({ vanilla, segue }: Evening): string {
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

function words(count: number): string {
  if (count === 0) return "none";
  return NUMBERS[count - 1] ?? { 20: "twenty", 40: "forty" }[count] ?? String(count);
}

function timesOf(count: number): string {
  return count === 0 ? "not once" : count === 1 ? "once" : count === 2 ? "twice" : `${words(count)} times`;
}

function ordinal(rank: number): string {
  const ending = rank % 100 > 10 && rank % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][rank % 10] ?? "th";
  return `${rank}${ending}`;
}

function number(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

/** Keeps a title from being read as Markdown. */
function escape(text: string): string {
  return text.replace(/[\\|*_`[\]<>]/g, (mark) => `\\${mark}`);
}
