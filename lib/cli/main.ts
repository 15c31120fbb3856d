/** The command line: `deno task segue COMMAND`. Each command is a file in this folder. */
import { Command, CommanderError } from "commander";
import process from "node:process";
import { InputError } from "../data/errors.ts";

/** Name and description of every command. `train-sasrec` is the default export of `train_sasrec.ts`. */
const COMMANDS: [name: string, description: string][] = [
  ["world", "Make a synthetic world: catalogue and playlists"],
  ["ingest", "Read and clean catalogue files"],
  ["features", "Encode the catalogue as numbers"],
  ["pca", "Principal components of a feature matrix"],
  ["embed", "Embed the tracks: PCA, autoencoder, taste clusters, a picture"],
  ["graph", "Build the neighbour graph"],
  ["path", "A smooth walk from one track to another"],
  ["simulate", "Let simulated listeners choose, and log it"],
  ["choices", "Build choice sets from real histories"],
  ["train-choice-model", "Learn utility weights from choices"],
  ["history", "Read a listening history, as other services export it"],
  ["shuffle", "Make a playlist that remembers"],
  ["evaluate", "Compare the shuffles on simulated listeners"],
  ["train-sasrec", "Train the sequence model"],
  ["predict-next", "Next tracks by the sequence model"],
  ["mpd", "Read slices of the Million Playlist Dataset"],
  ["serve", "Serve search, sessions and the web app"],
  ["demo", "Prepare a world and serve the web app on it"],
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
    // Deno cannot see through the variable: it loads the one command that runs, and the others cost no time.
    const module = `./${name?.replaceAll("-", "_")}.ts`;
    const command: Command = COMMANDS.some(([known]) => known === name) ? (await import(module)).default : program;
    await command.exitOverride().parseAsync(command === program ? args : rest, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      console.error(`segue: ${error.message.replaceAll("\n", " ")}`);
      return 2;
    }
    // Commander has already printed what is wrong, or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    console.error(error);
    return 1;
  }
}

// A task runs in the project's folder, but paths on the command line start from the folder of the user.
if (process.env.SEGUE_CWD) process.chdir(process.env.SEGUE_CWD);
process.exitCode = await main(process.argv.slice(2));
