import assert from "node:assert/strict";
import { zipSync } from "fflate";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { applyHistory, readHistory } from "../../lib/listening/history.ts";
import { UserState } from "../../lib/score/state.ts";
import { smallCollection } from "../score/small_worlds.ts";

const collection = smallCollection([
  { vector: [1, 0], minutes: 4, id: "a".repeat(22), title: "Águas de Março", artists: ["Nara Lume"] },
  { vector: [1, 0], minutes: 3, id: "b".repeat(22), title: "Night Drive", artists: ["The Loops", "Ada"] },
  { vector: [0, 1], minutes: 0.4, id: "c".repeat(22), title: "Hello, World!", artists: ["Ünder"] },
]);

type Content = string | Uint8Array;
const jsonOf = (value: unknown) => JSON.stringify(value);
const bytesOf = (content: Content) => typeof content === "string" ? new TextEncoder().encode(content) : content;
const zipOf = (files: Record<string, Content>) =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, content]) => [name, bytesOf(content)])));

/** Reads files laid in a folder: the folder itself, or those of them that are named. */
function read(files: Record<string, Content>, given?: string[], dates?: "dmy" | "mdy") {
  const folder = mkdtempSync(join(tmpdir(), "segue-forms-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const history = readHistory(given?.map((name) => join(folder, name)) ?? [folder], { dates });
    const state = new UserState(collection);
    const report = applyHistory(state, history);
    const short = ({ path }: { path: string }) => path.slice(folder.length + 1);
    const leftOut = Object.fromEntries(history.leftOut.map((file) => [short(file), file.reason]));
    const forms = Object.fromEntries(history.files.map((file) => [short(file), `${file.form} ${file.entries}`]));
    return { ...report, ...history, events: state.toJSON().events, leftOut, forms, notes: history.files[0].notes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const stream = (ts: string, ms_played: number, track: 0 | 1 | 2, more: object = {}) => ({
  ...{ ts, platform: "ios", ms_played, conn_country: "ZZ", ip_addr: "203.0.113.7", username: "someone" },
  master_metadata_track_name: collection.catalog.texts.title![track],
  master_metadata_album_artist_name: collection.catalog.lists.artists![track][0],
  spotify_track_uri: `spotify:track:${collection.catalog.texts.track_id![track]}`,
  ...{ episode_name: null, reason_start: "trackdone", reason_end: "trackdone", shuffle: false, skipped: null },
  ...{ offline: false, offline_timestamp: 0, incognito_mode: false },
  ...more,
});

const listen = (listened_at: number, track_name: string, artist_name: string, more: object = {}) => ({
  ...{ listened_at, inserted_at: listened_at + 5 },
  track_metadata: { track_name, artist_name, release_name: "x", mbid_mapping: null, additional_info: null, ...more },
});

const AT = Date.UTC(2024, 4, 1, 10);
const UTS = AT / 1000;
const [a, b] = [["play", "a".repeat(22), AT], ["play", "b".repeat(22), AT + 300_000]];

Deno.test("the exporters of Last.fm, ListenBrainz, Spotify and YouTube Music are read, each in its forms", () => {
  const forms: Record<string, [name: string, content: Content]> = {
    "lastfm-to-csv": [
      "someone.csv",
      "The Loops,Blue,Night Drive,01 May 2024 10:05\nNara Lume,,Águas de Março,01 May 2024 10:00\n",
    ],
    "lastfmstats, table": [
      "lastfmstats-someone.csv",
      `Artist;Album;AlbumId;Track;Date#someone\n"The Loops";"Blue";"";"Night Drive";"${
        AT + 300_000
      }"\n"Nara Lume";"";"";"Águas de Março";"${AT}"\n`,
    ],
    "lastfmstats, JSON": [
      "lastfmstats-someone.json",
      jsonOf({
        username: "someone",
        scrobbles: [
          { track: "Night Drive", artist: "The Loops", album: "Blue", albumId: "", date: AT + 300_000 },
          { track: "Águas de Março", artist: "Nara Lume", album: "", albumId: "", date: AT },
        ],
      }),
    ],
    "ghan.nl": [
      "scrobbles-someone-1714600000.csv",
      "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n" +
      `"${UTS}","01 May 2024, 10:00","Nara Lume","","","","Águas de Março",""\n` +
      `"${UTS + 300}","01 May 2024, 10:05","The Loops","","","","Night Drive",""\n`,
    ],
    "Last.fm's server": [
      "recent.json",
      jsonOf({
        recenttracks: {
          track: [
            { artist: { "#text": "Ünder" }, name: "Hello, World!", "@attr": { nowplaying: "true" } },
            {
              artist: { mbid: "", "#text": "The Loops" },
              name: "Night Drive",
              date: { uts: String(UTS + 300), "#text": "01 May 2024, 10:05" },
            },
            { artist: { mbid: "", "#text": "Nara Lume" }, name: "Águas de Março", date: { uts: String(UTS) } },
          ],
        },
      }),
    ],
    "date and clock apart": [
      "backup.csv",
      "2024-05-01,10:05:00,The Loops,Night Drive\n2024-05-01,10:00:00,Nara Lume,Águas de Março\n",
    ],
    "date and clock apart, with a header": [
      "my.tsv",
      "Date\tTime\tArtist\tTrack\n01.05.2024\t10:05\tThe Loops\tNight Drive\n01.05.2024\t10:00\tNara Lume\tÁguas de Março\n" +
      "30.04.2024\t10:00\tNobody\tNothing\n",
    ],
    "Excel": [
      "excel.csv",
      Buffer.from(
        "\ufeffsep=;\r\nArtist;Track;Date\r\nNara Lume;Águas de Março;2024-05-01 10:00:00\r\n" +
          "The Loops;Night Drive;2024-05-01 10:05:00\r\n",
        "utf16le",
      ),
    ],
    "ListenBrainz": [
      "listens.jsonl.gz",
      gzipSync(
        jsonOf(listen(UTS, "Aguas de Marco", "Nara Lume feat. Somebody")) + "\n" +
          jsonOf(listen(UTS + 300, "Night Drive", "Loops, Ada", {
            mbid_mapping: {
              artists: [{ artist_credit_name: "New", join_phrase: " & " }, { artist_credit_name: "Ada" }],
            },
          })),
      ),
    ],
    "ListenBrainz with a link": [
      "api.json",
      jsonOf({
        payload: {
          listens: [
            listen(UTS, "?", "?", {
              additional_info: { origin_url: `https://open.spotify.com/track/${"a".repeat(22)}` },
            }),
            listen(UTS + 300, "Night Drive", "?", { additional_info: { artist_names: ["The Loops"] } }),
          ],
        },
      }),
    ],
    "Spotify, extended, with zones left out": [
      "EndSong (2).json",
      jsonOf([stream("2024-05-01 10:08:00", 180_000, 1), stream("2024-05-01 10:04:00", 240_000, 0)]),
    ],
    "Spotify, short": [
      "StreamingHistory0.json",
      "\ufeff" + jsonOf([
        { endTime: "2024-05-01 10:04", artistName: "Nara Lume", trackName: "Águas de Março", msPlayed: 240_000 },
        { endTime: "2024-05-01 10:08", artistName: "The Loops", trackName: "Night Drive", msPlayed: 180_000 },
      ]),
    ],
    "YouTube Music": [
      "Wiedergabeverlauf.json",
      jsonOf([
        { header: "YouTube", title: "Ein Video angesehen", titleUrl: "x", time: "2024-05-01T11:00:00.000Z" },
        ...[["Night Drive angesehen", "The Loops - Topic", "10:05"], ["Águas de Março angesehen", "Nara Lume", "10:00"]]
          .map(
            ([title, name, clock]) => ({
              ...{ header: "YouTube Music", title, titleUrl: "https://music.youtube.com/watch?v=x" },
              ...{ subtitles: [{ name, url: "x" }], time: `2024-05-01T${clock}:00.123Z`, products: ["YouTube"] },
            }),
          ),
      ]),
    ],
  };
  for (const [exporter, [name, content]] of Object.entries(forms)) {
    const { events, unmatched } = read({ [name]: content }, [name]);
    assert.deepEqual(events, [a, b], exporter);
    assert.ok(unmatched <= 1, exporter);
    assert.deepEqual(read({ [`Export/${name}`]: content }).events, [a, b], `${exporter}, in a folder`);
    assert.deepEqual(read({ "all.zip": zipOf({ [`x/${name}`]: content }) }, ["all.zip"]).events, [a, b], exporter);
  }
});

Deno.test("what became of a stream is told from its length and that of the track, in every form", () => {
  const lengths: [ms: number, track: 0 | 1 | 2, event: "play" | "skip"][] = [
    [30_000, 0, "play"],
    [29_999, 0, "skip"],
    [0, 0, "skip"],
    [21_600, 2, "play"],
    [21_599, 2, "skip"],
    [100_000, 1, "play"],
  ];
  const ends = lengths.map((_, i) => new Date(AT + 600_000 * i).toISOString().replace(".000", ""));
  const flags = [{ skipped: true, reason_end: "fwdbtn" }, { skipped: false, reason_end: "logout" }, {}];
  for (const flag of flags) {
    const streams = lengths.map(([ms, track], i) => stream(ends[i], ms, track, flag));
    const { events, plays, skips, unknown } = read({ "e.json": jsonOf(streams) });
    assert.deepEqual(events.map(([type]) => type), lengths.map(([, , event]) => event));
    assert.deepEqual(events.map(([, , at]) => at), lengths.map(([ms], i) => AT + 600_000 * i - ms));
    assert.deepEqual([plays, skips, unknown], [3, 3, 0]);
  }
  const short = lengths.map(([msPlayed, track], i) => ({
    ...{ endTime: ends[i].slice(0, 16).replace("T", " "), msPlayed },
    trackName: collection.catalog.texts.title![track],
    artistName: collection.catalog.lists.artists![track][0],
  }));
  const { events } = read({ "s.json": jsonOf(short) });
  assert.deepEqual(events.map(([type]) => type), lengths.map(([, , event]) => event));
});

Deno.test("tables that tell how long a play was are read with it: Apple Music, Deezer", () => {
  const apple =
    '"Album Name","Container Artist Name","Song Name","Event Start Timestamp","Play Duration Milliseconds"\n' +
    '"x","Nara Lume","Águas de Março","2024-05-01T10:00:00.500Z","240000"\n' +
    '"x","The Loops","Night Drive","2024-05-01T10:05:00Z","29999"\n"x","The Loops","Night Drive","2024-05-01T10:05:00Z",""\n';
  const deezer = "Song Title,Artist,ISRC,Album Title,IP Address,Listening Time,Platform Name,Date\n" +
    "Águas de Março,Nara Lume,X,Y,203.0.113.7,240,web,2024-05-01 10:00:00\n" +
    "Night Drive,The Loops,X,Y,203.0.113.7,12,web,2024-05-01 10:05:00\n";
  const skipped = ["skip", ...b.slice(1)];
  assert.deepEqual(read({ "Apple Music Play Activity.csv": apple }).events, [a, b].map((e) => e === b ? skipped : e));
  assert.deepEqual(read({ "deezer.csv": deezer }).events, [a, skipped]);
  const german =
    "Künstler;Titel;Album;Datum\nNara Lume;Águas de Março;;01.05.2024 10:00\nThe Loops;Night Drive;;01.05.2024 10:05\n";
  assert.deepEqual(read({ "de.csv": german }, undefined, "dmy").events, [a, b]);
});

Deno.test("the same play in two services and exports counts once, and is told", () => {
  const extended = [stream("2024-05-01T10:04:41Z", 240_000, 0), stream("2024-05-01T10:09:30Z", 180_000, 1)];
  const short = [
    { endTime: "2024-05-01 10:04", artistName: "Nara Lume", trackName: "Águas de Março", msPlayed: 240_000 },
    { endTime: "2024-05-01 10:09", artistName: "The Loops", trackName: "Night Drive", msPlayed: 180_000 },
    { endTime: "2024-05-02 10:09", artistName: "The Loops", trackName: "Night Drive", msPlayed: 180_000 },
  ];
  const scrobbles =
    "artist,track,date\nNara Lume,Aguas de Março,01 May 2024 10:00\nThe Loops & Ada,Night Drive (Live),01 May 2024 10:06\n";
  const { plays, doubles, duplicates, events } = read({
    "Streaming_History_Audio_2024_0.json": jsonOf(extended),
    "StreamingHistory_music_0.json": jsonOf(short),
    "scrobbles.csv": scrobbles,
  });
  assert.deepEqual([plays, duplicates, doubles], [3, 4, { offline: 0, overlapping: 0, acrossFiles: 4 }]);
  assert.equal(events[0][2], AT + 41_000, "the time to the second is kept");
  const twice = extended.flatMap((entry, i) => [
    { ...entry, offline: true, offline_timestamp: 1714557600 + i },
    {
      ...entry,
      ts: entry.ts.replace("1Z", "5Z").replace("0Z", "4Z"),
      offline: true,
      offline_timestamp: 1714557600 + i,
    },
  ]);
  const offline = read({ "endsong_0.json": jsonOf(twice) });
  assert.deepEqual([offline.plays, offline.doubles], [2, { offline: 2, overlapping: 0, acrossFiles: 0 }]);
  const old = read({
    "endsong.json": jsonOf([stream("2024-05-01 10:04:00", 240_000, 0), stream("2024-05-01 10:08:00", 240_000, 0)]),
  });
  assert.deepEqual([old.plays, old.duplicates], [2, 0], "an offline time of 0 says nothing");
});

Deno.test("downloads are taken as they come, and what is left out is told with its reason", () => {
  const entries = jsonOf([stream("2024-05-01T10:04:00Z", 240_000, 0)]);
  const video = jsonOf([
    stream("2024-05-01T10:08:00Z", 180_000, 1),
    {
      ts: "2024-05-01T12:00:00Z",
      ms_played: 5,
      episode_name: "A talk",
      master_metadata_track_name: null,
      spotify_track_uri: null,
    },
  ]);
  const found = read({
    "My Data/Streaming_History_Audio_2023 (1).json": entries,
    "My Data/Streaming_History_Audio_2024.json": "[]",
    "My Data/endvideo.json": video,
    "My Data/none.jsonl": "",
    "My Data/Userdata.json": '{"username": "someone"}',
    "My Data/cut.json": '[{"ts": "2024',
    "My Data/ReadMe.pdf": "%PDF-1.4",
    "My Data/photo.csv": Uint8Array.of(0x89, 0x50, 0, 0, 0, 0),
    "My Data/._endvideo.json": Uint8Array.of(0, 5, 22, 7),
    "older.zip": zipOf({
      "MyData/endsong_0.json": jsonOf([stream("2023-05-01T10:04:00Z", 240_000, 0)]),
      "__MACOSX/MyData/._endsong_0.json": Uint8Array.of(0, 5, 22, 7),
    }),
    "broken.zip": zipOf({ "a.json": entries }).subarray(0, 60),
  });
  assert.deepEqual([found.plays, found.notMusic, found.duplicates], [3, 1, 0]);
  assert.deepEqual(found.forms, {
    "My Data/Streaming_History_Audio_2023 (1).json": "spotify-extended 1",
    "My Data/Streaming_History_Audio_2024.json": "empty 0",
    "My Data/endvideo.json": "spotify-extended 2",
    "My Data/none.jsonl": "empty 0",
    "older.zip/MyData/endsong_0.json": "spotify-extended 1",
  });
  assert.deepEqual(found.leftOut, {
    "My Data/ReadMe.pdf": "is not a listening history (.json, .jsonl, .csv, .tsv or .txt)",
    "My Data/Userdata.json": "is no listening history but objects with username",
    "My Data/cut.json": "expected JSON or JSON lines but found something else, or the file is cut",
    "My Data/photo.csv":
      "expected text in UTF-8, UTF-16 or Windows-1252 but found bytes that are no text; save it as UTF-8",
    "broken.zip": "expected a zip archive but found another kind of file, or a cut one",
  });
});

Deno.test("dates of numbers alone are told, asked for, or refused; the encoding is told", () => {
  const row = (date: string) => `Nara Lume;x;Águas de Março;${date} 10:00\n`;
  const content = Buffer.from(row("01/05/2024") + row("02/05/2024"), "latin1");
  assert.throws(
    () => read({ "s.csv": content }),
    /s\.csv: Expected dates that tell the day from the month but found 01\/05/,
  );
  const asked = read({ "s.csv": content }, undefined, "dmy");
  assert.deepEqual([asked.events[0], asked.notes], [a, "in Windows-1252; day before month, as asked"]);
  assert.equal(read({ "s.csv": content }, undefined, "mdy").events[0][2], Date.UTC(2024, 0, 5, 10));
  const told = read({ "s.csv": row("01/05/2024") + row("31/05/2024") });
  assert.deepEqual([told.events[0], told.notes], [a, "day before month, told by 31/05/2024 10:00"]);
  assert.throws(
    () => read({ "s.csv": "artist,track,date\nA,B,someday\n" }),
    /Expected the times of plays, .* but found someday/,
  );
});

/** Cases that people reported, where they are at hand: how many plays each holds. */
const CASES = new URL("../../../shared/cases", import.meta.url).pathname;

Deno.test({
  name: "reported histories are read without a file that is refused",
  ignore: !existsSync(CASES),
  fn() {
    const listened = (path: string, dates?: "dmy") => {
      const history = readHistory([join(CASES, path)], { dates });
      return history.listenings.length;
    };
    assert.equal(listened("42_ts_without_zone/endsong_0.json"), 12);
    assert.equal(listened("43_offline_doubles/Streaming_History_Audio_2022_1.json"), 24);
    assert.equal(listened("44_short_and_extended/MyData"), 24);
    assert.equal(listened("47_dmy_dates/with_header.csv"), 12);
    assert.equal(listened("47_dmy_dates/scrobbling_it.csv", "dmy"), 12);
    assert.equal(listened("50_listenbrainz_zip/listenbrainz_someone_1700000000.zip"), 23);
    assert.equal(listened("52_zip_nested_mac/my_spotify_data.zip"), 15);
    assert.equal(listened("54_empty_array_file/MyData"), 12);
    assert.equal(listened("57_lastfm_ansi/u16.csv"), 12);
    assert.equal(listened("58_endsong_unnumbered/MyData"), 13);
  },
});
