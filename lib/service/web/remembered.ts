/** What the browser remembers: the listener always, the session while the tab is open. */
import type { Pick } from "./api.ts";
import type { Tune } from "./sliders.tsx";

/** What a reloaded page continues with. */
export interface Visit {
  /** Id of the session. */
  id: string;
  /** Why the tracks were picked, by step. */
  reasons: [number, Pick["why"]][];
  /** Tracks that were liked. */
  liked: string[];
  /** Values of the sliders. */
  tune: Tune;
}

const [LISTENER, VISIT] = ["segue-listener", "segue-visit"];

/** The listener of earlier visits; undefined at the first visit. */
export function rememberedListener(): string | undefined {
  return localStorage.getItem(LISTENER) ?? undefined;
}

/** Remembers the listener, so that later visits continue the same history. */
export function rememberListener(listener: string): void {
  localStorage.setItem(LISTENER, listener);
}

/** The visit of this tab; undefined when the tab is new or what was stored cannot be read. */
export function rememberedVisit(): Visit | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(VISIT) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers the visit of this tab. */
export function rememberVisit(visit: Visit): void {
  try {
    sessionStorage.setItem(VISIT, JSON.stringify(visit));
  } catch {
    // The storage of the browser is full: a reloaded page then starts without a session.
  }
}
