/**
 * The Million Playlist Dataset on an engine: slices are parsed apart from each other, and their playlists numbered in
 * their order at the driver; then co-occurrence is counted over partitions of playlists.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { expectInteger } from "../errors.ts";
import { writeGraph } from "../graph/graph.ts";
import { countPairs, type PairCounts, topCompanions } from "../sequence/cooccurrence.ts";
import { type MpdOptions, type MpdReport, readMpd, scanSlice, type SliceScan } from "../sequence/mpd.ts";
import type { MpdPiece, MpdPlaylist, MpdTrack } from "../sequence/mpd_scan.ts";
import { sqlText, withDuckDB } from "../storage/parquet.ts";
import { bytesOf, integersOf, type RowTable } from "./arrow.ts";
import type { Engine, Step } from "./engine.ts";

/** Rows of step `mpd.slices`: damages, the tracks of a slice in their first order, playlists as codes of these. */
const [DAMAGE, TRACK, PLAYLIST] = [0, 1, 2];
const TABLE_ROWS = 10_000;

/** Step `mpd.slices`: what is in a slice, each track named once. */
export const SLICES_STEP: Step = {
  output: {
    ...{ item: "int32", kind: "int32", number: "float64", modified: "float64" },
    ...{ uri: "text", name: "text", artist: "text", album: "text", codes: "binary" },
  },
  async *run(tables) {
    for await (const table of tables) {
      const items = table.numbers("item")!;
      for (const [t, path] of table.texts("value").entries()) {
        let rows: SliceRow[] = [];
        for (const row of sliceRows(path!)) {
          rows.push(row);
          if (rows.length < TABLE_ROWS) continue;
          yield columnsOf(rows, items[t]);
          rows = [];
        }
        if (rows.length > 0) yield columnsOf(rows, items[t]);
      }
    }
  },
};

/** Step `mpd.pairs`: how often two tracks stand together in the playlists of a partition. */
export const PAIRS_STEP: Step = {
  output: { part: "int32", first: "int32", second: "binary", counts: "binary" },
  async *run(tables, { data }) {
    const { partitions } = data as { partitions: number };
    const playlists = new Map<number, number[]>();
    for await (const table of tables) {
      const tracks = table.numbers("track_id")!;
      table.numbers("user_id")!.forEach((user: number, i: number) => {
        const playlist = playlists.get(user);
        if (playlist) playlist.push(tracks[i]);
        else playlists.set(user, [tracks[i]]);
      });
    }
    const { first, second, counts } = countPairs(playlists.values());
    // One row a first track: its companions and their counts, packed.
    const starts = Array.from(first.keys()).filter((e) => e === 0 || first[e] !== first[e - 1]);
    const ranges = starts.map((from, t) => [from, starts[t + 1] ?? first.length]);
    for (let t = 0; t < starts.length; t += TABLE_ROWS) {
      const here = ranges.slice(t, t + TABLE_ROWS);
      yield {
        part: here.map(([from]) => first[from] % partitions),
        first: here.map(([from]) => first[from]),
        second: here.map(([from, to]) => bytesOf(second.subarray(from, to))),
        counts: here.map(([from, to]) => bytesOf(counts.subarray(from, to))),
      };
    }
  },
};

/** Step `mpd.companions`: the most frequent companions of the tracks of a partition. */
export const COMPANIONS_STEP: Step = {
  output: { row: "int32", tracks: "binary", counts: "binary" },
  async *run(tables, { data }) {
    const parts: PairCounts[] = [];
    for await (const table of tables) {
      const counts = table.bytes("counts");
      const first = table.numbers("first")!;
      for (const [i, second] of table.bytes("second").entries()) {
        const companions = integersOf(second);
        const track = new Int32Array(companions.length).fill(first[i]);
        parts.push({ first: track, second: companions, counts: integersOf(counts[i]) });
      }
    }
    const found = [...topCompanions(parts, (data as { k: number }).k)];
    if (found.length === 0) return;
    yield {
      row: found.map(([track]) => track),
      tracks: found.map(([, { tracks }]) => bytesOf(tracks)),
      counts: found.map(([, { counts }]) => bytesOf(counts)),
    };
  },
};

/**
 * Reads slices of the Million Playlist Dataset on an engine; the files are those of `readMpd`.
 *
 * @param files Slices, or folders that hold `mpd.slice.*.json`.
 * @param directory Folder to write to.
 * @param engine The engine.
 * @param options What to do with repeats; `companions` also writes `cooccurrence.npz`, a SciPy CSR matrix with so many
 * companions of each track and in how many playlists they stand together.
 * @returns Counts and damages.
 * @throws {InputError} When a file is missing, or no file holds a single whole playlist.
 */
export async function distributedMpd(
  files: readonly string[],
  directory: string,
  engine: Engine,
  options: Pick<MpdOptions, "keepRepeats"> & { companions?: number } = {},
): Promise<MpdReport> {
  const { companions, keepRepeats } = options;
  const report = await readMpd(files, directory, { keepRepeats, scan: scanOn(engine) });
  if (companions !== undefined) {
    await writeCooccurrence(directory, engine, expectInteger("companions", companions, 1), report.tracks);
  }
  return report;
}

async function writeCooccurrence(directory: string, engine: Engine, k: number, tracks: number): Promise<void> {
  const staging = mkdtempSync(join(directory, ".segue-pairs-"));
  try {
    const path = join(staging, "interactions.parquet");
    await withDuckDB((connection) =>
      connection.run(
        `COPY (SELECT user_id, track_id FROM read_csv(${sqlText(join(directory, "interactions.csv"))}))
         TO ${sqlText(path)} (FORMAT parquet)`,
      )
    );
    const partitions = 4 * engine.executors;
    const { tables } = await engine.run({
      name: "co-occurrence",
      source: { kind: "parquet", path, columns: ["user_id", "track_id"], by: "user_id" },
      steps: [
        { step: "mpd.pairs", broadcast: { data: { partitions } } },
        { step: "mpd.companions", broadcast: { data: { k } }, shuffle: { partitions, order: ["first"] } },
      ],
      large: true,
    });
    const rows = new Map<number, { companions: Int32Array; counts: Int32Array }>();
    for await (const table of tables()) {
      const [lists, counts] = [table.bytes("tracks"), table.bytes("counts")];
      table.numbers("row")!.forEach((row: number, i: number) => {
        rows.set(row, { companions: integersOf(lists[i].slice()), counts: integersOf(counts[i].slice()) });
      });
    }
    const offsets = new Int32Array(tracks + 1);
    for (let t = 0; t < tracks; t++) offsets[t + 1] = offsets[t] + (rows.get(t)?.companions.length ?? 0);
    const indices = new Int32Array(offsets[tracks]);
    const similarities = new Float32Array(offsets[tracks]);
    for (const [track, { companions, counts }] of rows) {
      indices.set(companions, offsets[track]);
      similarities.set(counts, offsets[track]);
    }
    writeGraph(join(directory, "cooccurrence.npz"), { nodeCount: tracks, offsets, indices, similarities });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Slices are scanned on the engine; what comes back is put together again slice by slice. */
function scanOn(engine: Engine): SliceScan {
  return async function* (slices) {
    const { tables } = await engine.run({
      name: "MPD slices",
      source: { kind: "items", items: slices.map((path) => resolve(path)) },
      steps: [{ step: "mpd.slices" }],
      large: true,
    });
    let slice = -1;
    let tracks: MpdTrack[] = [];
    for await (const table of tables()) {
      const items = table.numbers("item")!;
      for (let from = 0; from < items.length;) {
        let to = from;
        while (to < items.length && items[to] === items[from]) to++;
        if (items[from] !== slice) tracks = [];
        slice = items[from];
        yield { file: slices[slice], pieces: piecesOf(table, from, to, tracks) };
        from = to;
      }
    }
  };
}

interface SliceRow {
  kind: number;
  number: number;
  modified: number;
  uri: string | null;
  name: string | null;
  artist: string | null;
  album: string | null;
  codes: Uint8Array;
}

function* sliceRows(path: string): Generator<SliceRow> {
  const empty = {
    number: NaN,
    modified: NaN,
    uri: null,
    name: null,
    artist: null,
    album: null,
    codes: new Uint8Array(0),
  };
  const known = new Map<string, number>();
  for (const piece of scanSlice(path)) {
    if ("damage" in piece) {
      const { offset, reason, pid, name } = piece.damage;
      yield { ...empty, kind: DAMAGE, number: offset, modified: pid ?? NaN, uri: reason, name: name ?? null };
      continue;
    }
    const { pid, modified_at, tracks } = piece.playlist;
    const codes = new Int32Array(tracks.length).fill(-1);
    for (const [t, track] of tracks.entries()) {
      if (typeof track?.track_uri !== "string" || track.track_uri === "") continue;
      let code = known.get(track.track_uri);
      if (code === undefined) {
        known.set(track.track_uri, code = known.size);
        const { track_uri: uri, track_name, artist_name, album_name, duration_ms } = track;
        const [name, artist, album] = [track_name, artist_name, album_name].map(textOrNull);
        const number = Number.isFinite(duration_ms) ? duration_ms! : NaN;
        yield { ...empty, kind: TRACK, number, uri, name, artist, album };
      }
      codes[t] = code;
    }
    const [number, modified] = [pid, modified_at].map((value) => Number.isInteger(value) ? value! : NaN);
    yield { ...empty, kind: PLAYLIST, number, modified, codes: bytesOf(codes) };
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function columnsOf(rows: SliceRow[], item: number) {
  const column = <Name extends keyof SliceRow>(name: Name) => rows.map((row) => row[name]);
  return {
    item: new Int32Array(rows.length).fill(item),
    kind: column("kind"),
    number: column("number"),
    modified: column("modified"),
    uri: column("uri"),
    name: column("name"),
    artist: column("artist"),
    album: column("album"),
    codes: column("codes"),
  };
}

/** Back from rows to what a scan finds. */
function* piecesOf(table: RowTable, from: number, to: number, tracks: MpdTrack[]): Generator<MpdPiece> {
  const [kinds, numbers, modified] = ["kind", "number", "modified"].map((name) => table.numbers(name)!);
  const [uris, names, artists, albums] = ["uri", "name", "artist", "album"].map((name) => table.texts(name));
  const codes = table.bytes("codes");
  const known = (value: number) => Number.isNaN(value) ? undefined : value;
  for (let r = from; r < to; r++) {
    if (kinds[r] === DAMAGE) {
      const [pid, name] = [known(modified[r]), names[r] ?? undefined];
      yield {
        damage: {
          offset: numbers[r],
          reason: uris[r]!,
          ...(pid === undefined ? {} : { pid }),
          ...(name === undefined ? {} : { name }),
        },
      };
    } else if (kinds[r] === TRACK) {
      tracks.push({
        track_uri: uris[r]!,
        track_name: names[r] ?? undefined,
        artist_name: artists[r] ?? undefined,
        album_name: albums[r] ?? undefined,
        duration_ms: known(numbers[r]),
      });
    } else {
      const list = Array.from(integersOf(codes[r].slice()), (code): MpdTrack => code < 0 ? {} : tracks[code]);
      yield { playlist: { pid: known(numbers[r]), modified_at: known(modified[r]), tracks: list } as MpdPlaylist };
    }
  }
}
