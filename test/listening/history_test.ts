import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeListeningExport } from "../../lib/listening/account_export.ts";
import { InputError } from "../../lib/data/errors.ts";
import { jsonForm } from "../../lib/listening/forms/form.ts";
import { applyHistory, HISTORY_FORMS, readHistory } from "../../lib/listening/history.ts";
import { readLibrary } from "../../lib/listening/library.ts";
import { bareId, matchTracks } from "../../lib/catalog/match.ts";
import { formatPlaylist, playlistRows, readRecipe } from "../../lib/score/playlist.ts";
import { Session } from "../../lib/score/session.ts";
import { UserState } from "../../lib/score/state.ts";
import { randomCollection, smallCollection } from "../score/small_worlds.ts";

const plain = { vector: [1, 0], minutes: 4 };
const collection = smallCollection([
  { ...plain, id: "4uLU6hMCjMI75M1A2tKUQC", title: "Águas de Março", artists: ["Nara Lume"] },
  { ...plain, id: "b".repeat(22), title: "Night Drive - 2011 Remaster", artists: ["The Loops", "Ada"] },
  { ...plain, id: "c".repeat(22), title: "Hello, World!", artists: ["Ünder"] },
]);

/** Runs with a folder that is removed afterwards. */
function inFolder(use: (write: (name: string, content: string | Uint8Array) => string, folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "segue-history-"));
  try {
    use((name, content) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    }, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const extended = (
  ts: string,
  ms: number,
  uri: string | null,
  title: string | null,
  artist: string,
  more: object = {},
) => ({
  ts,
  ms_played: ms,
  master_metadata_track_name: title,
  master_metadata_album_artist_name: artist,
  spotify_track_uri: uri,
  reason_end: "trackdone",
  shuffle: true,
  skipped: false,
  ...more,
});

Deno.test("the extended streaming history of Spotify becomes plays and skips at the time they started", () => {
  inFolder((write) => {
    const path = write(
      "Streaming_History_Audio_2024_0.json",
      JSON.stringify([
        extended("2024-05-01T10:04:00Z", 240_000, "spotify:track:4uLU6hMCjMI75M1A2tKUQC", "x", "y"),
        extended("2024-05-01T10:04:10Z", 9_000, `spotify:track:${"z".repeat(22)}`, "night drive", "ADA", {
          skipped: true,
        }),
        extended("2024-05-01T10:06:00Z", 100_000, null, "Hello World", "Under", {
          skipped: null,
          reason_end: "fwdbtn",
        }),
        extended("2024-05-01T10:07:00Z", 9_000, null, "Hello World", "Under", { reason_end: "logout" }),
        extended("2024-05-01T10:09:00Z", 90_000, null, "Somewhere Else", "Nobody"),
        extended("2024-05-01T10:09:00Z", 90_000, null, "Somewhere Else", "Nobody"),
        extended("2024-05-01T10:30:00Z", 900_000, null, null, ""),
      ]),
    );
    const history = readHistory([path]);
    assert.deepEqual([history.notMusic, history.files[0].form], [1, "spotify-extended"]);
    const state = new UserState(collection);
    const report = applyHistory(state, history);
    assert.deepEqual(report.matchedBy, { id: 1, title: 2, work: 1 });
    assert.deepEqual([report.plays, report.skips, report.unknown, report.unmatched], [2, 2, 0, 1]);
    assert.deepEqual(report.doubles, { offline: 0, overlapping: 1, acrossFiles: 0 });
    assert.deepEqual(report.mostUnmatched, [{ title: "Somewhere Else", artist: "Nobody", entries: 1 }]);
    assert.equal(state.historyOf(0)?.lastTime, Date.parse("2024-05-01T10:00:00Z"));
    assert.deepEqual([state.historyOf(1)?.plays, state.historyOf(1)?.skips], [0, 1]);
    assert.deepEqual([state.historyOf(2)?.plays, state.historyOf(2)?.skips], [1, 1]);
  });
});

Deno.test("the short form, Last.fm and ListenBrainz are read as well, each in its forms", () => {
  inFolder((write) => {
    const title = "Águas de Março";
    const forms: Record<string, [content: string, time: string]> = {
      "StreamingHistory_music_0.json": [
        JSON.stringify([{ endTime: "2024-05-01 10:04", artistName: "Nara Lume", trackName: title, msPlayed: 240000 }]),
        "2024-05-01T10:00:00Z",
      ],
      "plain.csv": [`Nara Lume,An Album,${title},01 May 2024 10:00\n`, "2024-05-01T10:00:00Z"],
      "header.csv": [
        `uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n1714557600,"01 May 2024, 10:00",Nara Lume,,,,"${title}",\n`,
        "2024-05-01T10:00:00Z",
      ],
      "semicolons.csv": [
        `Artist;Album;AlbumId;Track;Date#someone\nNara Lume;A, B;;${title};1714557600000\n`,
        "2024-05-01T10:00:00Z",
      ],
      "listens.jsonl": [
        JSON.stringify({
          listened_at: 1714557600,
          track_metadata: {
            track_name: "another name",
            artist_name: "?",
            additional_info: { spotify_id: "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC" },
          },
        }) + "\n" +
        JSON.stringify({ listened_at: 1714557000, track_metadata: { track_name: title, artist_name: "Nara Lume" } }),
        "2024-05-01T10:00:00Z",
      ],
      "api.json": [
        JSON.stringify({
          payload: {
            listens: [{ listened_at: 1714557600, track_metadata: { track_name: title, artist_name: "nara lume" } }],
          },
        }),
        "2024-05-01T10:00:00Z",
      ],
    };
    for (const [name, [content, time]] of Object.entries(forms)) {
      const state = new UserState(collection);
      const report = applyHistory(state, readHistory([write(name, content)]));
      assert.ok(report.plays > 0 && report.unmatched === 0, name);
      assert.equal(state.historyOf(0)?.lastTime, Date.parse(time), name);
    }
  });
});

Deno.test("an export is read from its zip archive or its folder, and other files in it are left alone", () => {
  inFolder((write, folder) => {
    const entries = JSON.stringify([extended("2024-05-01T10:04:00Z", 240_000, null, "Hello World", "Under")]);
    const bytes = new TextEncoder().encode(entries);
    write("Streaming_History_Audio_2024_0.json", entries);
    write("Userdata.json", "{}");
    const { listenings, leftOut } = readHistory([folder]);
    assert.equal(listenings.length, 1);
    assert.deepEqual(leftOut, [{
      path: join(folder, "Userdata.json"),
      reason: "is no listening history but objects with nothing in them",
    }]);
    const zip = write(
      "my_spotify_data.zip",
      zipSync({
        "Spotify Extended Streaming History/Streaming_History_Audio_2024_0.json": bytes,
        "Spotify Extended Streaming History/Streaming_History_Video_2024.json": bytes,
      }),
    );
    const inZip = readHistory([zip]);
    assert.deepEqual(inZip.files.map(({ entries }) => entries), [1, 1]);
    const report = applyHistory(new UserState(collection), inZip);
    assert.deepEqual([report.plays, report.doubles.acrossFiles], [1, 1]);
    const twice = applyHistory(new UserState(collection), readHistory([zip, folder]));
    assert.deepEqual([twice.plays, twice.duplicates], [1, 4]);
  });
});

Deno.test("histories name the file and what is wrong with it", () => {
  inFolder((write, folder) => {
    const fails = (path: string, message: RegExp) =>
      assert.throws(() => readHistory([path]), (e) => e instanceof InputError && message.test(e.message));
    fails(join(folder, "gone.json"), /gone\.json: no such file/);
    fails(write("cut.json", '[{"ts": "2024'), /cut\.json: expected JSON or JSON lines/);
    fails(write("other.json", '[{"a": 1, "b": 2}]'), /expected a listening history .* but found objects with a, b/);
    fails(
      write("other.csv", "x,y\n1,2\n"),
      /expected a listening history .*Last\.fm as CSV or JSON, other tables of plays: .* but found x, y/,
    );
    fails(write("empty.csv", ""), /found no entries/);
    fails(write("not.zip", "PK?"), /expected a zip archive/);
    fails(folder, /expected a listening history .* but found not\.zip: expected a zip archive/);
  });
});

Deno.test("a form of history is one entry: its files are found and read, and messages name it", () => {
  inFolder((write, folder) => {
    const form = jsonForm(
      { name: "radio", title: "A radio's log", source: "", times: "seconds" },
      ["song", "at"],
      ({ song, at }) => ({
        reference: { title: String(song), artist: "Under" },
        ...{ start: 1000 * Number(at), played: NaN, skipped: null, shuffle: null },
      }),
    );
    const forms = [...HISTORY_FORMS, form];
    write("radio_1.json", JSON.stringify([{ song: "Hello World", at: 1714557600 }]));
    const history = readHistory([folder], { forms });
    assert.deepEqual(history.files.map(({ form, entries }) => [form, entries]), [["radio", 1]]);
    const state = new UserState(collection);
    assert.equal(applyHistory(state, history).plays, 1);
    assert.equal(state.historyOf(2)?.lastTime, 1714557600000);
    assert.throws(
      () => readHistory([write("other.json", '[{"a": 1}]')], { forms }),
      /expected a listening history \(.*; A radio's log: objects with song and at\) but found objects with a/,
    );
    assert.throws(
      () => readHistory([folder]),
      /; radio_1\.json: is no listening history but objects with song, at/,
    );
  });
});

Deno.test("a simulated export is read back as it was written", () => {
  inFolder((_write, folder) => {
    const { catalog } = randomCollection(200, 5, 1);
    const big = randomCollection(200, 5, 1);
    const options = { seed: 7 };
    const written = writeListeningExport(folder, catalog, options);
    const report = applyHistory(new UserState(big), readHistory(written.files.slice(0, -1)));
    const { id, title, work } = report.matchedBy;
    assert.equal(report.unmatched, written.foreign);
    assert.equal(title + work, written.relinked);
    assert.equal(id + title + work + report.unmatched, 6000);
    assert.equal(readLibrary(big, [written.files[written.files.length - 1]]).tracks.length, 100);
    const again = mkdtempSync(join(tmpdir(), "segue-history-"));
    try {
      const second = writeListeningExport(again, catalog, options);
      assert.deepEqual(readHistory([second.files[0]]).listenings, readHistory([written.files[0]]).listenings);
    } finally {
      rmSync(again, { recursive: true });
    }
  });
});

Deno.test("matching prefers the id, then the title, then the work", () => {
  const by = (reference: object) => matchTracks(collection.catalog, [reference])[0];
  assert.deepEqual(by({ id: "spotify:track:4uLU6hMCjMI75M1A2tKUQC" }), { track: 0, by: "id" });
  assert.deepEqual(by({ title: "AGUAS DE MARCO", artist: "nara lume" }), { track: 0, by: "title" });
  assert.deepEqual(by({ title: "Night Drive (Live)", artist: "The Loops" }), { track: 1, by: "work" });
  assert.deepEqual(by({ title: "Night Drive", artist: "Ünder" }), { track: -1, by: "none" });
  assert.deepEqual(by({ title: "Night Drive" }), { track: -1, by: "none" });
  assert.equal(bareId("https://open.spotify.com/intl-de/track/4uLU6hMCjMI75M1A2tKUQC?si=1"), "4uLU6hMCjMI75M1A2tKUQC");
});

Deno.test("a playlist carries its recipe in every form that can hold one", () => {
  inFolder((write) => {
    const picks = new Session(new UserState(collection), { from: 0, count: 4, seed: 9, start: 0 }).run();
    const rows = playlistRows(collection.catalog, picks);
    const recipe = { policy: "segue", seed: 9, n: 4, from: rows[0].track_id };
    for (const format of ["json", "m3u8", "jspf"] as const) {
      const path = write(`list.${format}`, formatPlaylist({ title: "A\nB", rows, recipe }, format));
      assert.deepEqual(readRecipe(path), recipe, format);
    }
    const csv = formatPlaylist({ title: "", rows, recipe }, "csv").split("\n");
    assert.match(csv[0], /^place,track_id,title,.*,probability,why,relaxed,seed$/);
    assert.match(csv[1], /,9$/);
    assert.equal(rows[0].start, "1970-01-01T00:00:00.000Z");
    assert.equal(rows[1].start, "1970-01-01T00:04:00.000Z");
    assert.throws(() => readRecipe(write("no.m3u8", "#EXTM3U\n")), /found no recipe in it/);
  });
});

Deno.test("M3U8 and JSPF have the lines and fields that players read", () => {
  const picks = new Session(new UserState(collection), { from: 0, count: 1, start: 0 }).run();
  const playlist = { title: "A\nB", rows: playlistRows(collection.catalog, picks), recipe: { seed: 9 } };
  assert.deepEqual(formatPlaylist(playlist, "m3u8").split("\n"), [
    "#EXTM3U",
    "#PLAYLIST:A B",
    '#SEGUE-RECIPE:{"seed":9}',
    "#EXTINF:240,Nara Lume - Águas de Março",
    "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
    "",
  ]);
  assert.deepEqual(JSON.parse(formatPlaylist(playlist, "jspf")).playlist.track, [{
    title: "Águas de Março",
    creator: "Nara Lume",
    album: "Album 0",
    duration: 240000,
    trackNum: 1,
    identifier: ["spotify:track:4uLU6hMCjMI75M1A2tKUQC"],
  }]);
});
