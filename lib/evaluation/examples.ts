/**
 * Narrative examples: vanilla and Segue side by side from the same start, told from the data.
 *
 * @module
 */
import { expectInteger } from "../errors.ts";
import { type FeatureName, FEATURES, fillFeatures, shareArtist } from "../shuffle/features.ts";
import { camelotName } from "../shuffle/keys.ts";
import { DEFAULT_RULES, Session, type SessionPick } from "../shuffle/session.ts";
import { UserState } from "../shuffle/state.ts";
import type { Weights } from "../shuffle/weights.ts";
import { type ShuffleWorld, similarityOf } from "../shuffle/world.ts";
import { consecutiveSimilarities } from "./diversity.ts";
import { drawScenario, LIBRARY_KINDS, LISTENER_WEIGHTS, type Scenario, scenarioWorld } from "./scenarios.ts";
import { keyTransitions, tempoTransitions } from "./transitions.ts";

/** One track of a story with what there is to say of it. */
export interface StoryPick {
  /** Title of the track. */
  title: string;
  /** Its artists, joined by commas. */
  artists: string;
  /** What is to be said of it: what spoke for it and against it, or for a shuffle without reasons what a listener notices. */
  note: string;
}

/** An example that a person can read. */
export interface Story {
  /** Its headline. */
  title: string;
  /** Who listens to what. */
  opening: string;
  /** Place by place what either shuffle plays; the first is the common start. */
  picks: { vanilla: StoryPick; segue: StoryPick }[];
  /** What came of it, in numbers. */
  closing: string;
  /** All of it as Markdown. */
  markdown: string;
}

/** What the stories depend on. */
export interface StoryOptions {
  /** Tracks of each story; 10 by default. */
  tracks?: number;
  /** Seed of the listeners. 42 by default. */
  seed?: number;
  /** Weights of Segue; the hand-set ones by default. */
  weights?: Weights;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The first listeners; among those with a broad library the one least fond of likeness is looked for. */
const AUDITIONED = 48;
/** Plays within which Segue's rules keep a track from coming back. */
const WINDOW = DEFAULT_RULES.repeatTrack;
/** Tracks of the evening before. */
const HEARD_BEFORE = 20;
const NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/**
 * Tells three stories, each of one listener, the same start, and both shuffles:
 * a library that is half by one artist; a shelf of 40 tracks on the evening after; and, so that the other side is
 * heard, of 12 listeners with broad libraries the one who cares least for likeness. Listeners and starts are drawn by
 * the seed, not picked by result.
 *
 * @param world The whole world.
 * @param options Length, seed, weights.
 * @returns The stories.
 * @throws {InputError} When the catalogue has fewer than 20 tracks.
 */
export async function tellStories(world: ShuffleWorld, options: StoryOptions = {}): Promise<Story[]> {
  const { seed = 42 } = options;
  const count = expectInteger("tracks", options.tracks ?? 10, 3);
  const draw = (listener: number) => drawScenario(world, listener, { seed });
  const play = (scenario: Scenario, before: number) => playEvening(scenario, count, before, options.weights);
  const contrary = Array.from({ length: AUDITIONED }, (_, listener) => listener)
    .filter((listener) => LIBRARY_KINDS[listener % LIBRARY_KINDS.length] === "broad")
    .map(draw)
    .reduce((least, scenario) => scenario.weights.similarity < least.weights.similarity ? scenario : least);
  return [
    favouriteArtist(await play(draw(LIBRARY_KINDS.indexOf("one artist")), 0)),
    eveningAfter(await play(draw(LIBRARY_KINDS.indexOf("tiny")), HEARD_BEFORE)),
    fondOfSurprise(await play(contrary, 0)),
  ];
}

function favouriteArtist(evening: Evening): Story {
  const { scenario, world, start, vanilla, segue } = evening;
  const artist = scenario.about;
  const by = (track: number) => world.catalog.lists.artists![track].includes(artist);
  const own = Array.from(world.library).filter(by).length;
  const did = ({ tracks }: Side) => {
    const plays = tracks.map(by);
    const longest = longestRun(plays);
    const row = longest < 2 ? "never two in a row" : `up to ${words(longest)} times in a row`;
    return `played ${artist} ${timesOf(plays.filter(Boolean).length)}, ${row}`;
  };
  return tell(
    evening,
    `Half a shelf of ${artist}`,
    `A library of ${world.trackCount} tracks, ${own} of them by **${
      escape(artist)
    }**. On a Monday evening the listener ` +
      `puts on *${start}*, sets the phone down, and lets the shuffle take over. (In brackets: the similarity to the track ` +
      `before, and keys on the Camelot wheel. Behind the dot: the pick's place among Segue's candidates, and its chance.)`,
    `In ${words(vanilla.tracks.length)} tracks the vanilla shuffle ${did(vanilla)}; Segue ${did(segue)}.`,
  );
}

function eveningAfter(evening: Evening): Story {
  const { world, start, heardBefore, vanilla, segue } = evening;
  const again = ({ tracks }: Side) => tracks.slice(1).filter((track) => heardBefore.has(track)).length;
  const [a, b] = [again(vanilla), again(segue)];
  return tell(
    evening,
    `${capital(words(world.trackCount))} tracks, two evenings`,
    `A shelf of ${words(world.trackCount)} tracks, no more. Last night ${
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

function fondOfSurprise(evening: Evening): Story {
  const { scenario, world, start } = evening;
  const weight = scenario.weights.similarity.toFixed(1).replace("-", "−");
  const average = LISTENER_WEIGHTS.mean.similarity;
  const taste = scenario.weights.similarity < 0
    ? `would rather be surprised: the more a track sounds like the one before, the less it is liked (the weight of ` +
      `similarity is ${weight}; the average listener's is ${average})`
    : `cares less than most for likeness (the weight of similarity is ${weight}; the average listener's is ${average})`;
  return tell(
    evening,
    "Someone who likes to be surprised",
    `A broad library of ${world.trackCount} tracks, and a listener who ${taste}. The evening starts with *${start}*. ` +
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
  world: ShuffleWorld;
  /** Title and artist of the start. */
  start: string;
  vanilla: Side;
  segue: Side;
  /** Tracks of the evening before. */
  heardBefore: Set<number>;
}

async function playEvening(
  scenario: Scenario,
  wanted: number,
  before: number,
  weights?: Weights,
): Promise<Evening> {
  const world = await scenarioWorld(scenario);
  const count = Math.min(wanted, world.trackCount);
  const heardBefore = new Set<number>();
  const sides = (["vanilla", "segue"] as const).map((policy): Side => {
    const state = new UserState(world);
    let start = scenario.times[0];
    if (before > 0) {
      const eve = new Session(state, { policy: "vanilla", seed: scenario.seeds[0] + 1, count: before, start });
      for (const { track } of eve.run()) heardBefore.add(track);
      start += DAY;
    }
    const from = scenario.starts[0];
    const seed = scenario.seeds[0];
    const session = new Session(state, { policy, weights, from, seed, count, start });
    return playSide(world, scenario, state, session, count);
  });
  const first = nameOf(world, scenario.starts[0]);
  return {
    scenario,
    world,
    start: `${first.title}* by *${first.artists}`,
    vanilla: sides[0],
    segue: sides[1],
    heardBefore,
  };
}

function playSide(
  world: ShuffleWorld,
  scenario: Scenario,
  state: UserState,
  session: Session,
  count: number,
): Side {
  const side: Side = { tracks: [], notes: [], utility: 0 };
  for (let step = 0; step < count; step++) {
    const pick = session.next();
    // The play is taken back for a moment: what is said of a pick is said from before it.
    state.undo();
    side.notes.push(noteOf(world, state, pick, side.tracks));
    if (step > 0) side.utility += ownUtility(scenario, state, side.tracks[step - 1], pick) / (count - 1);
    state.play(pick.track, pick.at);
    side.tracks.push(pick.track);
  }
  return side;
}

function ownUtility(scenario: Scenario, state: UserState, current: number, { track, at }: SessionPick): number {
  const features = fillFeatures(current, state, Int32Array.of(track), { now: at });
  return FEATURES.reduce((sum, name, f) => sum + scenario.weights[name] * features[f], scenario.liking[track]);
}

/** Contributions to utility below this are not worth a word: a factor of 1.2 on the odds. */
const LEAST_CONTRIBUTION = 0.2;

/** What spoke for a pick and against it; for a shuffle that has no reasons, what a listener would notice. */
function noteOf(world: ShuffleWorld, state: UserState, pick: SessionPick, before: readonly number[]): string {
  if (before.length === 0) return "the start, chosen by the listener";
  const { distribution, track } = pick;
  if (!distribution) return noticed(world, state, pick, before);
  const { contributions, probability, rank } = distribution.explain(track);
  const current = before[before.length - 1];
  const telling = contributions.filter(({ contribution }) => Math.abs(contribution) >= LEAST_CONTRIBUTION)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const [good, bad] = [1, -1].map((sign) =>
    list(
      telling.filter(({ contribution }) => contribution * sign > 0)
        .map(({ feature, value }) => reason(world, state, pick, current, feature, value, sign > 0)),
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
  world: ShuffleWorld,
  state: UserState,
  { track, at }: SessionPick,
  current: number,
  feature: FeatureName,
  value: number,
  good: boolean,
): string {
  switch (feature) {
    case "similarity":
      if (!good) return `its sound (${number(value)})`;
      return value < 0.4 ? `a sound nearer than the others' (${number(value)})` : `its sound (${number(value)})`;
    case "keyMatch": {
      const [from, to] = keyNames(world, current, track);
      return from === to ? `the same key (${from})` : `its key (${from} → ${to})`;
    }
    case "clusterDiversity":
      return good ? "a style not heard lately" : "more of the same style";
    case "sameArtist":
      return good ? "another artist" : "the same artist again";
    case "recency":
      return good ? "not having been heard lately" : heardAgo(state, track, at) ?? "having been heard lately";
    default:
      return feature;
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

function keyNames(world: ShuffleWorld, ...tracks: number[]): string[] {
  const { key, mode } = world.catalog.numbers;
  return tracks.map((track) => camelotName(key?.[track] ?? NaN, mode?.[track] ?? NaN));
}

function noticed(world: ShuffleWorld, state: UserState, { track, at }: SessionPick, before: readonly number[]): string {
  const current = before[before.length - 1];
  const remarks: string[] = [];
  if (shareArtist(world, current, track)) remarks.push("the same artist again");
  const heard = heardAgo(state, track, at);
  if (heard) remarks.push(heard);
  const similarity = similarityOf(world, current, track);
  const place = [0.7, 0.3, -0.1].findIndex((least) => similarity >= least);
  const sound = ["close in sound", "a related sound", "an unrelated sound"][place] ?? "the opposite sound";
  remarks.push(`${sound} (${number(similarity)})`);
  const { tempo } = world.catalog.numbers;
  if (tempo && tempoTransitions([current, track], tempo).distance > 0.25) {
    remarks.push(`tempo ${Math.round(tempo[current])} → ${Math.round(tempo[track])} BPM`);
  }
  const keys = keyTransitions([current, track], world.keys);
  if (keys.known > 0 && keys.match < 0.4) remarks.push(`a far key (${keyNames(world, current, track).join(" → ")})`);
  return remarks.join(", ");
}

function tell(evening: Evening, title: string, opening: string, own: string): Story {
  const { world, vanilla, segue } = evening;
  const pick = ({ tracks, notes }: Side, i: number): StoryPick => ({ ...nameOf(world, tracks[i]), note: notes[i] });
  const picks = vanilla.tracks.map((_, i) => ({ vanilla: pick(vanilla, i), segue: pick(segue, i) }));
  const closing = [own, soundOf(evening), verdictOf(evening)].filter(Boolean).join(" ");
  const cell = ({ title, artists, note }: StoryPick) => `**${title}**<br>${artists}<br>*${escape(note)}*`;
  const rows = picks.map((both, i) => `| ${i + 1} | ${cell(both.vanilla)} | ${cell(both.segue)} |`);
  const table = ["| | Vanilla shuffle | Segue |", "| --- | --- | --- |", ...rows].join("\n");
  return { title, opening, picks, closing, markdown: `### ${escape(title)}\n\n${opening}\n\n${table}\n\n${closing}\n` };
}

/** How the two hang together, in numbers, with the roughest step of each. */
function soundOf({ world, vanilla, segue }: Evening): string {
  const sides = [vanilla, segue].map(({ tracks }) => {
    const similarities = consecutiveSimilarities(tracks, world.embedding);
    const rough = similarities.reduce((worst, value, i) => value < similarities[worst] ? i : worst, 0);
    const [from, to] = [tracks[rough], tracks[rough + 1]].map((track) => `*${nameOf(world, track).title}*`);
    return {
      mean: number(similarities.reduce((sum, value) => sum + value, 0) / similarities.length),
      rough: `from ${from} to ${to} (${number(similarities[rough])})`,
      keys: keyTransitions(tracks, world.keys),
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

function nameOf(world: ShuffleWorld, track: number): { title: string; artists: string } {
  const { texts, lists } = world.catalog;
  return { title: escape(texts.title![track] ?? "?"), artists: escape(lists.artists![track].join(", ")) };
}

function longestRun(flags: readonly boolean[]): number {
  let longest = 0;
  let run = 0;
  for (const flag of flags) {
    run = flag ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

function words(count: number): string {
  if (count === 0) return "none";
  return NUMBERS[count - 1] ?? { 20: "twenty", 40: "forty" }[count] ?? String(count);
}

function timesOf(count: number): string {
  return count === 0 ? "not once" : count === 1 ? "once" : count === 2 ? "twice" : `${words(count)} times`;
}

/** `a`, `a and b`, `a, b and c`. */
function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

function ordinal(rank: number): string {
  const ending = rank % 100 > 10 && rank % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][rank % 10] ?? "th";
  return `${rank}${ending}`;
}

function number(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** Keeps a title from being read as Markdown. */
function escape(text: string): string {
  return text.replace(/[\\|*_`[\]<>]/g, (mark) => `\\${mark}`);
}
