/** `deno task demo`: prepares the default world, or a catalogue of yours, and serves the web app on it. */
import { openWorkspace } from "../prepare.ts";
import { PORT, serveUntilInterrupted } from "./serve.ts";
import { defineCommand, number, text } from "./shared.ts";

export default defineCommand({
  name: "demo",
  description: "Prepare a world and serve the web app on it until interrupted.",
  example: "demo --catalog spotify_songs.csv",
  options: {
    catalog: text("<file>", "a catalogue of your own instead of the synthetic world"),
    tracks: number("<n>", "tracks of the world, or a sample of the catalogue", { from: 0, standard: 0 }),
    port: PORT,
  },
  run: async ({ catalog, tracks, port }) => {
    const workspace = openWorkspace({ catalog, tracks });
    await workspace.prepare("umap");
    return await serveUntilInterrupted(workspace.directory, { port });
  },
});
