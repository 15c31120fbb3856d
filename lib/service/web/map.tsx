import { useEffect, useRef, useState } from "preact/hooks";
import { api, type MapBody, type Positions, type SessionBody } from "./api.ts";
import { useWidth } from "./width.ts";

/** Eight colours that colour-blind people can tell apart (Okabe and Ito). */
const COLORS = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#7f7f7f"];
const HEIGHT = 340;

/** The map of the catalogue with the walk of the session on it. */
export function SongMap({ session }: { session: SessionBody }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [map, setMap] = useState<MapBody>();
  const [walk, setWalk] = useState<Positions["points"]>([]);
  const { element, width } = useWidth<HTMLDivElement>();
  const ids = session.picks.map((pick) => pick.track.track_id);

  useEffect(() => void api.map().then(setMap, () => setMap({ points: [], clusters: [] })), []);
  useEffect(() => void api.positions(ids).then(({ points }) => setWalk(points), () => setWalk([])), [ids.join()]);
  useEffect(() => {
    if (canvas.current && map?.points.length) draw(canvas.current, width, map, walk, session.current ?? 0);
  }, [map, walk, width, session.current]);

  if (map && map.points.length === 0) return null;
  const styles = [...new Set(session.picks.map(({ track }) => track.cluster))].filter((cluster) => cluster !== null);
  return (
    <section class="panel" aria-labelledby="map-title">
      <h2 id="map-title">The walk on the map</h2>
      <div ref={element}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Map of the catalogue with the ${walk.length} tracks of the session`}
        />
      </div>
      <p class="fine">
        {styles.length === 1 ? "One style" : `${styles.length} styles`}{" "}
        in this session. Near points sound alike; the line is the order of play, the large point plays now.
      </p>
    </section>
  );
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  map: MapBody,
  walk: Positions["points"],
  current: number,
): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const pen = canvas.getContext("2d")!;
  pen.scale(ratio, ratio);
  const all = [...map.points, ...walk];
  const [x, y] = [scale(all.map((p) => p.x), 14, width - 14), scale(all.map((p) => p.y), HEIGHT - 14, 14)];
  pen.globalAlpha = 0.45;
  for (const point of map.points) {
    pen.fillStyle = COLORS[(point.cluster ?? 7) % COLORS.length];
    pen.fillRect(x(point.x) - 1.5, y(point.y) - 1.5, 3, 3);
  }
  pen.globalAlpha = 1;
  const ink = getComputedStyle(canvas).color;
  pen.strokeStyle = ink;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const point of walk) pen.lineTo(x(point.x), y(point.y));
  pen.stroke();
  const dot = ({ x: across, y: up }: { x: number; y: number }, radius: number, color: string) => {
    pen.beginPath();
    pen.arc(x(across), y(up), radius, 0, 2 * Math.PI);
    pen.fillStyle = color;
    pen.fill();
  };
  for (const point of walk) dot(point, 4, ink);
  if (walk[current]) dot(walk[current], 7, "#D55E00");
}

function scale(values: number[], from: number, to: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return (value) => from + (to - from) * (value - least) / (most - least || 1);
}
