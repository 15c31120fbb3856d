import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync, zipSync } from "fflate";
import { sparkProblem } from "../lib/spark/spark.ts";
import { matrix } from "../lib/math/matrix.ts";
import { writeNpy } from "../lib/data/npy.ts";
import { parseCommands, type ReadmeCommand } from "./readme_commands.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/**
 * What takes long is run smaller, what runs until it is stopped is stopped once it answers; everything else runs as it
 * stands. The first match counts.
 */
const SMALLER: [command: RegExp, smaller: (words: string[]) => string[]][] = [
  [/^report --catalog/, (words) => [...words, "--only", "01", "--tracks", "300"]],
  [/^report$/, (words) => [...words, "--pages"]],
  [/^test$/, (words) => [...words, "--list"]],
  [/^bench/, (words) => [...words, "--list"]],
  [/^demo --catalog/, (words) => [...words, "--tracks", "300", "--port", "0"]],
  [/^lab/, (words) => [...words, "--no-browser", "--ServerApp.port=0", "--allow-root"]],
  [/^segue world/, (words) => replaceOption(words, "--tracks", "500")],
  [
    /^segue evaluate/,
    (words) => [...replaceOption(words, "--listeners", "12"), "--variants", "1", "--library-size", "60"],
  ],
  [/^segue train-sasrec/, (words) => [...words, "--max-steps", "10", "--dimensions", "8"]],
  // In this process: test/distributed runs them on a cluster.
  [/--engine spark/, (words) => without(words, "--engine", "--master", "--executors")],
  [/^segue serve/, (words) => replaceOption(words, "--port", "0")],
];
const SERVERS = /^(demo|lab|segue serve)\b/;

const noSpark = sparkProblem();

Deno.test("every command in the README runs as it stands, the long ones smaller", async (t) => {
  const commands = parseCommands(README);
  const pinned = /^deno==(\S+)$/m.exec(readFileSync(join(ROOT, "lib/jupyter/requirements.txt"), "utf8"))![1];
  assert.ok(commands.length > 20, `only ${commands.length} commands found`);
  const folder = mkdtempSync(join(tmpdir(), "segue-readme-"));
  try {
    makeFiles(folder);
    for (const command of commands) {
      const ignore = /--spark\b/.test(command.text) && noSpark !== undefined;
      await t.step({
        name: command.text + (ignore ? ` (skipped: ${noSpark})` : ""),
        ignore,
        fn: async () => {
          if (command.version) assert.equal(command.version, pinned, "the version that the kernel has, too");
          await runCommand(command, folder);
        },
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("parseCommands() refuses a line that no test would run", () => {
  assert.throws(() => parseCommands("```sh\ncurl example.org\n```"), /curl example\.org/);
  assert.deepEqual(parseCommands("```sh\ndeno task segue x 'a b' --c # why\n```\n```ts\nno\n```"), [
    { text: "deno task segue x 'a b' --c", words: ["segue", "x", "a b", "--c"], version: undefined },
  ]);
});

async function runCommand({ words }: ReadmeCommand, folder: string): Promise<void> {
  const line = words.join(" ");
  const args = SMALLER.find(([command]) => command.test(line))?.[1](words) ?? words;
  // Deno keeps the INIT_CWD of a task that runs this test: files are to be looked for where the reader stands.
  const { INIT_CWD: _task, SEGUE_CWD: _ours, ...environment } = process.env;
  const child = spawn(process.execPath, ["task", "--quiet", "--config", join(ROOT, "deno.json"), ...args], {
    cwd: folder,
    env: {
      ...environment,
      NO_COLOR: "1",
      SEGUE_REPORTS: join(folder, "reports"),
      SEGUE_DATA: join(folder, "data/work"),
    },
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output += data);
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  if (SERVERS.test(line)) {
    try {
      await answers(() => output, ended);
    } finally {
      stop(child);
      await ended;
    }
  } else assert.equal(await ended, 0, output);
}

/** Waits for an address in what a server prints, and asks it. */
async function answers(output: () => string, ended: Promise<number | null>): Promise<void> {
  let over = false;
  void ended.then(() => over = true);
  for (let wait = 0; wait < 600 && !over; wait++) {
    const url = /https?:\/\/(?:127\.0\.0\.1|localhost):\d+\S*/.exec(output())?.[0];
    if (url) {
      // A server may print its address a moment before it answers there.
      const response = await fetch(url).catch(() => undefined);
      await response?.body?.cancel();
      if (response) return assert.equal(response.status, 200, url);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`expected an address but found: ${output()}`);
}

/** Ends a task with all that it started. */
function stop(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGTERM");
  } catch {
    // It is over already.
  }
}

/** The files that the README speaks of, small and generated, in the forms that the services give. */
function makeFiles(folder: string): void {
  const world = (form: string, ...more: string[]) => {
    const out = join(folder, `made-${form}`);
    const args = ["world", "--tracks", "400", "--seed", "7", "--form", form, "--out", out, ...more];
    const made = spawnSync(process.execPath, ["run", "-A", join(ROOT, "lib/cli/main.ts"), ...args]);
    assert.equal(made.status, 0, String(made.stderr));
    return out;
  };
  const write = (name: string, data: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), data);
  };
  write("spotify_songs.csv.gz", gzipSync(readFileSync(join(world("tidytuesday"), "raw/catalog.csv"))));
  const own = world("segue", "--listening");
  const csv = readFileSync(join(own, "raw/catalog.csv"), "utf8");
  write("my_tracks.csv", csv.replace(/^track_id,title,artists,/, "Id,Song,Performer,"));
  const history = "Streaming_History_Audio_2024-2025_0.json";
  write("my_spotify_data.zip", zipSync({ [`MyData/${history}`]: readFileSync(join(own, "listening", history)) }));
  const liked = JSON.parse(readFileSync(join(own, "listening/YourLibrary.json"), "utf8")).tracks;
  const lines = liked.map(({ artist, track }: Record<string, string>, i: number) =>
    `#EXTINF:-1,${artist} - ${track}\nMusic/${i}.mp3\n`
  );
  write("favourites.m3u8", "#EXTM3U\n" + lines.join(""));
  const rows = matrix(300, 6, Float32Array.from({ length: 1800 }, (_, i) => Math.sin(i * i)));
  writeNpy(join(folder, "X.npy"), rows);
  const slice = "mpd.slice.0-999.json";
  write(`data/raw/mpd/${slice}`, readFileSync(join(own, "playlists", slice)));
}

function without(words: string[], ...names: string[]): string[] {
  return words.filter((word, w) => !names.includes(word) && !names.includes(words[w - 1]));
}

function replaceOption(words: string[], name: string, value: string): string[] {
  const place = words.indexOf(name);
  assert.ok(place >= 0, `${words.join(" ")} has no ${name}`);
  return words.with(place + 1, value);
}
