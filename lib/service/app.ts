/** The HTTP API: search, tracks, sessions, feedback, export, map, continuation, health and metrics. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { mean, pairs, range } from "d3-array";
import { HTTPException } from "hono/http-exception";
import { serveStatic } from "hono/serve-static";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { trackName } from "../catalog/find.ts";
import { repeatGaps } from "../metrics/repetition.ts";
import { similarityOf } from "../score/collection.ts";
import { formatPlaylist, playlistRows } from "../score/playlist.ts";
import { POLICY_NAMES } from "../score/policies.ts";
import { Session } from "../score/session.ts";
import { UserState } from "../score/state.ts";
import { SESSION_WEIGHTS } from "../score/weights.ts";
import type { Collection } from "../score/collection.ts";
import { endpoint, FAILURES } from "./endpoint.ts";
import { addGuards, type GuardOptions } from "./guards.ts";
import { createMetrics } from "./metrics.ts";
import * as schemas from "./schemas.ts";
import type { SearchIndex } from "./search.ts";
import { type LiveSession, sequenceScorer, type Tuning } from "./replay.ts";
import { SessionError, type Sessions } from "./sessions.ts";
import type { Store } from "./store.ts";
import { pickView, previewView, sessionView, termViews, trackView } from "./views.ts";

/** A continuation of a playlist by the sequence model. */
export type Continuation = (trackIds: string[], k: number) => z.infer<typeof schemas.ContinuationBody>["tracks"];

/** What the service is made of. */
export interface ServiceParts extends GuardOptions {
  collection: Collection;
  search: SearchIndex;
  sessions: Sessions;
  store: Store;
  /** Coordinates of every track on the map [n, 2]; undefined when there is no map. */
  map?: Float32Array;
  /** Description of each cluster. */
  clusterDescriptions?: string[];
  /** The sequence model; undefined when none is trained. */
  continuation?: Continuation;
  /** Audio files by track id, for playlists that players play. */
  files?: ReadonlyMap<string, string>;
}

const WEB = fileURLToPath(new URL("./web", import.meta.url));
/** The files of the web app; `deno task setup` builds the script. */
const PAGE = [
  ["/", WEB, "index.html"],
  ["/index.html", WEB, "index.html"],
  ["/style.css", WEB, "style.css"],
  ["/app.js", fileURLToPath(new URL("../../node_modules/.segue-web", import.meta.url)), "app.js"],
];

/** Makes the Hono application: `app.fetch(request)` answers a request. All its state is in the parts. */
export function createApp(parts: ServiceParts): OpenAPIHono {
  const { collection, sessions } = parts;
  const app = new OpenAPIHono({
    defaultHook: (result, c) => {
      if (!result.success) {
        const { path, message } = result.error.issues[0];
        return c.json({ error: `${path.join(".") || "request"}: ${message}` }, 400);
      }
    },
  });
  const metrics = createMetrics(sessions);

  app.use(metrics.middleware);
  addGuards(app, parts);

  const [get, post, patch] = (["get", "post", "patch"] as const).map((method) => endpoint(app, method));
  get("/api/search", "Search titles and artists", schemas.SearchBody, { query: schemas.SearchQuery })(
    ({ q, limit }) => {
      const { tracks, corrected } = parts.search.search(q, limit);
      return { tracks: tracks.map((track) => trackView(collection, track)), corrected: corrected ?? null };
    },
  );
  get("/api/settings", "What the service can do, and its defaults", schemas.SettingsBody)(() => ({
    weights: SESSION_WEIGHTS,
    terms: termViews(parts.continuation !== undefined),
    policies: POLICY_NAMES,
    has_map: parts.map !== undefined,
    has_sequence_model: parts.continuation !== undefined,
  }));
  get("/api/tracks/{id}", "A track and its neighbours", schemas.TrackBody, ID)(({ id }) => {
    const track = known(id);
    const { offsets, indices, similarities } = collection.graph;
    const neighbors = Array.from({ length: Math.min(20, offsets[track + 1] - offsets[track]) }, (_, k) => ({
      track: trackView(collection, indices[offsets[track] + k]),
      similarity: similarities[offsets[track] + k],
    }));
    return { track: trackView(collection, track), neighbors };
  });
  post("/api/sessions", "Begin a session", schemas.SessionBody, { body: schemas.SessionRequest })(async (
    { listener, ...options },
  ) => sessionView(collection, await sessions.begin(options, listener, parts.now())));
  get("/api/sessions/{id}", "A session with its picks", schemas.SessionBody, ID)(({ id }) =>
    sessionView(collection, sessions.get(id))
  );
  patch("/api/sessions/{id}", "Change weights, temperature, slider or rules", schemas.SessionBody, {
    ...ID,
    body: schemas.Tuning,
  })(({ id, ...tuning }) => after(id, (live) => sessions.retune(live, tuning, parts.now())));
  post("/api/sessions/{id}/next", "Play the next tracks", schemas.PicksBody, { ...ID, body: schemas.NextRequest })(
    async ({ id, count = 1, explain = false, ahead }) => {
      const picks = await sessions.next(sessions.get(id), count, parts.now(), ahead);
      return { picks: picks.map((pick) => pickView(collection, pick, explain)) };
    },
  );
  post(
    "/api/sessions/{id}/preview",
    "The next track's probabilities, as things stand or with changes to try",
    schemas.PreviewBody,
    { ...ID, body: schemas.Tuning },
  )(({ id, ...tuning }) => {
    const { session } = sessions.get(id);
    sequenceScorer(sessions.parts, session.state, tuning);
    // The next track may have been drawn already. Without changes to try, the answer is what it was drawn from.
    const ahead = session.picks[(session.current?.step ?? -1) + 1];
    const distribution = ahead && Object.keys(tuning).length === 0
      ? ahead.distribution
      : session.preview(tuning, parts.now());
    return distribution
      ? previewView(collection, distribution, 12)
      : { candidates: [], candidate_count: 0, relaxed: [] };
  });
  post("/api/sessions/{id}/events", "A skip or a like", schemas.SessionBody, { ...ID, body: schemas.Feedback })((
    { id, type, track_id },
  ) => after(id, (live) => sessions.feedback(live, type, known(track_id), parts.now())));
  post("/api/sessions/{id}/previous", "Go back to the track before", schemas.SessionBody, ID)(({ id }) =>
    after(id, (live) => sessions.previous(live, parts.now()))
  );
  post("/api/sessions/{id}/undo", "Take the latest pick back", schemas.UndoBody, ID)(async ({ id }) => {
    const live = sessions.get(id);
    const pick = await sessions.undo(live, parts.now());
    return { undone: pick ? pickView(collection, pick, false) : null, session: sessionView(collection, live) };
  });

  const file = createRoute({
    method: "get",
    path: "/api/sessions/{id}/export",
    summary: "The session as a playlist file",
    request: { ...ID, query: schemas.ExportQuery },
    responses: {
      ...FAILURES,
      200: {
        description: "The file",
        content: Object.fromEntries(Object.values(EXPORT_TYPES).map((type) => [type, { schema: z.string() }])),
      },
    },
  });
  app.openapi(file, (c) => {
    const { session, options } = sessions.get(c.req.valid("param").id);
    const { format } = c.req.valid("query");
    const first = session.picks[0];
    const title = first ? `Segue from ${trackName(collection.catalog, first.track)}` : "Segue";
    const rows = playlistRows(collection.catalog, session.picks, parts.files);
    const body = formatPlaylist({ title, rows, recipe: { ...options } }, format);
    c.header("content-disposition", `attachment; filename="segue.${format}"`);
    return c.body(body, 200, { "content-type": EXPORT_TYPES[format] });
  });

  get("/api/listeners/{id}/history", "All sessions of a listener", schemas.HistoryBody, ID)(({ id: listener }) => {
    const logged = parts.store.sessionsOf(listener);
    if (logged.length === 0) throw new SessionError(404, `no listener '${listener}'`);
    const eventsOf = (session: string) =>
      parts.store.eventsOf(session)
        .map(({ type, track_id, at, probability }) => ({ type, track_id, at, probability }));
    return { listener, sessions: logged.map(({ id, created }) => ({ id, created, events: eventsOf(id) })) };
  });
  post("/api/compare", "Vanilla and Segue from the same track", schemas.CompareBody, { body: schemas.CompareRequest })(
    ({ seed_track, count = 12, seed = 42, ...tuning }) => {
      const from = known(seed_track);
      return {
        playlists: (["vanilla", "segue"] as const).map((policy) => compared(policy, from, count, seed, tuning)),
      };
    },
  );
  post("/api/continuations", "Continue a playlist by the sequence model", schemas.ContinuationBody, {
    body: schemas.ContinuationRequest,
  })(({ track_ids, k = 10 }) => {
    if (parts.continuation) return { tracks: parts.continuation(track_ids, k) };
    throw new HTTPException(503, { message: "no sequence model: run segue train-sasrec first" });
  });
  get("/api/map", "Points of the map, a sample", schemas.MapBody, { query: schemas.MapQuery })(({ limit }) => {
    const { map, clusterDescriptions = [] } = parts;
    const step = Math.max(1, collection.trackCount / limit);
    const tracks = range(map ? Math.min(limit, collection.trackCount) : 0).map((p) => Math.floor(p * step));
    return {
      points: tracks.map((track) => ({
        ...positionOf(map!, track),
        cluster: collection.clusters.length ? collection.clusters[track] : null,
      })),
      clusters: clusterDescriptions.map((description, cluster) => ({ cluster, description })),
    };
  });
  post("/api/positions", "Where tracks lie on the map", schemas.PositionsBody, { body: schemas.PositionsRequest })(
    ({ track_ids }) => {
      const { map } = parts;
      const tracks = track_ids.map(known);
      return { points: map ? tracks.map((track) => positionOf(map, track)) : [] };
    },
  );
  get("/health", "Is the service well", schemas.Health)(() => ({
    status: "ok" as const,
    tracks: collection.trackCount,
    listeners_in_memory: sessions.listenerCount,
  }));
  app.get("/metrics", metrics.page);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Segue", version: "0.1.0", description: "A shuffle that remembers." },
  });
  const getContent = (path: string) => readFile(path, "utf8").catch(() => null);
  for (const [address, folder, path] of PAGE) app.use(address, serveStatic({ root: folder, path, join, getContent }));
  return app;

  /** What a session is after a change to it. */
  async function after(id: string, change: (live: LiveSession) => Promise<unknown>) {
    const live = sessions.get(id);
    await change(live);
    return sessionView(collection, live);
  }

  function known(id: string): number {
    const track = collection.indexOf(id);
    if (track === undefined) throw new SessionError(404, `no track '${id}'`);
    return track;
  }

  function positionOf(map: Float32Array, track: number) {
    return { x: map[2 * track], y: map[2 * track + 1], track_id: collection.catalog.texts.track_id![track]! };
  }

  function compared(policy: "vanilla" | "segue", from: number, count: number, seed: number, tuning: Tuning) {
    const state = new UserState(collection);
    const sequence = sequenceScorer(sessions.parts, state, tuning);
    const picks = new Session(state, { policy, from, seed, count, sequence, ...tuning }).run();
    return {
      policy,
      picks: picks.map((pick) => pickView(collection, pick, true)),
      repeats_of_artist:
        repeatGaps(picks.map(({ track }) => track), collection.artists).filter((gap) => gap > 0).length,
      mean_similarity: mean(pairs(picks), ([a, b]) => similarityOf(collection, a.track, b.track)) ?? 0,
    };
  }
}

const ID = { params: schemas.IdParameter };
const EXPORT_TYPES = {
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  m3u8: "application/vnd.apple.mpegurl",
  jspf: "application/jspf+json",
};
