/**
 * `deno task demo`: prepares the default world, or a catalogue of yours, and serves the web app on it.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import process from "node:process";
import { InputError } from "../errors.ts";
import { openWorkspace } from "../pipeline.ts";
import { serve } from "./server.ts";

interface Options {
  catalog?: string;
  tracks: string;
  port: string;
}

async function main(): Promise<number> {
  if (process.env.SEGUE_CWD) process.chdir(process.env.SEGUE_CWD);
  const command = new Command("demo")
    .description("Prepare a world and serve the web app on it until interrupted.")
    .option("--catalog <file>", "a catalogue of your own instead of the synthetic world")
    .option("--tracks <n>", "tracks of the world, or a sample of the catalogue", "0")
    .option("--port <n>", "TCP port, 0 for any free one", "8787")
    .addHelpText("after", "\nExample:\n  $ deno task demo --catalog spotify_songs.csv")
    .exitOverride();
  try {
    command.parse(process.argv);
    const { catalog, tracks, port } = command.opts<Options>();
    const workspace = openWorkspace({ catalog, tracks: Number(tracks) });
    await workspace.prepare("umap");
    const service = await serve(workspace.directory, { port: Number(port) });
    console.log(`Open ${service.url} in a browser; interrupt to stop.`);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void service.stop());
    await service.finished;
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof InputError)) throw error;
    console.error(`demo: ${error.message}`);
    return 2;
  }
}

process.exitCode = await main();
