/**
 * The command line: `deno task segue COMMAND`. Only dispatches; each command is a file beside this one.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import process from "node:process";
import { InputError } from "../data/errors.ts";

/**
 * Name, one-line description and module of every command. The modules are named rather than imported, so that Deno does
 * not look into the other commands: that took longer than all else.
 */
const COMMANDS: [name: string, description: string, module: string][] = [
  ["world", "Make a synthetic world: catalogue and playlists", "./world.ts"],
  ["ingest", "Read and clean catalogue files", "./ingest.ts"],
  ["features", "Encode the catalogue as numbers", "./features.ts"],
  ["pca", "Principal components of a feature matrix", "./pca.ts"],
  ["embed", "Embed the tracks: PCA, autoencoder, taste clusters, a picture", "./embed.ts"],
  ["graph", "Build the neighbour graph", "./graph.ts"],
  ["path", "A smooth walk from one track to another", "./path.ts"],
  ["simulate", "Let simulated listeners choose, and log it", "./simulate.ts"],
  ["choices", "Build choice sets from real histories", "./choices.ts"],
  ["train-choice-model", "Learn utility weights from choices", "./train_choice_model.ts"],
  ["history", "Read a listening history, as other services export it", "./history.ts"],
  ["shuffle", "Make a playlist that remembers", "./shuffle.ts"],
  ["evaluate", "Compare the shuffles on simulated listeners", "./evaluate.ts"],
  ["train-sasrec", "Train the sequence model", "./train_sasrec.ts"],
  ["predict-next", "Next tracks by the sequence model", "./predict_next.ts"],
  ["mpd", "Read slices of the Million Playlist Dataset", "./mpd.ts"],
  ["serve", "Serve search, sessions and the web app", "./serve.ts"],
  ["demo", "Prepare a world and serve the web app on it", "./demo.ts"],
];

const program = new Command("segue")
  .description("A shuffle that remembers: song graph, time-aware score, learned weights.")
  .version("0.1.0")
  .configureHelp({ helpWidth: 100 })
  .addHelpText("after", "\nExample:\n  $ deno task segue world --tracks 2000 --seed 42 --out data/work/small");
for (const [name, description] of COMMANDS) program.command(name).description(description);

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args[0] === "help" && args.length > 1 ? [args[1], "--help"] : args;
  try {
    const module = COMMANDS.find(([known]) => known === name)?.[2];
    const command: Command = module === undefined ? program : (await import(module)).default;
    await command.exitOverride().parseAsync(module === undefined ? args : rest, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      console.error(`segue: ${error.message.replaceAll("\n", " ")}`);
      return 2;
    }
    // Commander has told what is wrong; help that was asked for ends the same way.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    console.error(error);
    return 1;
  }
}

// A task runs in the project's folder; paths on the command line are meant from where the user stands.
if (process.env.SEGUE_CWD) process.chdir(process.env.SEGUE_CWD);
process.exitCode = await main(process.argv.slice(2));
