/** What goes over the wire, as zod schemas: they check requests and make the OpenAPI document. */
import { z } from "@hono/zod-openapi";
import { PLAYLIST_FORMATS } from "../score/playlist.ts";
import { POLICY_NAMES } from "../score/policies.ts";
import { type BaseTermName, type OptionalTermName, TERMS } from "../score/terms/registry.ts";
import type { Term } from "../score/terms/term.ts";

const share = z.number().min(0).max(1);
const weight = z.number().min(-100).max(100);
const trackId = z.string().min(1).max(200);

export const ErrorBody = z.object({ error: z.string() }).openapi("Error");

/** The weights of a request: a number for each base term, and for an optional one where it is to join. */
export function weightsSchema(terms: readonly Term[] = TERMS) {
  return z.strictObject(
    Object.fromEntries(terms.map(({ name, optional, formula }) => {
      const described = weight.openapi({ description: formula });
      return [name, optional ? described.optional() : described];
    })) as Record<BaseTermName, typeof weight> & Record<OptionalTermName, z.ZodOptional<typeof weight>>,
  ).openapi("Weights");
}

export const Weights = weightsSchema();

const cap = z.strictObject({ most: z.number().int().min(1).max(1000), window: z.number().int().min(1).max(1000) });
const words = z.array(z.string().max(100)).max(50);

export const Rules = z.strictObject({
  repeatTrack: z.union([z.number().int().min(0).max(1e6), z.literal("all")]).optional(),
  repeatWork: z.number().int().min(0).max(1e6).optional(),
  artist: cap.optional(),
  album: cap.optional(),
  tempoJump: z.number().min(0).max(1000).optional(),
  genres: words.optional(),
  excludedGenres: words.optional(),
  years: z.tuple([z.number().int().min(0).max(3000), z.number().int().min(0).max(3000)]).optional(),
  duration: z.tuple([z.number().min(0).max(1e6), z.number().min(0).max(1e6)]).optional(),
  speechiness: share.optional(),
  explicit: z.boolean().optional(),
  excludedArtists: words.optional(),
  excludedWords: words.optional(),
}).openapi("Rules");

const tuning = {
  weights: Weights.optional(),
  temperature: z.number().min(0).max(1000).optional(),
  discover: share.optional(),
  rules: Rules.optional(),
  arc: z.array(z.tuple([share, share])).min(1).max(20).optional().openapi({
    description: "energy over the session: points [share of the session, energy], laid over its count of tracks",
  }),
};

export const Tuning = z.strictObject(tuning).openapi("Tuning");

export const SessionRequest = z.strictObject({
  listener: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/).optional(),
  policy: z.enum(POLICY_NAMES).optional(),
  seeds: z.array(trackId).min(1).max(20).optional(),
  after: trackId.optional().openapi({ description: "the track that played before: the session goes on from it" }),
  by: z.enum(["track", "album"]).optional().openapi({ description: "what is shuffled; albums keep their order" }),
  seed: z.number().int().min(0).max(2 ** 31).optional(),
  count: z.number().int().min(1).max(1000).optional(),
  ...tuning,
}).openapi("SessionRequest");

export const NextRequest = z.strictObject({
  count: z.number().int().min(1).max(50).optional(),
  explain: z.boolean().optional(),
  ahead: z.boolean().optional().openapi({ description: "pick ahead of time: what plays now goes on playing" }),
}).openapi("NextRequest");

export const Feedback = z.strictObject({ type: z.enum(["skip", "like", "unlike"]), track_id: trackId }).openapi(
  "Feedback",
);

export const Track = z.object({
  track_id: z.string(),
  title: z.string(),
  artists: z.array(z.string()),
  album: z.string().nullable(),
  year: z.number().nullable(),
  genres: z.array(z.string()),
  duration_ms: z.number().nullable(),
  explicit: z.boolean().nullable(),
  popularity: z.number().nullable(),
  tempo: z.number().nullable(),
  key: z.string(),
  energy: z.number().nullable(),
  valence: z.number().nullable(),
  danceability: z.number().nullable(),
  cluster: z.number().nullable(),
}).openapi("Track");

export const Why = z.object({
  sentence: z.string(),
  rank: z.number(),
  utility_difference: z.number(),
  contributions: z.array(z.object({
    feature: z.string(),
    value: z.number(),
    mean: z.number(),
    weight: z.number(),
    contribution: z.number(),
  })),
}).openapi("Why");

export const Pick = z.object({
  step: z.number(),
  track: Track,
  at: z.number(),
  probability: z.number().nullable(),
  relaxed: z.array(z.string()),
  why: Why.nullable(),
}).openapi("Pick");

export const SessionBody = z.object({
  id: z.string(),
  listener: z.string(),
  created: z.number(),
  current: z.number().nullable().openapi({ description: "step that plays now" }),
  picks: z.array(Pick),
}).openapi("Session");

export const SearchBody = z.object({ tracks: z.array(Track), corrected: z.string().nullable() }).openapi(
  "SearchResult",
);

export const TrackBody = z.object({
  track: Track,
  neighbors: z.array(z.object({ track: Track, similarity: z.number() })),
}).openapi("TrackDetails");

export const PicksBody = z.object({ picks: z.array(Pick) }).openapi("Picks");

export const PreviewBody = z.object({
  candidates: z.array(z.object({ track: Track, probability: z.number(), why: Why })),
  candidate_count: z.number(),
  relaxed: z.array(z.string()),
}).openapi("Preview");

export const UndoBody = z.object({ undone: Pick.nullable(), session: SessionBody }).openapi("Undone");

export const HistoryBody = z.object({
  listener: z.string(),
  sessions: z.array(z.object({
    id: z.string(),
    created: z.number(),
    events: z.array(z.object({
      type: z.string(),
      track_id: z.string().nullable(),
      at: z.number(),
      probability: z.number().nullable(),
    })),
  })),
}).openapi("History");

const point = z.object({ track_id: z.string(), x: z.number(), y: z.number() });

export const MapBody = z.object({
  points: z.array(point.extend({ cluster: z.number().nullable() })),
  clusters: z.array(z.object({ cluster: z.number(), description: z.string() })),
}).openapi("Map");

export const PositionsRequest = z.strictObject({ track_ids: z.array(trackId).min(1).max(1000) }).openapi(
  "PositionsRequest",
);

export const PositionsBody = z.object({ points: z.array(point) }).openapi("Positions");

export const CompareRequest = z.strictObject({
  seed_track: trackId,
  count: z.number().int().min(1).max(50).optional(),
  seed: z.number().int().min(0).max(2 ** 31).optional(),
  ...tuning,
}).openapi("CompareRequest");

export const CompareBody = z.object({
  playlists: z.array(z.object({
    policy: z.string(),
    picks: z.array(Pick),
    repeats_of_artist: z.number(),
    mean_similarity: z.number(),
  })),
}).openapi("Comparison");

export const ContinuationRequest = z.strictObject({
  track_ids: z.array(trackId).min(1).max(250),
  k: z.number().int().min(1).max(100).optional(),
}).openapi("ContinuationRequest");

export const ContinuationBody = z.object({
  tracks: z.array(z.object({
    track_id: z.string(),
    title: z.string().nullable(),
    artist: z.string().nullable(),
    probability: z.number(),
  })),
}).openapi("Continuation");

export const ExportQuery = z.object({ format: z.enum(PLAYLIST_FORMATS).default("m3u8") });
export const SearchQuery = z.object({
  q: z.string().max(200),
  limit: z.coerce.number().int().min(1).max(100).default(10),
});
export const MapQuery = z.object({ limit: z.coerce.number().int().min(1).max(20000).default(4000) });
export const IdParameter = z.object({ id: z.string().min(1).max(200) });

export const SettingsBody = z.object({
  weights: Weights.openapi({ description: "weights of a session when none are given" }),
  terms: z.array(z.object({
    name: z.enum(TERMS.map(({ name }) => name)),
    label: z.string(),
    slider: z.tuple([z.number(), z.number()]).nullable().openapi({ description: "smallest and largest weight" }),
  })).openapi({ description: "the terms of the score, as a page shows them" }),
  policies: z.array(z.string()),
  has_map: z.boolean(),
  has_sequence_model: z.boolean(),
}).openapi("Settings");

export const Health = z.object({ status: z.literal("ok"), tracks: z.number(), listeners_in_memory: z.number() })
  .openapi("Health");
