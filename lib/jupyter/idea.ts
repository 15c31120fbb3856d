/** The figure of the front page: how one track is chosen. */
import { existsSync } from "node:fs";
import { writeListeningExport } from "../listening/account_export.ts";
import { trackName } from "../catalog/find.ts";
import { loadSequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import { readFeatureSpec } from "../features/spec.ts";
import type { Workspace } from "../prepare.ts";
import { ideaPlot } from "../plots/idea.ts";
import { save } from "../plots/show.ts";
import { seededRandom } from "../math/random.ts";
import { applyHistory, readHistory } from "../listening/history.ts";
import { readLibrary } from "../listening/library.ts";
import { recommendNext } from "../score/recommend.ts";
import { UserState } from "../score/state.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../score/weights.ts";
import { loadCollection, restrictCollection } from "../score/collection.ts";

/**
 * Draws `figures/00_idea.svg` and `.png`: a simulated listener hears the favourite track of the library, and the next
 * track is drawn; with the term `sequence` when a sequence model was trained. Draws nothing when the folder is not
 * prepared up to `umap`, or when there are too few candidates.
 */
export async function drawIdea(workspace: Workspace): Promise<void> {
  if (!existsSync(workspace.file("umap.npy"))) return;
  const { seed } = workspace.settings;
  const whole = await loadCollection(workspace.directory);
  const { folder } = writeListeningExport(workspace.file("listening"), whole.catalog, { seed });
  const collection = await restrictCollection(whole, readLibrary(whole, [folder]).tracks);
  const state = new UserState(collection);
  applyHistory(state, readHistory([folder]));
  const playsOf = (track: number) => state.historyOf(track)?.plays ?? 0;
  const current = collection.library.reduce((best, track) => playsOf(track) > playsOf(best) ? track : best);
  const term = await loadSequenceTerm(workspace.directory);
  const weights: Weights = term ? { ...DEFAULT_WEIGHTS, sequence: 1 } : DEFAULT_WEIGHTS;
  const now = state.now + 2 * 3_600_000;
  state.play(current, now);
  const distribution = recommendNext(current, state, weights, {
    now,
    sequence: term && serveSequenceTerm(term)(collection)(state),
  });
  if (distribution.candidates.length < 5) return;
  const pick = distribution.sample(seededRandom(seed, "idea"));
  await save(
    ideaPlot({
      distribution,
      picked: pick.track,
      features: workspace.matrix("X_raw.npy"),
      spec: readFeatureSpec(workspace.file("features.json")),
      layout: workspace.matrix("umap.npy"),
    }),
    {
      name: "00_idea",
      caption: `From the catalogue to the next track: after ${trackName(whole.catalog, current)} the draw fell on ` +
        `${trackName(whole.catalog, pick.track)}, which had a chance of ${(100 * pick.probability).toFixed(1)} %.`,
    },
  );
}
