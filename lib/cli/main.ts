/**
 * The command line: `deno task segue COMMAND`. Only dispatches; each command is a file beside this one.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import process from "node:process";
import { InputError } from "../errors.ts";

/**
 * Name, one-line description and module of every command. The modules are named rather than imported, so that Deno does
 * not look into those of other commands before it starts: that took twice as long as all else.
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
  ["history", "Read a listening history of Spotify, Last.fm or ListenBrainz", "./history.ts"],
  ["shuffle", "Make a playlist that remembers", "./shuffle.ts"],
  ["evaluate", "Compare the shuffles on simulated listeners", "./evaluate.ts"],
  ["train-sasrec", "Train the sequence model", "./train_sasrec.ts"],
  ["predict-next", "Next tracks by the sequence model", "./predict_next.ts"],
  ["mpd", "Read slices of the Million Playlist Dataset", "./mpd.ts"],
  ["serve", "Serve search, sessions and the web app", "./serve.ts"],
];

async function main(args: string[]): Promise<number> {
  const program = new Command("segue")
    .description("A shuffle that remembers: song graph, time-aware score, learned weights.")
    .version("0.1.0")
    .addHelpText("after", "\nExample:\n  $ deno task segue world --tracks 2000 --seed 42 --out data/work/small");
  const wanted = COMMANDS.find(([name]) => name === args[0]);
  for (const [name, description] of COMMANDS) {
    if (name !== wanted?.[0]) program.command(name).description(description);
  }
  try {
    if (wanted) program.addCommand((await import(wanted[2])).default());
    throwInsteadOfExit(program);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof InputError) {
      console.error(`segue: ${error.message.replaceAll("\n", " ")}`);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

// A task runs in the project's folder; paths on the command line are meant from where the user stands.
if (process.env.SEGUE_CWD) process.chdir(process.env.SEGUE_CWD);
process.exitCode = await main(process.argv.slice(2));
