import assert from "node:assert/strict";
import fc from "fast-check";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { InputError } from "../../lib/data/errors.ts";
import { readMpd } from "../../lib/sequence/read_mpd.ts";
import { type MpdPiece, scanPlaylists } from "../../lib/sequence/scan_mpd.ts";
import { readParquet } from "../../lib/data/read_parquet.ts";

const folder = mkdtempSync(join(tmpdir(), "segue-mpd-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

/** A slice as the data set has them: indented, with the keys in its order. */
function slice(playlists: { pid: number; tracks: string[]; name?: string }[]): string {
  return JSON.stringify(
    {
      info: { generated_on: "2017-12-03 08:41:42.057563", slice: "0-2", version: "v1" },
      playlists: playlists.map(({ pid, tracks, name = `List ${pid}` }) => ({
        name,
        collaborative: "false",
        pid,
        modified_at: 1_493_424_000,
        num_tracks: tracks.length,
        tracks: tracks.map((track, pos) => ({
          pos,
          artist_name: `Artist of ${track}`,
          track_uri: `spotify:track:${track}`,
          artist_uri: "spotify:artist:x",
          track_name: `Title "${track}", with {brackets} [and] \\ more`,
          album_uri: "spotify:album:x",
          duration_ms: 200_000 + pos,
          album_name: `Album of ${track}`,
        })),
        num_edits: 6,
      })),
    },
    null,
    4,
  );
}

function put(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const THREE = [
  { pid: 10, tracks: ["a", "b", "a", "c"] },
  { pid: 11, tracks: ["c", "d"], name: "Ünïcode \u{1F3B5}" },
  { pid: 12, tracks: ["b", "e", "a"] },
];

function scan(text: string): MpdPiece[] {
  return [...scanPlaylists(new TextEncoder().encode(text))];
}

const whole = (pieces: MpdPiece[]) => pieces.flatMap((piece) => "playlist" in piece ? [piece.playlist.pid] : []);
const damages = (pieces: MpdPiece[]) => pieces.flatMap((piece) => "damage" in piece ? [piece.damage] : []);

Deno.test("readMpd() writes ordered interactions and names, the first place of a repeated track kept", async () => {
  const out = join(folder, "out");
  const report = await readMpd([put("mpd.slice.0-2.json", slice(THREE))], out);
  assert.deepEqual(
    [report.playlists, report.interactions, report.tracks, report.repeatedTracks, report.damaged],
    [3, 8, 5, 1, 0],
  );
  const lines = readFileSync(join(out, "interactions.csv"), "utf8").trim().split("\n").map((line) => line.split(","));
  assert.deepEqual(lines[0], ["user_id", "track_id", "timestamp"]);
  assert.deepEqual(lines.slice(1).map(([user, track]) => `${user}:${track}`), [
    "10:0",
    "10:1",
    "10:2",
    "11:2",
    "11:3",
    "12:1",
    "12:4",
    "12:0",
  ]);
  assert.deepEqual(lines.slice(1, 4).map(([, , time]) => Number(time)), [1493423997, 1493423998, 1493424000]);
  const names = await readParquet(join(out, "track_names.parquet"));
  assert.deepEqual([...names.track_id as Float64Array], [0, 1, 2, 3, 4]);
  assert.deepEqual(names.track_uri, ["a", "b", "c", "d", "e"].map((track) => `spotify:track:${track}`));
  assert.equal((names.title as string[])[0], 'Title "a", with {brackets} [and] \\ more');
  assert.deepEqual([...names.count as Float64Array], [2, 2, 2, 1, 1]);
  assert.deepEqual(readdirSync(out).sort(), ["interactions.csv", "track_names.parquet"]);
});

Deno.test("readMpd() reads slices as they are downloaded, and tells what it left out", async (t) => {
  const text = (pid: number) => slice(THREE.map((list, i) => ({ ...list, pid: pid + i })));
  const bytes = (text: string) => new TextEncoder().encode(text);
  const top = join(folder, "spotify_million_playlist_dataset");
  mkdirSync(join(top, "data"), { recursive: true });
  mkdirSync(join(top, "src"));
  mkdirSync(join(top, "__MACOSX", "data"), { recursive: true });
  writeFileSync(join(top, "data", "mpd.slice.1000-1999.json"), text(20));
  writeFileSync(join(top, "data", "mpd.slice.0-999.json"), text(10));
  writeFileSync(join(top, "md5sums"), "x");
  writeFileSync(join(top, "src", "check.py"), "x");
  writeFileSync(join(top, "__MACOSX", "data", "._mpd.slice.0-999.json"), "x");
  const packed = {
    "data/mpd.slice.1000-1999.json": bytes(text(20)),
    "data/mpd.slice.0-999.json.gz": new Uint8Array(gzipSync(text(10))),
    "__MACOSX/data/._mpd.slice.0-999.json": bytes("x"),
    "md5sums": bytes("x"),
  };
  const zip = join(folder, "a.zip");
  writeFileSync(zip, zipSync(packed));
  const download = join(folder, "download (1)");
  writeFileSync(download, zipSync(packed, { level: 0 }));
  const gz = ["0-999", "1000-1999"].map((name, i) => {
    const path = join(folder, `mpd.slice.${name}.json.gz`);
    writeFileSync(path, gzipSync(text(10 + 10 * i)));
    return path;
  });
  await readMpd([join(top, "data")], join(folder, "plain"));
  const plain = readFileSync(join(folder, "plain", "interactions.csv"), "utf8");
  assert.equal(plain.split("\n").filter((line) => /^2\d,/.test(line)).length, 8);
  const table: [name: string, files: string[], leftOut: string[]][] = [
    ["gzipped slices", gz, []],
    ["the unpacked folder", [top], [join(top, "md5sums"), join(top, "src", "check.py")]],
    ["the archive", [zip], [join(zip, "md5sums")]],
    ["an archive of another name, stored", [download], [join(download, "md5sums")]],
    ["a slice twice", [join(top, "data"), join(top, "data", "mpd.slice.0-999.json")], []],
  ];
  for (const [name, files, leftOut] of table) {
    await t.step(name, async () => {
      const report = await readMpd(files, join(folder, name));
      assert.deepEqual([report.files, report.playlists, report.damaged], [2, 6, 0]);
      assert.deepEqual(report.leftOut.sort(), leftOut);
      assert.equal(readFileSync(join(folder, name, "interactions.csv"), "utf8"), plain);
    });
  }
  const refused: [file: string, message: RegExp][] = [
    [join(top, "src"), /src: expected mpd\.slice\.\*\.json files in it but found check\.py$/],
    [join(folder, "gone"), /gone: no such file$/],
    [put("cut.json.gz", "\x1f"), /cut\.json\.gz: expected slices .* but found no playlist/],
  ];
  writeFileSync(join(folder, "half.zip"), zipSync(packed).slice(0, 99));
  writeFileSync(join(folder, "half.json.gz"), gzipSync(text(1)).subarray(0, 60));
  refused.push([join(folder, "half.zip"), /half\.zip: expected a zip archive/]);
  refused.push([join(folder, "half.json.gz"), /half\.json\.gz: expected a whole gzip file/]);
  for (const [file, message] of refused) {
    await assert.rejects(readMpd([file], join(folder, "refused")), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
    assert.ok(!existsSync(join(folder, "refused")), file);
  }
});

Deno.test("readMpd() leaves a repeated playlist out, and keeps repeated tracks when asked to", async () => {
  const path = put("mpd.slice.3.json", slice([...THREE, THREE[0]]));
  const report = await readMpd([path], join(folder, "repeats"), { keepRepeats: true });
  assert.deepEqual([report.playlists, report.repeatedPlaylists, report.interactions], [3, 1, 9]);
});

Deno.test("scanPlaylists() finds the playlists of a whole slice, in their order", () => {
  assert.deepEqual(
    scan(slice(THREE)).map((piece) => "playlist" in piece && piece.playlist),
    JSON.parse(slice(THREE)).playlists,
  );
});

Deno.test("scanPlaylists() saves the whole playlists of a cut slice and names the cut one", () => {
  const text = slice(THREE);
  const pieces = scan(text.slice(0, text.indexOf("Artist of e")));
  assert.deepEqual(whole(pieces), [10, 11]);
  const [damage] = damages(pieces);
  assert.deepEqual([damage.pid, damage.name], [12, "List 12"]);
  assert.match(damage.reason, /cut/);
  const between = scan(text.slice(0, text.lastIndexOf('"name"') - 20));
  assert.deepEqual(whole(between), [10, 11]);
  assert.equal(damages(between).length, 1);
});

Deno.test("scanPlaylists() finds the playlists behind a lost quote, a lost brace, and rubbish", () => {
  const text = slice(THREE);
  const broken = [
    text.replace('"artist_name": "Artist of d"', '"artist_name": Artist of d"'),
    text.replace('"album_name": "Album of d"\n                }', '"album_name": "Album of d"\n                '),
    text.replace('"num_tracks": 2', '"num_tracks": \u0000\u0001####'),
  ];
  for (const damaged of broken) {
    assert.notEqual(damaged, text);
    const pieces = scan(damaged);
    assert.deepEqual(whole(pieces), [10, 12]);
    assert.deepEqual(damages(pieces).map(({ pid }) => pid), [11]);
  }
});

Deno.test("scanPlaylists() never throws and never invents a playlist, wherever a slice is damaged", () => {
  const text = slice(THREE);
  const property = fc.property(
    fc.nat(text.length - 1),
    fc.integer({ min: 1, max: 60 }),
    fc.constantFrom("", "{", "}", '"', "]", "\\", "x"),
    (at, length, filler) => {
      const found = whole(scan(text.slice(0, at) + filler + text.slice(at + length)));
      assert.ok(found.length >= 1 || at < text.indexOf('"pid": 11'), `${found}`);
      assert.ok(found.every((pid, i) => i === 0 || pid !== found[i - 1]));
    },
  );
  fc.assert(property, { numRuns: 300, seed: 5 });
});

Deno.test("readMpd() reads on after a damaged file, and fails only when there is no playlist at all", async () => {
  const good = put("good.json", slice(THREE));
  const bad = put("bad.json", "not a slice at all");
  const report = await readMpd([bad, good], join(folder, "mixed"));
  assert.deepEqual([report.playlists, report.damaged, report.damages[0].file], [3, 1, bad]);
  const out = join(folder, "none");
  await assert.rejects(readMpd([bad], out), (error) => error instanceof InputError && /bad\.json/.test(error.message));
  assert.ok(!existsSync(out));
  await assert.rejects(readMpd([join(folder, "missing.json")], out), /missing\.json: no such file/);
});
