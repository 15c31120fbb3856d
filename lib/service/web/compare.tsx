import type { Comparison } from "./api.ts";

/** Vanilla shuffle and Segue from the same track, side by side. */
export function Compare({ comparison }: { comparison: Comparison }) {
  return (
    <div class="compare">
      {comparison.playlists.map(({ policy, picks, repeats_of_artist, mean_similarity }) => (
        <section key={policy} aria-label={policy}>
          <h3>{policy === "vanilla" ? "Vanilla shuffle" : "Segue"}</h3>
          <ol>
            {picks.map(({ step, track }) => (
              <li key={step}>
                <span>{track.title}</span> <small>{track.artists.join(", ")}</small>
              </li>
            ))}
          </ol>
          <p class="fine">
            Mean similarity from track to track {mean_similarity.toFixed(2).replace("-", "−")}; {repeats_of_artist}{" "}
            {repeats_of_artist === 1 ? "track repeats" : "tracks repeat"} an artist.
          </p>
        </section>
      ))}
    </div>
  );
}
