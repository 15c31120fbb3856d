/** The API of the service as functions. Their types come from the schemas of the service. */
import type { z } from "@hono/zod-openapi";
import type * as schemas from "../schemas.ts";

export type Track = z.infer<typeof schemas.Track>;
export type Pick = z.infer<typeof schemas.Pick>;
export type Why = z.infer<typeof schemas.Why>;
export type SessionBody = z.infer<typeof schemas.SessionBody>;
export type Preview = z.infer<typeof schemas.PreviewBody>;
export type Tuning = z.infer<typeof schemas.Tuning>;
export type MapBody = z.infer<typeof schemas.MapBody>;
export type Comparison = z.infer<typeof schemas.CompareBody>;
export type Positions = z.infer<typeof schemas.PositionsBody>;

/** A bearer token may be given as `#token=…`; the hash never leaves the browser. */
const token = new URLSearchParams(location.hash.slice(1)).get("token");

export type Settings = z.infer<typeof schemas.SettingsBody>;
export type Term = Settings["terms"][number];

export const api = {
  settings: () => call<Settings>("GET", "/api/settings"),
  search: (q: string, signal: AbortSignal) =>
    call<z.infer<typeof schemas.SearchBody>>(
      "GET",
      `/api/search?limit=8&q=${encodeURIComponent(q)}`,
      undefined,
      signal,
    ),
  begin: (options: { listener?: string; seeds?: string[]; seed: number } & Tuning) =>
    call<SessionBody>("POST", "/api/sessions", options),
  session: (id: string) => call<SessionBody>("GET", `/api/sessions/${id}`),
  next: (id: string) => call<{ picks: Pick[] }>("POST", `/api/sessions/${id}/next`, { explain: true }),
  ahead: (id: string, count: number) =>
    call<{ picks: Pick[] }>("POST", `/api/sessions/${id}/next`, { count, explain: true, ahead: true }),
  retune: (id: string, tuning: Tuning) => call<SessionBody>("PATCH", `/api/sessions/${id}`, tuning),
  preview: (id: string, tuning: Tuning) => call<Preview>("POST", `/api/sessions/${id}/preview`, tuning),
  feedback: (id: string, type: "skip" | "like" | "unlike", track_id: string) =>
    call<SessionBody>("POST", `/api/sessions/${id}/events`, { type, track_id }),
  previous: (id: string) => call<SessionBody>("POST", `/api/sessions/${id}/previous`),
  undo: (id: string) => call<{ undone: Pick | null; session: SessionBody }>("POST", `/api/sessions/${id}/undo`),
  compare: (seed_track: string, tuning: Tuning) =>
    call<Comparison>("POST", "/api/compare", { seed_track, count: 12, seed: 7, ...tuning }),
  map: () => call<MapBody>("GET", "/api/map?limit=4000"),
  positions: (track_ids: string[]) => call<Positions>("POST", "/api/positions", { track_ids }),
  /** A playlist file, as the browser saves it. */
  async file(id: string, format: string): Promise<Blob> {
    return await (await send("GET", `/api/sessions/${id}/export?format=${format}`)).blob();
  },
};

async function call<Body>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Body> {
  return await (await send(method, path, body, signal)).json();
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  const response = await fetch(path, {
    method,
    headers,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((error) => {
    throw signal?.aborted ? error : new Error("The service does not answer; is it still running?");
  });
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({ error: response.statusText }));
    throw new Error(error);
  }
  return response;
}
