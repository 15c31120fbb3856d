/** Tracks, picks and distributions as the service sends them. */
import type { z } from "@hono/zod-openapi";
import { listsOf, type NumericColumn, textsOf } from "../catalog/catalog.ts";
import type { Distribution } from "../score/distribution.ts";
import { camelotName } from "../math/circle.ts";
import type { SessionPick } from "../score/session.ts";
import type { Collection } from "../score/collection.ts";
import { type TermName, TERMS } from "../score/terms/registry.ts";
import type { Term } from "../score/terms/term.ts";
import type { Pick, PreviewBody, SessionBody, SettingsBody, Track, Why } from "./schemas.ts";
import type { LiveSession } from "./replay.ts";

/** A track as the service shows it. */
export function trackView(collection: Collection, track: number): z.infer<typeof Track> {
  const { catalog } = collection;
  const number = (name: NumericColumn) => {
    const value = catalog.numbers[name]?.[track];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const explicit = number("explicit");
  return {
    track_id: textsOf(catalog, "track_id")[track]!,
    title: textsOf(catalog, "title")[track]!,
    artists: listsOf(catalog, "artists")[track],
    album: catalog.texts.album?.[track] ?? null,
    year: number("year"),
    genres: catalog.lists.genres?.[track] ?? [],
    duration_ms: number("duration_ms"),
    explicit: explicit === null ? null : explicit === 1,
    popularity: number("popularity"),
    tempo: number("tempo"),
    key: camelotName(number("key") ?? NaN, number("mode") ?? NaN),
    energy: number("energy"),
    valence: number("valence"),
    danceability: number("danceability"),
    cluster: collection.clusters.length ? collection.clusters[track] : null,
  };
}

/** A pick, with its reasons when `explain` asks for them: they take one pass over the candidates. */
export function pickView(collection: Collection, pick: SessionPick, explain: boolean): z.infer<typeof Pick> {
  const { step, track, at, probability, distribution, relaxed } = pick;
  return {
    step,
    track: trackView(collection, track),
    at,
    probability,
    relaxed: relaxed.map(({ rule }) => rule),
    why: explain && distribution ? whyView(distribution, track) : null,
  };
}

/** Why a candidate is as probable as it is. */
function whyView(distribution: Distribution, track: number): z.infer<typeof Why> {
  const { sentence, rank, utilityDifference, contributions } = distribution.explain(track);
  return {
    sentence,
    rank,
    utility_difference: utilityDifference,
    contributions: contributions.map(({ term, without: _, ...rest }) => ({ feature: term.name, ...rest })),
  };
}

/** The terms of the score as a page shows them: what listeners read, and where the slider of the weight goes. */
export function termViews(hasModel: boolean, terms: readonly Term[] = TERMS): z.infer<typeof SettingsBody>["terms"] {
  return terms.map(({ name, plainLabel, slider, needsModel }) => ({
    name: name as TermName,
    label: plainLabel,
    slider: slider && (hasModel || !needsModel) ? [...slider] : null,
  }));
}

/** A session with all its picks. */
export function sessionView(collection: Collection, live: LiveSession): z.infer<typeof SessionBody> {
  const { id, listener, created, session } = live;
  const picks = session.picks.map((pick) => pickView(collection, pick, false));
  return { id, listener, created, current: session.current?.step ?? null, picks };
}

/** The most probable candidates of a distribution. */
export function previewView(
  collection: Collection,
  distribution: Distribution,
  count: number,
): z.infer<typeof PreviewBody> {
  return {
    candidates: distribution.top(count).map(({ track, probability }) => ({
      track: trackView(collection, track),
      probability,
      why: whyView(distribution, track),
    })),
    candidate_count: distribution.candidates.length,
    relaxed: distribution.relaxed.map(({ rule }) => rule),
  };
}
