/** What the browser remembers: the listener for good, the session for as long as the tab is open. */
import type { Pick } from "./api.ts";
import type { Tune } from "./sliders.tsx";

/** What a reloaded page goes on with. */
export interface Visit {
  /** The session. */
  id: string;
  /** Why the tracks were picked, by step. */
  reasons: [number, Pick["why"]][];
  /** Tracks that were liked. */
  liked: string[];
  /** Where the sliders stand. */
  tune: Tune;
}

const [LISTENER, VISIT] = ["segue-listener", "segue-visit"];

/** The listener is remembered from visit to visit, so that history goes on. */
export function rememberedListener(): string {
  const known = localStorage.getItem(LISTENER);
  if (known) return known;
  const made = `web-${
    Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("")
  }`;
  localStorage.setItem(LISTENER, made);
  return made;
}

/** The visit of this tab; nothing when it is the first page, or when what was kept is no longer understood. */
export function rememberedVisit(): Visit | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(VISIT) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the visit of this tab. */
export function rememberVisit(visit: Visit): void {
  try {
    sessionStorage.setItem(VISIT, JSON.stringify(visit));
  } catch {
    // The browser's room is full: a reloaded page then begins anew.
  }
}
