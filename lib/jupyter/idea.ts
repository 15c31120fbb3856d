/**
 * Draws the picture of the front page from a world: one moment of its simulated listener.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { writeListeningExport } from "../catalog/world/listening.ts";
import { trackName } from "../catalog/find.ts";
import { loadSequenceTerm, serveSequenceTerm } from "../evaluation/sequence_term.ts";
import { readFeatureSpec } from "../features/spec.ts";
import type { Workspace } from "../pipeline.ts";
import { ideaPlot } from "../plots/idea.ts";
import { save } from "../plots/show.ts";
import { seededRandom } from "../random.ts";
import { applyHistory, readHistory } from "../shuffle/history.ts";
import { readLibrary } from "../shuffle/library.ts";
import { recommendNext } from "../shuffle/recommend.ts";
import { UserState } from "../shuffle/state.ts";
import { DEFAULT_WEIGHTS, type Weights } from "../shuffle/weights.ts";
import { loadShuffleWorld, restrictWorld } from "../shuffle/world.ts";

/**
 * Draws the idea as `figures/00_idea.svg` and `.png`: a listener of the world hears the favourite of the library, and
 * the next track is drawn. The term `sequence` is in it when a sequence model was trained on the world.
 *
 * @param workspace The world, prepared up to `umap`.
 * @returns True when it was drawn; false when the workspace has no map or the moment too few candidates to draw.
 */
export async function drawIdea(workspace: Workspace): Promise<boolean> {
  if (!existsSync(workspace.file("umap.npy"))) return false;
  const { seed } = workspace.settings;
  const whole = await loadShuffleWorld(workspace.directory);
  const { folder } = writeListeningExport(workspace.file("listening"), whole.catalog, { seed });
  const world = await restrictWorld(whole, readLibrary(whole, folder).tracks);
  const state = new UserState(world);
  applyHistory(state, readHistory([folder]));
  const playsOf = (track: number) => state.historyOf(track)?.plays ?? 0;
  const current = world.library.reduce((best, track) => playsOf(track) > playsOf(best) ? track : best);
  const term = await loadSequenceTerm(workspace.directory);
  const weights: Weights = term ? { ...DEFAULT_WEIGHTS, sequence: 1 } : DEFAULT_WEIGHTS;
  const now = state.now + 2 * 3_600_000;
  state.play(current, now);
  const distribution = recommendNext(current, state, weights, {
    now,
    sequence: term && serveSequenceTerm(term)(world)(state),
  });
  if (distribution.candidates.length < 5) return false;
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
  return true;
}
