import type { SessionBody } from "./api.ts";
import { useWidth } from "./width.ts";

const HEIGHT = 300;
const EDGE = 30;
/** Width of the name of a key below the line, in pixels. */
const KEY_WIDTH = 34;

/** Energy and key over the session. */
export function Timeline({ session }: { session: SessionBody }) {
  const { picks, current } = session;
  const { element, width } = useWidth<HTMLDivElement>();
  const x = (step: number) => EDGE + (width - 2 * EDGE) * (picks.length > 1 ? step / (picks.length - 1) : 0.5);
  const y = (energy: number) => 14 + (HEIGHT - 50) * (1 - energy);
  const known = picks.filter(({ track }) => track.energy !== null);
  const energies = known.map(({ track }) => track.energy!);
  const summary = known.length
    ? `Energy from ${Math.min(...energies).toFixed(2)} to ${
      Math.max(...energies).toFixed(2)
    } over ${picks.length} tracks`
    : "Energy is not known";
  const every = Math.ceil(picks.length * KEY_WIDTH / (width - 2 * EDGE));
  return (
    <section class="panel" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Energy and key</h2>
      <div ref={element}>
        <svg width={width} height={HEIGHT} role="img" aria-label={summary}>
          {[0, 0.5, 1].map((energy) => (
            <g key={energy}>
              <line class="grid" x1={EDGE} x2={width - EDGE} y1={y(energy)} y2={y(energy)} />
              <text class="tick" x={EDGE - 6} y={y(energy) + 4} text-anchor="end">{energy}</text>
            </g>
          ))}
          <polyline
            class="energy"
            points={known.map(({ step, track }) => `${x(step)},${y(track.energy!)}`).join(" ")}
          />
          {picks.map(({ step, track }) => (
            <g key={step}>
              {track.energy !== null && (
                <circle
                  class={step === current ? "dot current" : "dot"}
                  cx={x(step)}
                  cy={y(track.energy)}
                  r={step === current ? 6 : 4}
                >
                  <title>{`${track.title}: energy ${track.energy.toFixed(2)}, key ${track.key}`}</title>
                </circle>
              )}
              {step % every === 0 && (
                <text class="tick" x={x(step)} y={HEIGHT - 8} text-anchor="middle">{track.key}</text>
              )}
            </g>
          ))}
        </svg>
      </div>
      <p class="fine">{summary}. Below the line: the key on the Camelot wheel; neighbours on the wheel mix well.</p>
    </section>
  );
}
