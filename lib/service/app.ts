/**
 * The HTTP API: search, tracks, sessions, feedback, export, map, continuation, health and metrics.
 *
 * @module
 */
import { createRoute, OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { TrieRouter } from "hono/router/trie-router";
import { timeout } from "hono/timeout";
import { trackName } from "../catalog/find.ts";
import { InputError } from "../errors.ts";
import { similarityOf } from "../shuffle/world.ts";
import { formatPlaylist, playlistRows } from "../shuffle/playlist.ts";
import { POLICIES, Session, type SessionPick } from "../shuffle/session.ts";
import { UserState } from "../shuffle/state.ts";
import { SESSION_WEIGHTS } from "../shuffle/weights.ts";
import type { ShuffleWorld } from "../shuffle/world.ts";
import { createLimiter } from "./limiter.ts";
import { createMetrics } from "./metrics.ts";
import * as schemas from "./schemas.ts";
import type { SearchIndex } from "./search.ts";
import { SessionError, type Sessions, type Tuning } from "./sessions.ts";
import { type Store, StoreError } from "./store.ts";
import { pickView, previewView, sessionView, trackView } from "./views.ts";

/** A continuation of a playlist by the sequence model. */
export type Continuation = (trackIds: string[], k: number) => z.infer<typeof schemas.ContinuationBody>["tracks"];

/** What the service stands on. */
export interface ServiceParts {
  /** What is shuffled. */
  world: ShuffleWorld;
  /** Search over it. */
  search: SearchIndex;
  /** Sessions in use. */
  sessions: Sessions;
  /** The log. */
  store: Store;
  /** Coordinates of every track on the map [n, 2]; undefined when there is no map. */
  map?: Float32Array;
  /** Description of each cluster. */
  clusterDescriptions?: string[];
  /** The sequence model; undefined when none is trained. */
  continuation?: Continuation;
  /** Files of the web app by path. */
  assets: Map<string, { type: string; body: string | Uint8Array<ArrayBuffer> }>;
  /** A bearer token that every request must carry; none when left out. */
  token?: string;
  /** Requests a second that one client may make on average; no limit when left out. */
  requestsPerSecond?: number;
  /** Reads the clock, ms since 1970. */
  now: () => number;
}

const LARGEST_BODY = 64 * 1024;
const LONGEST_REQUEST_MS = 10_000;

/**
 * Makes the application. It holds no state of its own beside the parts.
 *
 * @param parts What it stands on.
 * @returns A Hono application: `app.fetch(request)` answers a request.
 */
export function createApp(parts: ServiceParts): OpenAPIHono {
  const { world, sessions } = parts;
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
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      // A notebook shows the app in a frame; only pages of this machine may.
      frameAncestors: ["'self'", "http://localhost:*", "http://127.0.0.1:*"],
    },
    xFrameOptions: false,
  }));
  if (parts.requestsPerSecond) app.use(createLimiter(parts.requestsPerSecond, parts.now));
  if (parts.token) app.use("/api/*", bearerAuth({ token: parts.token }));
  else app.use(refuseOtherNames);
  app.use("/api/*", timeout(LONGEST_REQUEST_MS));
  const tooLarge = (c: Context) => c.json({ error: `request body is over ${LARGEST_BODY} bytes` }, 413);
  app.use("/api/*", bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge }));

  app.onError((error, c) => {
    if (error instanceof SessionError) return c.json({ error: error.message }, error.status);
    if (error instanceof InputError) return c.json({ error: error.message }, 422);
    if (error instanceof StoreError) return c.json({ error: error.message }, 503);
    if (error instanceof HTTPException) {
      const response = error.getResponse();
      for (const [name, value] of response.headers) if (name === "www-authenticate") c.header(name, value);
      return c.json({ error: error.message || "request refused" }, error.status);
    }
    console.error(error);
    return c.json({ error: "internal error" }, 500);
  });
  const methods = new TrieRouter<string>();
  app.notFound((c) => {
    const allowed = [...new Set(methods.match("ALL", c.req.path)[0].map(([method]) => method))];
    if (allowed.length === 0) return c.json({ error: "no such address" }, 404);
    c.header("allow", allowed.join(", "));
    return c.json({ error: `no method ${c.req.method} here, only ${allowed.join(", ")}` }, 405);
  });

  app.openapi(
    route("get", "/api/search", "Search titles and artists", schemas.SearchBody, {
      query: schemas.SearchQuery,
    }),
    (c) => {
      const { q, limit } = c.req.valid("query");
      const { tracks, corrected } = parts.search.search(q, limit);
      return c.json({ tracks: tracks.map((track) => trackView(world, track)), corrected: corrected ?? null }, 200);
    },
  );

  app.openapi(
    route("get", "/api/settings", "What the service can do, and its defaults", schemas.SettingsBody, {}),
    (c) => {
      const has_sequence_model = parts.continuation !== undefined;
      const settings = { policies: [...POLICIES], has_map: parts.map !== undefined, has_sequence_model };
      return c.json({ weights: SESSION_WEIGHTS, ...settings }, 200);
    },
  );

  app.openapi(
    route("get", "/api/tracks/{id}", "A track and its neighbours", schemas.TrackBody, {
      params: schemas.IdParameter,
    }),
    (c) => {
      const track = known(c.req.valid("param").id);
      const { offsets, indices, similarities } = world.graph;
      const neighbors = Array.from({ length: Math.min(20, offsets[track + 1] - offsets[track]) }, (_, k) => ({
        track: trackView(world, indices[offsets[track] + k]),
        similarity: similarities[offsets[track] + k],
      }));
      return c.json({ track: trackView(world, track), neighbors }, 200);
    },
  );

  app.openapi(
    route("post", "/api/sessions", "Begin a session", schemas.SessionBody, {
      ...json(schemas.SessionRequest),
    }),
    async (c) => {
      const { listener, ...options } = c.req.valid("json");
      return c.json(sessionView(world, await sessions.begin(options, listener, parts.now())), 200);
    },
  );

  app.openapi(
    route("get", "/api/sessions/{id}", "A session with its picks", schemas.SessionBody, {
      params: schemas.IdParameter,
    }),
    (c) => c.json(sessionView(world, sessions.get(c.req.valid("param").id)), 200),
  );

  app.openapi(
    route("patch", "/api/sessions/{id}", "Change weights, temperature, slider or rules", schemas.SessionBody, {
      params: schemas.IdParameter,
      ...json(schemas.Tuning),
    }),
    async (c) => {
      const live = sessions.get(c.req.valid("param").id);
      await sessions.retune(live, c.req.valid("json"), parts.now());
      return c.json(sessionView(world, live), 200);
    },
  );

  app.openapi(
    route("post", "/api/sessions/{id}/next", "Play the next tracks", schemas.PicksBody, {
      params: schemas.IdParameter,
      ...json(schemas.NextRequest),
    }),
    async (c) => {
      const { count = 1, explain = false, ahead } = c.req.valid("json");
      const picks = await sessions.next(sessions.get(c.req.valid("param").id), count, parts.now(), ahead);
      return c.json({ picks: picks.map((pick) => pickView(world, pick, explain)) }, 200);
    },
  );

  app.openapi(
    route(
      "post",
      "/api/sessions/{id}/preview",
      "The next track's probabilities, as things stand or with changes to try",
      schemas.PreviewBody,
      {
        params: schemas.IdParameter,
        ...json(schemas.Tuning),
      },
    ),
    (c) => {
      const { session } = sessions.get(c.req.valid("param").id);
      const tuning = c.req.valid("json");
      sessions.scorer(session.state, tuning);
      // The track that lies ahead was drawn already: without changes to try, what it was drawn from is the answer.
      const ahead = session.picks[(session.current?.step ?? -1) + 1];
      const distribution = ahead && Object.keys(tuning).length === 0
        ? ahead.distribution
        : session.preview(tuning, parts.now());
      if (!distribution) return c.json({ candidates: [], candidate_count: 0, relaxed: [] }, 200);
      return c.json(previewView(world, distribution, 12), 200);
    },
  );

  app.openapi(
    route("post", "/api/sessions/{id}/events", "A skip or a like", schemas.SessionBody, {
      params: schemas.IdParameter,
      ...json(schemas.Feedback),
    }),
    async (c) => {
      const live = sessions.get(c.req.valid("param").id);
      const { type, track_id } = c.req.valid("json");
      known(track_id);
      await sessions.feedback(live, type, track_id, parts.now());
      return c.json(sessionView(world, live), 200);
    },
  );

  app.openapi(
    route("post", "/api/sessions/{id}/previous", "Go back to the track before", schemas.SessionBody, {
      params: schemas.IdParameter,
    }),
    async (c) => {
      const live = sessions.get(c.req.valid("param").id);
      await sessions.previous(live, parts.now());
      return c.json(sessionView(world, live), 200);
    },
  );

  app.openapi(
    route("post", "/api/sessions/{id}/undo", "Take the latest pick back", schemas.UndoBody, {
      params: schemas.IdParameter,
    }),
    async (c) => {
      const live = sessions.get(c.req.valid("param").id);
      const pick = await sessions.undo(live, parts.now());
      return c.json({ undone: pick ? pickView(world, pick, false) : null, session: sessionView(world, live) }, 200);
    },
  );

  const exported = route("get", "/api/sessions/{id}/export", "The session as a playlist file", z.string(), {
    params: schemas.IdParameter,
    query: schemas.ExportQuery,
  });
  app.openAPIRegistry.registerPath({
    ...exported,
    responses: {
      ...exported.responses,
      200: {
        description: "The file",
        content: Object.fromEntries(Object.values(EXPORT_TYPES).map((type) => [type, { schema: z.string() }])),
      },
    },
  });
  app.get("/api/sessions/:id/export", (c) => {
    const query = schemas.ExportQuery.safeParse(c.req.query());
    if (!query.success) return c.json({ error: query.error.issues[0].message }, 400);
    const { session, options } = sessions.get(c.req.param("id"));
    const { format } = query.data;
    const first = session.picks[0];
    const title = first ? `Segue from ${trackName(world.catalog, first.track)}` : "Segue";
    const body = formatPlaylist(
      { title, rows: playlistRows(world.catalog, session.picks), recipe: { ...options } },
      format,
    );
    c.header("content-disposition", `attachment; filename="segue.${format}"`);
    return c.body(body, 200, { "content-type": EXPORT_TYPES[format] });
  });

  app.openapi(
    route("get", "/api/listeners/{id}/history", "All sessions of a listener", schemas.HistoryBody, {
      params: schemas.IdParameter,
    }),
    (c) => {
      const { id } = c.req.valid("param");
      const logged = parts.store.sessionsOf(id);
      if (logged.length === 0) throw new SessionError(404, `no listener '${id}'`);
      return c.json({
        listener: id,
        sessions: logged.map((session) => ({
          id: session.id,
          created: session.created,
          events: parts.store.eventsOf(session.id).map(({ type, track_id, at, probability }) => ({
            type,
            track_id,
            at,
            probability,
          })),
        })),
      }, 200);
    },
  );

  app.openapi(
    route("post", "/api/compare", "Vanilla and Segue from the same track", schemas.CompareBody, {
      ...json(schemas.CompareRequest),
    }),
    (c) => {
      const { seed_track, count = 12, seed = 42, ...tuning } = c.req.valid("json");
      const from = known(seed_track);
      return c.json({
        playlists: (["vanilla", "segue"] as const).map((policy) => compared(policy, from, count, seed, tuning)),
      }, 200);
    },
  );

  app.openapi(
    route("post", "/api/continuations", "Continue a playlist by the sequence model", schemas.ContinuationBody, {
      ...json(schemas.ContinuationRequest),
    }),
    (c) => {
      if (!parts.continuation) {
        throw new HTTPException(503, {
          message: "no sequence model: run segue train-sasrec first",
        });
      }
      const { track_ids, k = 10 } = c.req.valid("json");
      return c.json({ tracks: parts.continuation(track_ids, k) }, 200);
    },
  );

  app.openapi(
    route("get", "/api/map", "Points of the map, a sample", schemas.MapBody, { query: schemas.MapQuery }),
    (c) => {
      const { map } = parts;
      const clusters = (parts.clusterDescriptions ?? []).map((description, cluster) => ({ cluster, description }));
      if (!map) return c.json({ points: [], clusters }, 200);
      const { limit } = c.req.valid("query");
      const step = Math.max(1, world.trackCount / limit);
      const points = Array.from({ length: Math.min(limit, world.trackCount) }, (_, p) => {
        const track = Math.floor(p * step);
        return { ...positionOf(map, track), cluster: world.clusters.length ? world.clusters[track] : null };
      });
      return c.json({ points, clusters }, 200);
    },
  );

  app.openapi(
    route("post", "/api/positions", "Where tracks lie on the map", schemas.PositionsBody, {
      ...json(schemas.PositionsRequest),
    }),
    (c) => {
      const { map } = parts;
      const tracks = c.req.valid("json").track_ids.map(known);
      return c.json({ points: map ? tracks.map((track) => positionOf(map, track)) : [] }, 200);
    },
  );

  app.openapi(
    route("get", "/health", "Is the service well", schemas.Health, {}),
    (c) =>
      c.json({ status: "ok" as const, tracks: world.trackCount, listeners_in_memory: sessions.listenerCount }, 200),
  );
  app.get("/metrics", async (c) => c.text(await metrics.render(), 200, { "content-type": metrics.contentType }));
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Segue", version: "0.1.0", description: "A shuffle that remembers." },
  });
  for (const { path, method } of app.routes) if (method !== "ALL") methods.add("ALL", path, method);
  app.get("*", (c, next) => {
    const asset = parts.assets.get(c.req.path === "/" ? "/index.html" : c.req.path);
    return asset ? Promise.resolve(c.body(asset.body, 200, { "content-type": asset.type })) : next() as never;
  });
  return app;

  function known(id: string): number {
    const track = world.indexOf(id);
    if (track === undefined) throw new SessionError(404, `no track '${id}'`);
    return track;
  }

  function positionOf(map: Float32Array, track: number) {
    return { x: map[2 * track], y: map[2 * track + 1], track_id: world.catalog.texts.track_id![track]! };
  }

  function compared(policy: "vanilla" | "segue", from: number, count: number, seed: number, tuning: Tuning) {
    const state = new UserState(world);
    const sequence = sessions.scorer(state, tuning);
    const picks = new Session(state, { policy, from, seed, count, sequence, ...tuning }).run();
    return {
      policy,
      picks: picks.map((pick) => pickView(world, pick, true)),
      repeats_of_artist:
        picks.filter((pick, p) => picks.slice(0, p).some((before) => shareArtist(before, pick))).length,
      mean_similarity: meanSimilarity(picks),
    };
  }

  function shareArtist(a: SessionPick, b: SessionPick): boolean {
    const artists = world.catalog.lists.artists!;
    return artists[a.track].some((artist) => artists[b.track].includes(artist));
  }

  function meanSimilarity(picks: readonly SessionPick[]): number {
    let sum = 0;
    for (let p = 1; p < picks.length; p++) sum += similarityOf(world, picks[p - 1].track, picks[p].track);
    return picks.length > 1 ? sum / (picks.length - 1) : 0;
  }
}

/**
 * A page of the web whose name was turned to this machine after it was loaded (DNS rebinding) could read what listeners
 * played; its requests still carry that name. Without a token the service answers to names of this machine only.
 */
const refuseOtherNames: MiddlewareHandler = async (c, next) => {
  const host = c.req.header("host") ?? "localhost";
  if (/^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host)) return await next();
  return c.json({ error: "without a token the service answers to localhost and 127.0.0.1 only" }, 421);
};

const EXPORT_TYPES = {
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  m3u8: "application/vnd.apple.mpegurl",
  jspf: "application/jspf+json",
};

/** A JSON body that must be there. */
function json<Schema extends z.ZodType>(schema: Schema) {
  return { body: { content: { "application/json": { schema } }, required: true as const } };
}

/** A route with the answers that every route may give documented. */
function route<
  const Path extends string,
  Answer extends z.ZodType,
  Request extends NonNullable<RouteConfig["request"]>,
>(method: "get" | "post" | "patch", path: Path, summary: string, answer: Answer, request: Request) {
  const failure = (description: string) => ({
    description,
    content: { "application/json": { schema: schemas.ErrorBody } },
  });
  return createRoute({
    method,
    path,
    summary,
    request,
    responses: {
      200: { description: summary, content: { "application/json": { schema: answer } } },
      400: failure("The request does not have the form that is asked for"),
      401: failure("The bearer token is missing or wrong"),
      404: failure("There is no such thing"),
      405: failure("The address takes other methods, named in the header allow"),
      409: failure("The session is over"),
      413: failure("The request is too large"),
      415: failure("The body is not of type application/json"),
      421: failure("The host that was asked for is not this machine, and the service has no token"),
      422: failure("A value is out of range"),
      429: failure("Too many requests"),
      500: failure("A fault of ours"),
      503: failure("Not available here"),
      504: failure("It took too long"),
    },
  });
}
