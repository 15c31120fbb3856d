import type { Pick, Preview } from "./api.ts";
import { percent } from "./queue.tsx";

/** How many tracks are shown. */
const SHOWN = 8;

/** The most probable next tracks under the values of the sliders, and the one that was drawn. */
export function Likely({ preview, next }: { preview: Preview | undefined; next: Pick | undefined }) {
  if (!preview || preview.candidates.length === 0) {
    return <p class="fine">Move the sliders to see the probabilities.</p>;
  }
  const largest = preview.candidates[0].probability;
  const shown = preview.candidates.slice(0, SHOWN).map(({ track, probability }) => ({ track, probability }));
  if (next?.probability && !shown.some(({ track }) => track.track_id === next.track.track_id)) {
    shown.push({ track: next.track, probability: next.probability });
  }
  return (
    <>
      <ol class="likely" aria-label="Most probable next tracks">
        {shown.map(({ track, probability }) => (
          <li key={track.track_id}>
            <span class="title" title={`${track.title}, ${track.artists.join(", ")}`}>
              {track.track_id === next?.track.track_id && <em>drawn:</em>}
              {track.title} <small>{track.artists.join(", ")}</small>
            </span>
            <span class="track" aria-hidden="true">
              <span class="bar for" style={{ width: `${100 * probability / largest}%` }} />
            </span>
            <span class="number">{percent(probability)}</span>
          </li>
        ))}
      </ol>
      <p class="fine">
        Drawn from {preview.candidate_count}{" "}
        candidates{preview.relaxed.length ? `; relaxed: ${preview.relaxed.join(", ")}` : ""}
      </p>
    </>
  );
}
