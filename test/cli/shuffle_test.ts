import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sessionOptions, type ShuffleRecipe } from "../../lib/cli/shuffle_options.ts";
import { InputError } from "../../lib/data/errors.ts";
import { writeGraph } from "../../lib/graph/graph.ts";
import { DEFAULT_RULES } from "../../lib/score/rules.ts";
import { SESSION_WEIGHTS } from "../../lib/score/weights.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { type Column, writeParquet } from "../../lib/data/parquet.ts";
import { randomCollection } from "../score/small_worlds.ts";
import { segue, segueJson } from "./segue.ts";

const NOW = ["--now", "2026-03-01T18:00Z"];

/** Writes a world of 120 random tracks as a data folder. */
async function dataFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "segue-cli-"));
  const { catalog, graph, embedding, clusters } = randomCollection(120, 12, 11);
  const columns: Column[] = [
    ...Object.entries(catalog.texts).map(([name, values]) => ({ name, type: "text" as const, values: values! })),
    ...Object.entries(catalog.lists).map(([name, values]) => ({ name, type: "texts" as const, values: values! })),
    ...Object.entries(catalog.numbers).map(([name, values]) => ({ name, type: "float64" as const, values: values! })),
  ];
  await writeParquet(join(folder, "tracks.parquet"), columns);
  writeGraph(join(folder, "graph.npz"), graph);
  writeNpy(join(folder, "X_pca.npy"), embedding);
  writeNpy(join(folder, "clusters.npy"), { data: clusters, shape: [clusters.length] });
  return folder;
}

Deno.test("segue shuffle prints a playlist, writes it in every form, and makes it again from the file", async (t) => {
  const data = await dataFolder();
  const shuffle = (...args: string[]) => segueJson("shuffle", "--data", data, ...args);
  const ids = (result: Record<string, unknown>) => (result.tracks as { track_id: string }[]).map((row) => row.track_id);
  try {
    await t.step("the same seed gives the same playlist", () => {
      const first = shuffle("--from", "Title 7", "-n", "12", "--seed", "3", ...NOW);
      assert.equal(ids(first)[0], "id7");
      assert.equal(ids(first).length, 12);
      assert.equal(new Set(ids(first)).size, 12);
      assert.deepEqual(ids(shuffle("--from", "id7", "-n", "12", "--seed", "3", ...NOW)), ids(first));
      assert.equal((first.recipe as { seed: number }).seed, 3);
    });

    await t.step("a table for people names titles and artists", () => {
      const { stdout, status } = segue("shuffle", "--data", data, "-n", "3", "--explain", ...NOW);
      assert.equal(status, 0);
      assert.match(stdout, /^#\s+title\s+artists\s+length\s+key\s+BPM\s+energy\s+probability\s+why\n/);
      assert.equal(stdout.trim().split("\n").length, 4);
      assert.match(stdout, /sound \(-?\d\.\d\d\), never played/);
    });

    await t.step("every form is written whole, and those with a recipe are made again", () => {
      const options = ["-n", "8", "--seed", "5", "--discover", "0.8", "--artist-cap", "1/4", "--repeat", "all", ...NOW];
      const expected = ids(shuffle(...options));
      for (const format of ["m3u8", "jspf"]) {
        const out = join(data, `list.${format}`);
        assert.equal(segue("shuffle", "--data", data, ...options, "--format", format, "--out", out).status, 0);
        for (const id of expected) assert.ok(readFileSync(out, "utf8").includes(id), `${format} lacks ${id}`);
        assert.deepEqual(ids(shuffle("--again", out)), expected, format);
      }
    });

    await t.step("a simulated history is read, saved and remembered", () => {
      const report = segueJson("history", "--data", data, "--simulate", "--out", join(data, "state.json"));
      assert.ok((report.plays as number) > 1000);
      const listening = join(data, "listening");
      const liked = JSON.parse(readFileSync(join(listening, "YourLibrary.json"), "utf8")).tracks.map(
        ({ uri }: { uri: string }) => uri.replace("spotify:track:", ""),
      );
      const options = ["--liked", listening, "--minutes", "40", "--now", "2026-01-01T12:00Z"];
      const fromState = shuffle("--history", join(data, "state.json"), ...options);
      assert.ok(ids(fromState).every((id) => liked.includes(id)));
      assert.deepEqual(ids(shuffle("--history", listening, ...options)), ids(fromState));
      assert.match((fromState.tracks as { why: string }[])[1].why, /not played for \d+ (?:days|hours?)|ago/);
    });

    await t.step("tracks of a library that are not in the catalogue are told on the side", () => {
      const [known] = ids(shuffle("-n", "1", ...NOW));
      writeFileSync(join(data, "own.m3u8"), `#EXTM3U\n${known}\n#EXTINF:9,Nobody - Not There\nMusic/1.mp3\n`);
      const { status, stdout, stderr } = segue("shuffle", "--data", data, "--liked", join(data, "own.m3u8"), "-n", "1");
      assert.equal(status, 0);
      assert.match(stderr, /own\.m3u8: 1 of 2 tracks are not in the catalogue: Nobody - Not There\n$/);
      assert.doesNotMatch(stdout, /Not There/);
    });

    await t.step(
      "the files of a library are named in the playlists that come of it, and what it bans is left out",
      () => {
        const rows = shuffle("-n", "6", "--repeat", "all", ...NOW).tracks as { title: string; artists: string }[];
        const paths = [
          "C:\\Music\\0.mp3",
          "..\\Rock\\1.mp3",
          "\\\\NAS\\2.mp3",
          "file:///m/%C3%A9.mp3",
          "rock/4.mp3",
          "pop/5.mp3",
        ];
        const list = rows.map(({ title, artists }, i) => `#EXTINF:9,${artists} - ${title}\r\n${paths[i]}\r\n`).join("");
        const [own, out] = [join(data, "windows.m3u8"), join(data, "new", "out.m3u8")];
        writeFileSync(own, `#EXTM3U\r\n${list}`);
        mkdirSync(join(data, "rock"));
        writeFileSync(join(data, "rock", "4.mp3"), "");
        const options = ["--data", data, "--liked", own, "-n", "6", "--no-rules", "--repeat", "all"];
        const { status, stderr } = segue("shuffle", ...options, "--format", "m3u8", "--out", out);
        assert.equal(status, 0, stderr);
        assert.match(
          stderr,
          /windows\.m3u8: 2 of 6 files are not on this machine, so their paths still go out from the old/,
        );
        const written = readFileSync(out, "utf8").trim().split("\n").filter((line) => !line.startsWith("#"));
        assert.deepEqual(written.sort(), [...paths.filter((path) => path !== "rock/4.mp3"), "../rock/4.mp3"].sort());
        const again = segue("shuffle", "--data", data, "--liked", out, "-n", "2");
        assert.deepEqual([again.status, again.stderr], [0, ""]);

        const tracks = rows.map(({ title, artists }) => ({ track: title, artist: artists }));
        writeFileSync(join(data, "YourLibrary.json"), JSON.stringify({ tracks, bannedTracks: [tracks[2]] }));
        const banning = segue(
          "shuffle",
          "--data",
          data,
          "--liked",
          join(data, "YourLibrary.json"),
          "-n",
          "5",
          "--repeat",
          "all",
        );
        assert.match(banning.stderr, /YourLibrary\.json: tracks left out because the file bans them: 1,/);
        assert.ok(!banning.stdout.includes(` ${rows[2].title} `));
      },
    );

    await t.step("wrong input ends with 2 and one line that says what and where, and writes nothing", () => {
      const out = join(data, "not.m3u8");
      writeFileSync(join(data, "broken.json"), "[{");
      const wrong: [args: string[], message: RegExp][] = [
        [
          ["shuffle", "--out", out, "--from", "nowhere at all"],
          /^segue: No track has the id or title 'nowhere at all'/m,
        ],
        [["shuffle", "--out", out, "--again", join(data, "graph.npz")], /^segue: .*found no recipe in it/m],
        [["history", join(data, "broken.json")], /^segue: .*broken\.json: expected JSON or JSON lines/m],
      ];
      for (const [args, message] of wrong) {
        const { status, stderr, stdout } = segue(...args, "--data", data);
        assert.deepEqual([status, stdout], [2, ""], args.join(" "));
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /^\s+at /m);
      }
      assert.ok(!existsSync(out));
      const { status, stderr } = segue("shuffle", "--data", join(data, "nowhere"));
      assert.equal(status, 2);
      assert.match(stderr, /^segue: .*tracks\.parquet: no such file; segue ingest or segue world makes it\n$/);
    });
  } finally {
    rmSync(data, { recursive: true });
  }
});

Deno.test("the options of a recipe are read, or what is wrong with them is said", () => {
  const world = randomCollection(20, 5, 1);
  const read = (recipe: Partial<ShuffleRecipe>) => sessionOptions(world, { policy: "segue", seed: 1, ...recipe });
  const { rules, arc, weights, toward } = read({
    repeat: "all",
    artistCap: "2/10",
    years: "1990-1999",
    genres: ["pop, rock"],
    explicit: false,
    arc: "0:0.3,1:0.9",
    weights: "recency=2",
    toward: ["Title 3"],
  });
  assert.deepEqual(rules, {
    ...DEFAULT_RULES,
    repeatTrack: "all",
    artist: { most: 2, window: 10 },
    years: [1990, 1999],
    genres: ["pop", "rock"],
    explicit: false,
  });
  assert.deepEqual([arc, weights, toward], [[[0, 0.3], [1, 0.9]], { ...SESSION_WEIGHTS, recency: 2 }, [3]]);
  assert.deepEqual(read({ rules: false, tempoJump: 8 }).rules, { tempoJump: 8 });
  const fails = (recipe: Partial<ShuffleRecipe>, message: RegExp) =>
    assert.throws(() => read(recipe), (error) => error instanceof InputError && message.test(error.message));
  fails({ weights: "speed=1" }, /with names similarity, recency/);
  fails({ weights: "gone.json" }, /gone\.json: no such file/);
  fails({ artistCap: "3" }, /Expected --artist-cap to be m\/n such as 1\/3 but found '3'/);
  fails({ years: "1990" }, /Expected --years to be a range such as 1990-1999 but found '1990'/);
  fails({ arc: "0,1" }, /Expected --arc to be points progress:energy/);
  fails({ n: 3, minutes: 4 }, /Expected either -n or --minutes but found both/);
  fails({ repeat: "never" }, /Expected --repeat to be a number but found 'never'/);
});
