/** Figures that compare policies: who gets the plays, what comes back, what is given up. */
import { cumsum, sum } from "d3-array";
import type { PolicyName } from "../score/policies.ts";
import { linesPlot } from "./lines.ts";
import {
  ACCENT_COLOR,
  category,
  colors,
  MAIN_COLOR,
  MUTED_COLOR,
  policyColors,
  quantity,
  significant,
  type Spec,
} from "./theme.ts";

/**
 * Lorenz curves turned round: what share of the plays goes to the most played tracks.
 *
 * @param curves Plays, or probability, of each track in any order; the first curve is drawn as the main one.
 */
export function exposurePlot(curves: readonly { name: string; exposure: ArrayLike<number> }[]): Spec {
  const permille = [0, 1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
  const values = curves.flatMap(({ name, exposure }) => {
    const sorted = Float64Array.from(exposure).sort().reverse();
    const total = sum(sorted);
    const running = [0, ...cumsum(sorted.map((plays) => plays / total))];
    return permille.map((p) => ({ name, tracks: p / 1000, plays: running[Math.round(p / 1000 * sorted.length)] }));
  });
  return linesPlot(values, {
    title: "Who gets the plays",
    x: { field: "tracks", title: "most played tracks, share of all", axis: { format: "%" } },
    y: { field: "plays", title: "share of the plays that they get", axis: { format: "%" }, scale: { domain: [0, 1] } },
    color: { field: "name", scale: { range: [MAIN_COLOR, ACCENT_COLOR, MUTED_COLOR] } },
  });
}

/**
 * How often something comes back within N plays, a line a policy, a panel for tracks and one for artists.
 *
 * @param repeats By policy and kind, `"track"` or `"artist"`: the share of plays that repeat one of the N before, N = 1,
 *   2, …
 */
export function repeatPlot(
  repeats: readonly { policy: PolicyName; kind: string; rates: ArrayLike<number> }[],
): Spec {
  const values = repeats.flatMap(({ policy, kind, rates }) =>
    Array.from(rates, (rate, i) => ({ policy, kind, window: i + 1, rate }))
  );
  const panel = (kind: string, title: string) => ({
    title,
    width: 260,
    height: 230,
    data: { values: significant(values.filter((row) => row.kind === kind)) },
    mark: { type: "line" },
    encoding: {
      x: quantity("window", "N, plays looked back", { scale: { nice: false } }),
      y: quantity("rate", "share of plays", { axis: { format: "%" } }),
      color: policyColor(repeats.map(({ policy }) => policy)),
    },
  });
  return {
    title: "How often something comes back",
    spacing: 30,
    hconcat: [panel("track", "the same track"), panel("artist", "the same artist")],
  };
}

/**
 * What each policy gives up: how alike consecutive plays are against how often tracks come back.
 *
 * @param rows One row a policy: mean cosine of consecutive plays, share that repeat a track of the last 50.
 */
export function policyTradeOffPlot(
  rows: readonly { policy: PolicyName; coherence: number; repeats: number }[],
): Spec {
  const names = rows.map(({ policy }) => policy);
  const values = significant(rows);
  return {
    title: "What each policy gives up",
    width: 420,
    height: 280,
    data: { values },
    // Rings of a shape each: two policies may lie on the same spot.
    mark: { type: "point", size: 170, filled: false, strokeWidth: 2.5 },
    encoding: {
      x: quantity("coherence", "mean cosine of consecutive plays", {
        scale: { domain: [Math.min(0, ...values.map(({ coherence }) => coherence)) - 0.05, 1] },
      }),
      y: quantity("repeats", "repeats within 50 plays", {
        axis: { format: "%" },
        scale: { domain: [0, Math.max(0.05, 1.15 * Math.max(...values.map(({ repeats }) => repeats)))] },
      }),
      color: policyColor(names),
      shape: category("policy", "policy", { sort: null, scale: { domain: names } }),
    },
  };
}

function policyColor(policies: readonly PolicyName[]): Spec {
  const domain = [...new Set(policies)];
  return colors("policy", "policy", domain, policyColors(domain), {
    sort: null,
    legend: { symbolType: "stroke", symbolStrokeWidth: 3 },
  });
}
