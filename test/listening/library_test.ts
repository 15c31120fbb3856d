import assert from "node:assert/strict";
import fc from "fast-check";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../lib/data/errors.ts";
import type { LibraryForm } from "../../lib/listening/forms/entry.ts";
import { LIBRARY_FORMS, readLibrary } from "../../lib/listening/library.ts";
import { locateFiles } from "../../lib/listening/locations.ts";
import { formatPlaylist, PLAYLIST_FORMATS, type PlaylistRow } from "../../lib/score/playlist.ts";
import { smallCollection, type SmallTrack } from "../score/small_worlds.ts";

const TRACKS: Omit<SmallTrack, "vector">[] = [
  { id: "a".repeat(22), title: "Águas de Março", artists: ["Nara Lume"], album: "Mar, Sal" },
  { id: "b".repeat(22), title: "Night Drive (2011 Remaster)", artists: ["The Loops", "Adá"], album: "Night Drive" },
  { id: "c".repeat(22), title: "7 Years", artists: ["Ünder"], album: "Hello World" },
  { id: "d".repeat(22), title: "Hello World", artists: ["Ünder"], album: "Hello World" },
  { id: "e".repeat(22), title: "Red Road - Live", artists: ["Earth, Wind & Ember"], album: "Roads" },
];
const collection = smallCollection(TRACKS.map((track) => ({ ...track, vector: [1, 0] })));
const uris = TRACKS.map(({ id }) => `spotify:track:${id}`);

type Write = (name: string, content: string | Uint8Array) => string;

function inFolder<T>(use: (write: Write, folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "segue-library-"));
  try {
    return use((name, content) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    }, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads each file and expects the tracks 0, 1, 2, 3 and 4 in this order, or those that are given. */
function expectTracks(files: Record<string, string | Uint8Array | [string | Uint8Array, tracks: number[]]>): void {
  inFolder((write) => {
    for (const [name, given] of Object.entries(files)) {
      const [content, tracks] = Array.isArray(given) ? given : [given, [0, 1, 2, 3, 4]];
      assert.deepEqual(readLibrary(collection, [write(name, content)]).tracks, tracks, name);
    }
  });
}

Deno.test("playlists of players are read: by #EXTINF, else by names of files and folders", () => {
  const extinf = [
    "Nara Lume - Águas de Março",
    "The Loops, Adá – Night Drive (2011 Remaster)",
    "7 Years - Ünder",
    "03. Ünder - Hello World",
    "Earth, Wind & Ember - Red Road - Live",
  ];
  const m3u = (attributes: string, newLine: string = "\n") =>
    extinf.flatMap((name, i) => [`#EXTINF:${9 * i}${attributes},${name}`, `x/${i}.mp3`]).join(newLine);
  const folders = [
    ["Nara Lume", "Mar, Sal", "1-03 - Águas de Março.mp3"],
    ["The Loops", "Night Drive", "01. Night Drive.m4a"],
    ["Ünder", "Hello World", "7 Years.flac"],
    ["Ünder", "Hello World", "CD 1", "02 Hello World.flac"],
    ["Earth, Wind & Ember", "Red Road - Live.opus"],
  ];
  const albums = TRACKS.map(({ artists, album, title }, i) =>
    `${artists![0]}/${artists![0]} - ${album}/0${i} - ${artists![0]} - ${album} - ${title}.flac`
  );
  const bare = TRACKS.map(({ artists, title }, i) => `0${i + 1} ${artists![0]} - ${title}.mp3`);
  const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/");
  expectTracks({
    "plain.m3u8": `#EXTM3U\n${m3u("")}\n`,
    "old_mac.m3u8": `\ufeff#EXTM3U\r${m3u("", "\r")}\r`,
    "attributes.m3u8": m3u(' tvg-name="A, B - C" logo=x.png'),
    "art.m3u8": TRACKS.map(({ artists, title }, i) => `#EXTINF:1,${title}\n#EXTART:${artists![0]}\n${i}.mp3`).join(
      "\n",
    ),
    "no_name.m3u8": bare.map((path) => `#EXTINF:0,\n${path}`).join("\n"),
    "title_only.m3u8": folders.map((path) => `#EXTINF:0,${path.at(-1)}\n${path.join("/")}`).join("\n"),
    "folders.m3u": folders.map((path) => `/home/u/Music/${path.join("/")}`).join("\n"),
    "windows.m3u": folders.map((path) => `\\Music\\${path.join("\\")}`).join("\r\n"),
    "share.m3u": folders.map((path) => `\\\\NAS\\music\\${path.join("\\")}`).join("\r\n"),
    "albums.m3u8": albums.join("\n"),
    "encoded.m3u": albums.map(encoded).join("\n"),
    "urls.m3u": folders.map((path) => `file:///home/u/${encoded(path.join("/"))}`).join("\n"),
    "server.m3u": folders.map((path) => `https://x.example/${encoded(path.join("/"))}?token=a#b`).join("\n"),
    "latin1_encoded.m3u": ["Nara%20Lume/x/01%20-%20%C1guas%20de%20Mar%E7o.mp3", [0]],
    "bare.m3u": bare.join("\n"),
    "ids.m3u8": `#EXTM3U\n${uris.join("\n")}`,
    "underscores.m3u8": ["01-nara_lume-águas_de_março.mp3\nÜnder_-_Hello_World.mp3", [0, 3]],
    "list.pls": `[playlist]\n${
      extinf.map((name, i) => `File${i + 1}=x/${i}.mp3\nTitle${i + 1}=${name}\nLength${i + 1}=9`).join("\n")
    }\nNumberOfEntries=5\n`,
    "cp1252.m3u": [Uint8Array.from("#EXTINF:1,Nara Lume - Águas de Março\r\nx.mp3\r\n", (c) => c.charCodeAt(0)), [0]],
  });
});

Deno.test("an album in the name of a file is not taken for the title, nor a number that belongs to it left out", () => {
  inFolder((write) => {
    const path = write(
      "mixed.m3u8",
      "Ünder/Hello World/01 - Ünder - Hello World - Nowhere.mp3\nNobody/Hello World/7 Years.mp3\n7 Years - Ünder.mp3\n",
    );
    const { tracks, unmatched } = readLibrary(collection, [path]);
    assert.deepEqual(tracks, [2]);
    assert.equal(unmatched.length, 2);
  });
});

Deno.test("tables of likes are read: separators, quotes, headers in other languages, none at all", () => {
  const rows = TRACKS.map(({ title, artists, album }, i) => [title!, artists!.join(", "), album!, uris[i]]);
  const table = (header: string[], columns: number[], separator: string = ",", quote: string = '"') =>
    [header, ...rows.map((row) => columns.map((c) => row[c]))]
      .map((fields) => fields.map((field) => quote + field + quote).join(separator)).join("\r\n");
  expectTracks({
    "exportify.csv": table(["Track URI", "Track Name", "Artist Name(s)"], [3, 0, 1]),
    "semicolons.csv": table(["Track URI", "Track Name", "Artist Name(s)", "Album Name"], [3, 0, 1, 2], ";", ""),
    "soundiiz.csv": table(["title", "artist", "album", "isrc"], [0, 1, 2, 2], ";"),
    "tune_my_music.csv": table(["Track name", "Artist name", "Album", "Type"], [0, 1, 2, 2]),
    "itunes.txt": new Uint8Array(
      Uint16Array.from(`\ufeff${table(["Name", "Artist", "Album"], [0, 1, 2], "\t", "")}`, (c) => c.charCodeAt(0))
        .buffer,
    ),
    "german.csv": table(["Track-Name", "Künstlername(n)", "Album-Name"], [0, 1, 2]),
    "french.csv": table(["Nom du titre", "Nom(s) de l'artiste", "Nom de l'album"], [0, 1, 2], ";"),
    "portuguese.csv": table(["Nome da faixa", "Nome(s) do artista"], [0, 1]),
    "excel.csv": `sep=;\r\n${table(["Titel", "Interpret"], [0, 1], ";")}`,
    "unknown_language.csv": table(["Kappaleen URI", "Kappale"], [3, 0]),
    "japanese.csv": table(["トラック名", "アーティスト名"], [0, 1]),
    "numbers.csv": [
      "Track;Title;Artist\n" + rows.map(([title, artist], i) => `${i + 1};"${title}";"${artist}"`).join("\n"),
      [0, 1, 2, 3, 4],
    ],
    "mp3tag.csv": table(["Title", "Artist", "Album", "Directory"], [0, 1, 2, 2], ";"),
    "no_header.csv": rows.map(([title, artist]) => `"${artist}","${title}"`).join("\n"),
    "lines.txt": TRACKS.map(({ title, artists }, i) => `${i + 1}. ${artists![0]} - ${title}`).join("\n"),
    "bullets.md": TRACKS.map(({ title, artists }) => `- ${title} by ${artists![0]}`).join("\n"),
    "ids.txt": TRACKS.map(({ id }) => id).join("\n"),
    "links.txt": TRACKS.map(({ id }) => `https://open.spotify.com/intl-de/track/${id}?si=1`).join("\n"),
    "ids.csv": ["track_id,other\n" + `${TRACKS[1].id},1\nunknown,3\n`, [1]],
  });
});

Deno.test("JSON and XML are read as the services and players write them", () => {
  const named = TRACKS.map(({ title, artists, album }) => ({ title, creator: artists!.join(" feat. "), album }));
  const xspf = (track: string[]) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>A - B</title>` +
    `<creator>Nara Lume</creator><trackList>${
      track.map((fields) => `<track>${fields}</track>`).join("")
    }</trackList></playlist>`;
  const escaped = (text: string) => text.replaceAll("&", "&amp;");
  const string = (text: string) => `<string>${escaped(text)}</string>`;
  const dict = (fields: Record<string, string>) =>
    `<dict>${Object.entries(fields).map(([key, value]) => `<key>${key}</key>${value}`).join("")}</dict>`;
  const itunes = (extra: Record<string, string> = {}) =>
    dict({
      "Tracks": dict(Object.fromEntries(TRACKS.map(({ title, artists }, i) => [
        String(1000 + i),
        dict({ "Track ID": `<integer>${i}</integer>`, Name: string(title!), Artist: string(artists![0]), ...extra }),
      ]))),
      "Playlists": `<array>${
        dict({
          Name: string("All - of it"),
          "Playlist Items": `<array>${dict({ "Track ID": "<integer>1001</integer>" })}</array>`,
        })
      }</array>`,
    });
  const plist = (content: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" ` +
    `"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">${content}</plist>`;
  const credits = (artists: string[]) => ({
    "https://musicbrainz.org/doc/jspf#track": {
      additional_metadata: { artists: artists.map((artist_credit_name) => ({ artist_credit_name, join_phrase: "" })) },
    },
  });
  expectTracks({
    "ids.json": JSON.stringify(TRACKS.map(({ id }) => id)),
    "plain.jspf": JSON.stringify({ playlist: { title: "A - B", creator: "Nara Lume", track: named } }),
    "titles.jspf": JSON.stringify({
      playlist: { title: "x", track: TRACKS.map(({ title, artists }) => ({ title: `${artists![0]} - ${title}` })) },
    }),
    "listenbrainz.jspf": JSON.stringify({
      playlist: {
        creator: "listenbrainz",
        track: TRACKS.map(({ title, artists }, i) => ({
          title,
          creator: artists!.join(" und "),
          identifier: i % 2 ? `https://musicbrainz.org/recording/${i}` : [`https://musicbrainz.org/recording/${i}`],
          extension: credits(artists!),
        })),
      },
    }),
    "Playlist1.json": JSON.stringify({
      playlists: [{
        name: "Nara Lume - Hello World",
        items: TRACKS.map(({ title, artists }, i) => ({
          track: { trackName: title, artistName: artists![0], albumName: "x", trackUri: i % 2 ? uris[i] : "" },
          episode: null,
          addedDate: "2024-01-01",
        })),
      }],
    }),
    "saved.json": JSON.stringify({
      items: TRACKS.map(({ title, artists, id }) => ({
        added_at: "2024-01-01",
        track: {
          type: "track",
          name: title,
          id: id!.replace(/^b/, "z"),
          artists: artists!.map((name) => ({ name, type: "artist", uri: "spotify:artist:x" })),
          album: { type: "album", name: "Hello World", artists: [{ name: "Ünder" }] },
        },
      })),
    }),
    "albums.json": [
      JSON.stringify({
        albums: [{ artist: "Ünder", name: "7 Years", uri: "spotify:album:x" }],
        tracks: [{ uri: uris[3] }],
      }),
      [3],
    ],
    "loved.jsonl": [
      TRACKS.map(({ title, artists }, i) =>
        JSON.stringify({ score: i === 1 ? -1 : 1, track_metadata: { track_name: title, artist_name: artists![0] } })
      ).join("\n"),
      [0, 2, 3, 4],
    ],
    "tags.xspf": xspf(
      named.map(({ title, creator }) => `<title>${title}</title><creator>${escaped(creator)}</creator>`),
    ),
    "files.xspf": xspf(
      TRACKS.map(({ title, artists }) =>
        `<location>file:///m/${encodeURIComponent(artists![0])}/x/01%20${encodeURIComponent(title!)}.mp3</location>`
      ),
    ),
    "Library.xml": plist(itunes()),
    "disliked.xml": [plist(itunes().replace("</dict>", "<key>Disliked</key><true/></dict>")), [1, 2, 3, 4]],
    "list.wpl": `<?wpl version="1.0"?>\n<smil><head><title>x</title></head><body><seq>${
      TRACKS.map(({ title, artists }) => `<media src="..\\${escaped(artists![0])}\\x\\01 ${title}.wma"/>`).join("\n")
    }</seq></body></smil>`,
    "windows_media.asx": `<asx version="3.0"><title>x</title>${
      TRACKS.map(({ title, artists }) =>
        `<entry><title>${title}</title><author>${escaped(artists![0])}</author><ref href="1.wma"/></entry>`
      ).join("")
    }</asx>`,
    "rekordbox.xml": `<DJ_PLAYLISTS><COLLECTION Entries="5">${
      TRACKS.map(({ title, artists }, i) => `<TRACK TrackID="${i}" Name="${title}" Artist="${escaped(artists![0])}"/>`)
        .join("")
    }</COLLECTION><PLAYLISTS><NODE Type="0"><TRACK Key="1"/></NODE></PLAYLISTS></DJ_PLAYLISTS>`,
  });
});

Deno.test("tracks and artists that a library bans are left out, and told", () => {
  inFolder((write) => {
    const tracks = TRACKS.map(({ title, artists }, i) => ({ artist: artists![0], track: title, uri: uris[i] }));
    const library = (bannedTracks: object[], bannedArtists: object[]) =>
      readLibrary(collection, [
        write("YourLibrary.json", JSON.stringify({ tracks, albums: [], bannedTracks, artists: [], bannedArtists })),
      ]);
    const { tracks: kept, banned, notes, entries } = library([tracks[3]], [{ name: "ADA", uri: "spotify:artist:x" }]);
    assert.deepEqual([kept, banned, entries], [[0, 2, 4], { tracks: 1, artists: 1 }, 5]);
    assert.match(
      notes.join(),
      /YourLibrary\.json: tracks left out because the file bans them: 1, and by artists .*: 1$/,
    );
    assert.deepEqual(library([], []).notes, []);
    assert.deepEqual(library([{ uri: "spotify:track:unknown" }], [{ name: "Nobody" }]).notes, []);
    assert.deepEqual(library([{ artist: "The Loops", track: "Night Drive" }], [{ name: "Ünder" }]).tracks, [0, 4]);
    assert.throws(
      () => library(tracks, []),
      (error) => error instanceof InputError && /bans all 5 tracks that it names$/.test(error.message),
    );
  });
});

Deno.test("of a folder the lists are read, and what else is in it is told", () => {
  inFolder((write, folder) => {
    write("a.m3u8", uris[3]);
    write("b.xspf.bak", "x");
    write("cover.jpg", "x");
    const { tracks, notes } = readLibrary(collection, [folder]);
    assert.deepEqual(tracks, [3]);
    assert.match(notes.join(), /2 left out \(is not a list of tracks \(\.m3u, .*\)\): b\.xspf\.bak, cover\.jpg$/);
  });
});

Deno.test("several files make one library, and what one bans is banned in all", () => {
  inFolder((write) => {
    const first = write("a.txt", `${TRACKS[4].id}\n${TRACKS[0].id}`);
    const second = write("b.json", JSON.stringify({ tracks: [{ uri: uris[3] }], bannedTracks: [{ uri: uris[0] }] }));
    assert.deepEqual(readLibrary(collection, [first, second]).tracks, [4, 3]);
  });
});

Deno.test("what is not found is told by name; when nothing is, also what was looked for and what is nearest", () => {
  inFolder((write) => {
    const message = (name: string, content: string) => {
      let told = "";
      assert.throws(() => readLibrary(collection, [write(name, content)]), (error) => {
        assert.ok(error instanceof InputError);
        assert.doesNotMatch(error.message, /\n/);
        told = error.message;
        return true;
      });
      return told;
    };
    const { notes } = readLibrary(collection, [
      write("part.m3u8", `${uris[0]}\n#EXTINF:9,Nobody - Not There\nMusic/1.mp3\nA/B/x.mp3\n`),
    ]);
    assert.match(notes[0], /part\.m3u8: 2 of 3 tracks are not in the catalogue: Nobody - Not There, A\/B\/x\.mp3$/);
    const files = message("none.m3u", "Under/x/01 - Hello Word.mp3\nHello Worlds.mp3\n");
    assert.match(files, /none\.m3u: none of its 2 tracks is in the catalogue, which was searched for /);
    const drive = message("drive.m3u", "C:\\Not There.mp3\n");
    assert.doesNotMatch(drive, /by C:/, "the letter of a drive is no artist");
    assert.match(
      files,
      /Under\/x\/01 - Hello Word\.mp3 as Hello Word by x or Under \(nearest is Hello World by Ünder\)/,
    );
    assert.match(
      files,
      /as Hello Worlds by an artist that is not told \(nearest is Hello World by Ünder\)/,
    );
    assert.match(message("ids.csv", "track_id\nx\ny\n"), /x as an id \(ids are like a{22}\), y as an id/);
    const table = message("table.csv", "Kappale,Esittäjä\nx,y\n");
    assert.match(table, /expected a column track_id or uri, or title and artist, but found kappale, esittäjä$/);
    assert.match(message("empty.txt", ""), /expected a list of tracks \(M3U and M3U8; .*\) but found an empty file$/);
    assert.match(
      message("other.json", '{"a": 1}'),
      /expected tracks with a title and an artist, or ids, but found a and/,
    );
    assert.match(message("cut.xml", "<plist><dict>"), /cut\.xml: expected XML but it is not well-formed: /);
  });
});

Deno.test("files are named so that the player finds them from the new playlist's folder, or as they were", () => {
  inFolder((_write, folder) => {
    const old = join(folder, "old");
    mkdirSync(join(folder, "old", "my music"), { recursive: true });
    writeFileSync(join(folder, "old", "my music", "a.mp3"), "");
    const absolute = [
      "/m/a.mp3",
      "C:\\Music\\a.mp3",
      "C:/Music/a.mp3",
      "\\\\NAS\\a.mp3",
      "\\Music\\a.mp3",
      "file:///m/a%20b.mp3",
      "https://x/y?id=1",
    ];
    const cases: [path: string, to: string | undefined, expected: string, unmoved: boolean][] = [
      ...absolute.map((path): [string, string, string, boolean] => [path, folder, path, false]),
      ["my music/a.mp3", old, "my music/a.mp3", false],
      ["my music/a.mp3", folder, "old/my music/a.mp3", false],
      ["my%20music/a.mp3", join(folder, "new"), "../old/my%20music/a.mp3", false],
      ["my music\\a.mp3", join(folder, "new"), "..\\old\\my music\\a.mp3", false],
      ["my music/a.mp3", undefined, join(old, "my music/a.mp3"), false],
      ["gone/b.mp3", folder, "gone/b.mp3", true],
      ["..\\Rock\\b.mp3", undefined, "..\\Rock\\b.mp3", true],
      ["..\\Rock\\b.mp3", old, "..\\Rock\\b.mp3", false],
    ];
    for (const [path, to, expected, unmoved] of cases) {
      const located = locateFiles(new Map([["id", { path, folder: old }]]), to);
      assert.deepEqual([located.paths.get("id"), located.unmoved.has("id")], [expected, unmoved], `${path} ${to}`);
    }
  });
});

const TEXT = fc.string({
  unit: fc.constantFrom(..."aZé7ß. ,;-–&+/\\\"'#%[](){}:=\n\t", "feat. ", " - ", ", "),
  minLength: 1,
  maxLength: 12,
})
  .filter((text) => /[aZéß]/.test(text));
const PATH = fc.tuple(
  fc.constantFrom("", "/m/", "C:\\m\\", "\\\\nas\\", "../", "file:///"),
  fc.string({ unit: fc.constantFrom(..."abé 1-_.,%&'"), minLength: 1, maxLength: 9 }),
)
  .map(([root, name]) => root + (root === "file:///" ? encodeURI(name.trim()) : name.trim()) + ".mp3");

Deno.test("what Segue writes it reads back without loss: the tracks, their order and their files", () => {
  const world = fc.array(
    fc.record({
      title: TEXT,
      artists: fc.array(TEXT, { minLength: 1, maxLength: 3 }),
      location: fc.option(PATH, { nil: undefined }),
    }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  inFolder((write, folder) =>
    fc.assert(
      fc.property(world, fc.constantFrom(...PLAYLIST_FORMATS), fc.boolean(), (tracks, format, spotify) => {
        const ids = tracks.map((_, i) => spotify ? String(i).padStart(22, "x") : `my id-${i}`);
        const own = smallCollection(tracks.map((track, i) => ({ ...track, id: ids[i], vector: [1, 0] })));
        const order = tracks.map((_, i) => i).reverse();
        const rows = order.map((i): PlaylistRow => ({
          place: i + 1,
          track_id: ids[i],
          title: tracks[i].title,
          artists: tracks[i].artists.join(", "),
          album: "",
          seconds: null,
          key: "?",
          tempo: null,
          energy: null,
          start: "1970-01-01T00:00:00.000Z",
          probability: null,
          why: "",
          relaxed: "",
          location: tracks[i].location,
        }));
        const path = write(`own.${format}`, formatPlaylist({ title: "A - B", rows, recipe: { seed: 1 } }, format));
        const { tracks: read, locations, notes } = readLibrary(own, [path]);
        assert.deepEqual([read, notes], [order, []]);
        const located = order.filter((i) => tracks[i].location !== undefined);
        assert.deepEqual([...locations.keys()].sort(), located.map((i) => ids[i]).sort());
        for (const i of located) {
          const { path, folder: from } = locations.get(ids[i])!;
          assert.equal(from, folder);
          if (format !== "jspf") assert.equal(path, tracks[i].location);
          else {
            const plain = decodeURIComponent(path).replace(/^file:\/\/(?:\/(?=\w:))?/, "");
            const expected = tracks[i].location!.replaceAll("\\", "/");
            assert.ok(
              [plain, path].some((text) =>
                text === expected || `//${text}` === expected || `file://${text}` === expected
              ),
              path,
            );
          }
        }
      }),
      { seed: 21, numRuns: 150 },
    )
  );
});

Deno.test("a playlist of Segue that a player loaded and saved is found by its names", () => {
  // Semicolons and guests always separate: no artist of a catalogue has them in the name.
  const artist = TEXT.map((text) => text.replaceAll(/;|feat\. | [-–] |\s/g, " ").trim());
  const track = fc.record({
    title: TEXT.map((text) => text.trim()),
    artists: fc.array(artist, { minLength: 1, maxLength: 3 }),
  });
  inFolder((write) =>
    fc.assert(
      fc.property(fc.array(track, { minLength: 1, maxLength: 5 }), (tracks) => {
        // No title or artist of another track may be mistaken for these, so each has a sign of its own.
        const own = tracks.map(({ title, artists }, i) => ({
          title: `${title} ${i}0${i}`,
          artists: artists.map((artist, a) => `${artist} q${a}q${i}`),
          vector: [1, 0],
        }));
        const lines = own.flatMap((
          { title, artists },
          i,
        ) => [`#EXTINF:1,${artists.join(", ")} - ${title.replaceAll(/\s+/g, " ")}`, `/m/${i}.mp3`]);
        const { tracks: read } = readLibrary(smallCollection(own), [
          write("saved.m3u8", `#EXTM3U\n${lines.join("\n")}\n`),
        ]);
        assert.deepEqual(read, own.map((_, i) => i));
      }),
      { seed: 21, numRuns: 150 },
    )
  );
});

Deno.test("any text gives a library or one line that says what is wrong", () => {
  const name = fc.constantFrom(
    "track",
    "tracks",
    "title",
    "name",
    "artist",
    "uri",
    "bannedArtists",
    "location",
    "type",
  );
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(null, true, 7, "", "[", "Hello World", "Ünder", ...uris),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(name, tie("node"), { maxKeys: 4 }),
    ),
  })).node;
  const line = fc.constantFrom(
    "#EXTM3U",
    "#EXTINF:",
    "#EXTINF:9,Ünder - Hello World",
    "File1=x",
    "a.mp3",
    "%zz - %",
    uris[0],
    "id;title",
    '"',
  );
  const text = fc.oneof(
    value.map((value) => JSON.stringify(value)),
    fc.array(line, { maxLength: 5 }).map((lines) => lines.join("\n")),
    fc.string({ unit: fc.constantFrom(..."<>/[]{}:,;\"' \n\tadict%#-") }),
  );
  inFolder((write) =>
    fc.assert(
      fc.property(text, fc.constantFrom("x.m3u", "x.json", "x.csv", "x.xml", "x.pls"), (content, file) => {
        try {
          assert.ok(readLibrary(collection, [write(file, content)]).tracks.length > 0);
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
          assert.doesNotMatch(error.message, /\n|undefined|\[object/);
        }
      }),
      { seed: 21, numRuns: 400 },
    )
  );
});

Deno.test("a form of lists is one entry, which the table in data/README.md names", () => {
  const readme = readFileSync(fileURLToPath(new URL("../../data/README.md", import.meta.url)), "utf8");
  for (const { title, source, told } of LIBRARY_FORMS) {
    for (const text of [title, source, told]) assert.ok(readme.includes(text), `the README lacks: ${text}`);
  }
  const form: LibraryForm = {
    name: "radio",
    title: "a radio's log",
    source: "",
    told: "",
    files: [".radio"],
    read: ({ text }) =>
      text.startsWith("RADIO") ? { entries: [{ readings: [{ title: text.slice(6), artist: "Ünder" }] }] } : undefined,
  };
  inFolder((write, folder) => {
    write("monday.radio", "RADIO Hello World");
    assert.deepEqual(readLibrary(collection, [folder], [form, ...LIBRARY_FORMS]).tracks, [3]);
    assert.throws(
      () => readLibrary(collection, [folder]),
      /expected a list of tracks \(.*\) in it but found monday\.radio/,
    );
  });
});
