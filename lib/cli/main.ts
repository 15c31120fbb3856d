/**
 * The command line: `deno task segue COMMAND`. Only dispatches; each command is a file beside this one.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import process from "node:process";
import { InputError } from "../errors.ts";

/** Name, one-line description and module of every command. */
const COMMANDS: [name: string, description: string, load: () => Promise<{ default: () => Command }>][] = [
  ["world", "Make a synthetic world: catalogue and playlists", () => import("./world.ts")],
  ["ingest", "Read and clean catalogue files", () => import("./ingest.ts")],
  ["features", "Encode the catalogue as numbers", () => import("./features.ts")],
  ["pca", "Principal components of a feature matrix", () => import("./pca.ts")],
  ["embed", "Embed the tracks: PCA, autoencoder, taste clusters, a picture", () => import("./embed.ts")],
  ["graph", "Build the neighbour graph", () => import("./graph.ts")],
  ["path", "A smooth walk from one track to another", () => import("./path.ts")],
  ["simulate", "Let simulated listeners choose, and log it", () => import("./simulate.ts")],
  ["choices", "Build choice sets from real histories", () => import("./choices.ts")],
  ["train-choice-model", "Learn utility weights from choices", () => import("./train_choice_model.ts")],
  ["history", "Read a listening history of Spotify, Last.fm or ListenBrainz", () => import("./history.ts")],
  ["shuffle", "Make a playlist that remembers", () => import("./shuffle.ts")],
  ["evaluate", "Compare the shuffles on simulated listeners", () => import("./evaluate.ts")],
  ["train-sasrec", "Train the sequence model", () => import("./train_sasrec.ts")],
  ["predict-next", "Next tracks by the sequence model", () => import("./predict_next.ts")],
  ["mpd", "Read slices of the Million Playlist Dataset", () => import("./mpd.ts")],
  ["serve", "Serve search, sessions and the web app", () => import("./serve.ts")],
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
    if (wanted) program.addCommand((await wanted[2]()).default());
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
