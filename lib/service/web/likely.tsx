import type { Preview } from "./api.ts";
import { percent } from "./queue.tsx";

/** The most probable next tracks, as the sliders stand. */
export function Likely({ preview }: { preview: Preview | undefined }) {
  if (!preview || preview.candidates.length === 0) {
    return <p class="fine">Move the sliders to see the probabilities.</p>;
  }
  const largest = preview.candidates[0].probability;
  return (
    <>
      <ol class="likely" aria-label="Most probable next tracks">
        {preview.candidates.slice(0, 8).map(({ track, probability }) => (
          <li key={track.track_id}>
            <span class="title">{track.title}</span>
            <span class="track" aria-hidden="true">
              <span class="bar for" style={{ width: `${100 * probability / largest}%` }} />
            </span>
            <span class="number">{percent(probability)}</span>
          </li>
        ))}
      </ol>
      <p class="fine">
        {preview.candidate_count} candidates{preview.relaxed.length ? `; relaxed: ${preview.relaxed.join(", ")}` : ""}
      </p>
    </>
  );
}
