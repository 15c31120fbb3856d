/**
 * The command line: `deno task segue COMMAND`. Only dispatches; each command is a file beside this one.
 *
 * @module
 */
import process from "node:process";
import { InputError } from "../errors.ts";

/**
 * Name, one-line description and module of every command. What a command needs is named rather than imported, so that
 * Deno looks neither into the other commands nor for any package before it is wanted: that took longer than all else.
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
  ["demo", "Prepare a world and serve the web app on it", "./demo.ts"],
];

const HELP = `Usage: segue [options] [command]

A shuffle that remembers: song graph, time-aware score, learned weights.

Options:
  -V, --version       output the version number
  -h, --help          display help for command

Commands:
${COMMANDS.map(([name, description]) => `  ${name.padEnd(18)}  ${description}`).join("\n")}
  help [command]      display help for command

Example:
  $ deno task segue world --tracks 2000 --seed 42 --out data/work/small`;

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args[0] === "help" && args.length > 1 ? [args[1], "--help"] : args;
  if (["-V", "--version"].includes(name)) return print("0.1.0");
  if (["-h", "--help", "help"].includes(name)) return print(HELP);
  if (name === undefined) {
    console.error(HELP);
    return 2;
  }
  try {
    const module = COMMANDS.find(([known]) => known === name)?.[2];
    if (module === undefined) return await refuse(args);
    const { default: command } = await import(module);
    await command.exitOverride().parseAsync(rest, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      console.error(`segue: ${error.message.replaceAll("\n", " ")}`);
      return 2;
    }
    // Commander has told what is wrong; help that was asked for ends the same way.
    if ((error as Error).name === "CommanderError") return (error as { exitCode: number }).exitCode === 0 ? 0 : 2;
    console.error(error);
    return 1;
  }
}

/** Has commander tell that it knows no such command or option, and which one may be meant. */
async function refuse(args: string[]): Promise<number> {
  const { Command } = await import("commander" as string);
  const program = new Command("segue");
  for (const [name] of COMMANDS) program.command(name);
  await program.exitOverride().parseAsync(args, { from: "user" });
  return 2;
}

function print(text: string): number {
  console.log(text);
  return 0;
}

// A task runs in the project's folder; paths on the command line are meant from where the user stands.
if (process.env.SEGUE_CWD) process.chdir(process.env.SEGUE_CWD);
process.exitCode = await main(process.argv.slice(2));
