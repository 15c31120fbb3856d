/** Figures of a session: its walk on the map and its timeline. */
import { camelotName } from "../math/circle.ts";
import type { Collection, TrackIndex } from "../score/collection.ts";
import type { SessionPick } from "../score/session.ts";
import {
  ACCENT_COLOR,
  category,
  CATEGORY_COLORS,
  colors,
  MUTED_COLOR,
  quantity,
  significant,
  type Spec,
} from "./theme.ts";

/**
 * Sessions drawn on a map of the catalogue, a panel each: the walk as a numbered line over all tracks.
 *
 * @param sessions The sessions: what to call each, and its tracks.
 * @param layout Two coordinates a track [n, 2], row-major: UMAP, or the first two principal components.
 * @param background Tracks drawn behind, each with its cluster.
 */
export function sessionMapPlot(
  sessions: readonly { name: string; picks: readonly Pick<SessionPick, "track" | "step">[] }[],
  layout: ArrayLike<number>,
  background: readonly { track: TrackIndex; cluster: number }[],
  axes: readonly [string, string],
): Spec {
  const at = (track: TrackIndex) => ({ x: layout[2 * track], y: layout[2 * track + 1] });
  const clusters = [...new Set(background.map(({ cluster }) => cluster))].sort((a, b) => a - b);
  const hidden = { scale: { zero: false }, axis: { grid: false, labels: false, ticks: false } };
  const position = { x: quantity("x", axes[0], hidden), y: quantity("y", axes[1], hidden) };
  const outline = { color: "#ffffff", stroke: "#202124", strokeWidth: 1.2 };
  return {
    spacing: 24,
    hconcat: sessions.map(({ name, picks }) => {
      const walk = significant(picks.map(({ track, step }) => ({ ...at(track), step, label: String(step + 1) })));
      return {
        title: name,
        width: 336,
        height: 340,
        layer: [
          {
            data: { values: significant(background.map(({ track, cluster }) => ({ ...at(track), cluster }))) },
            mark: { type: "circle", size: 8, opacity: 0.5 },
            encoding: {
              ...position,
              color: category("cluster", undefined, { legend: null, scale: { domain: clusters, scheme: "tableau20" } }),
            },
          },
          {
            data: { values: walk },
            mark: { type: "line", color: "#202124", strokeWidth: 1.2, opacity: 0.8 },
            encoding: { ...position, order: { field: "step" } },
          },
          {
            data: { values: walk },
            mark: { type: "point", filled: true, size: 170, opacity: 1, ...outline },
            encoding: position,
          },
          {
            data: { values: walk },
            mark: { type: "text", fontSize: 9, fontWeight: 600, color: "#202124" },
            encoding: { ...position, text: { field: "label" } },
          },
        ],
      };
    }),
  };
}

/**
 * A session on a timeline: energy (with the arc it should follow), tempo and key of its tracks.
 *
 * @param target Target energy at each step, when the session had an arc.
 */
export function timelinePlot(collection: Collection, picks: readonly SessionPick[], target?: readonly number[]): Spec {
  const { energy, tempo, key, mode } = collection.catalog.numbers;
  const start = picks[0].at;
  const values = picks.map(({ track, step, at }) => {
    const name = camelotName(key?.[track] ?? NaN, mode?.[track] ?? NaN);
    return {
      minute: (at - start) / 60_000,
      energy: energy?.[track] ?? null,
      target: target?.[step] ?? null,
      tempo: tempo?.[track] || null,
      key: name,
      hour: name === "?" ? null : Number.parseInt(name),
      mode: name.endsWith("A") ? "minor (A)" : "major (B)",
    };
  });
  const axis = { labels: false, ticks: false };
  const x = (title: string | null) =>
    quantity("minute", title, { scale: { nice: false, padding: 14 }, axis: title === null ? axis : {} });
  const dashed = { type: "line", color: ACCENT_COLOR, strokeDash: [6, 4] };
  const line = (field: string, title: string, extra: Spec = {}) => ({
    mark: { type: "line", point: { size: 45 } },
    encoding: { x: x(null), y: quantity(field, title, { scale: { zero: false }, ...extra }) },
  });
  return {
    title: { text: "The session on a timeline", subtitle: target ? "dashed: the energy that was asked for" : "" },
    data: { values: significant(values) },
    spacing: 12,
    vconcat: [
      {
        width: 560,
        height: 130,
        layer: [
          line("energy", "energy", { scale: { domain: [0, 1] } }),
          ...(target ? [{ mark: dashed, encoding: { x: x(null), y: quantity("target") } }] : []),
        ],
      },
      { width: 560, height: 90, ...line("tempo", "tempo (BPM)") },
      {
        width: 560,
        height: 130,
        encoding: {
          x: x("minutes since the session began"),
          y: quantity("hour", "Camelot hour", {
            scale: { domain: [0.5, 12.5], nice: false },
            axis: { values: [1, 4, 8, 12] },
          }),
        },
        layer: [
          { mark: { type: "line", color: MUTED_COLOR, strokeWidth: 1 } },
          {
            mark: { type: "point", filled: true, size: 300, opacity: 1 },
            encoding: {
              color: colors("mode", null, ["major (B)", "minor (A)"], [CATEGORY_COLORS[5], CATEGORY_COLORS[1]], {
                legend: { orient: "bottom" },
              }),
            },
          },
          { mark: { type: "text", fontSize: 9, fontWeight: 600 }, encoding: { text: { field: "key" } } },
        ],
      },
    ],
  };
}
