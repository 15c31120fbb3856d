/** What a tab of the browser remembers. */
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
  tune: Tune;
}

const VISIT = "segue-visit";

/** The visit of this tab; undefined when the tab is new. */
export function rememberedVisit(): Visit | undefined {
  return JSON.parse(sessionStorage.getItem(VISIT) ?? "null") ?? undefined;
}

/** Remembers the visit of this tab. */
export function rememberVisit(visit: Visit): void {
  try {
    sessionStorage.setItem(VISIT, JSON.stringify(visit));
  } catch {
    // The storage of the browser is full: a reloaded page then starts without a session.
  }
}
