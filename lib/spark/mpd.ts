/**
 * The Million Playlist Dataset on an engine. The workers parse slices, and the driver numbers their playlists in order;
 * then the workers count co-occurrence, each in its partition of the playlists.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import { expectInteger } from "../data/errors.ts";
import { writeGraph } from "../graph/graph.ts";
import { type Companions, countPairs, topCompanions } from "../sequence/cooccurrence.ts";
import { type MpdOptions, type MpdReport, readMpd, scanSlice, type SliceScan } from "../sequence/read_mpd.ts";
import type { MpdPiece, MpdPlaylist } from "../sequence/scan_mpd.ts";
import { sqlText, withDuckDB } from "../data/parquet.ts";
import type { RowColumns, RowTable } from "./arrow.ts";
import type { Engine, Step } from "./engine.ts";

const PIECES_A_ROW = 100;
const TABLE_ROWS = 10_000;

/** Step `mpd.slices`: playlists and damages of a slice, some in each row. */
export const SLICES_STEP: Step = {
  output: { item: "int", pieces: "binary" },
  async *run(tables, broadcast) {
    const slices = broadcast as string[];
    for await (const table of tables) {
      for (const item of table.numbers("item")!) {
        let pieces: MpdPiece[] = [];
        const row = () => ({ item: [item], pieces: [serialize(pieces)] });
        for (const piece of scanSlice(slices[item])) {
          pieces.push("damage" in piece ? piece : { playlist: neededOf(piece.playlist) });
          if (pieces.length < PIECES_A_ROW) continue;
          yield row();
          pieces = [];
        }
        if (pieces.length > 0) yield row();
      }
    }
  },
};

/** Companions of tracks; `part` is the partition in which those of a track are added up. */
const COMPANIONS = { part: "int", track: "int", companions: "binary" } as const;

/** Step `mpd.pairs`: how often two tracks stand together in the playlists of a partition. */
export const PAIRS_STEP: Step = {
  output: COMPANIONS,
  async *run(tables, broadcast) {
    const playlists = new Map<number, number[]>();
    for await (const table of tables) {
      const tracks = table.numbers("track_id")!;
      table.numbers("user_id")!.forEach((user: number, i: number) => {
        const playlist = playlists.get(user);
        if (playlist) playlist.push(tracks[i]);
        else playlists.set(user, [tracks[i]]);
      });
    }
    yield* tablesOf(countPairs(playlists.values()), (broadcast as { partitions: number }).partitions);
  },
};

/** Step `mpd.companions`: the most frequent companions of the tracks of a partition. */
export const COMPANIONS_STEP: Step = {
  output: COMPANIONS,
  async *run(tables, broadcast) {
    yield* tablesOf(topCompanions(await companionsIn(tables), (broadcast as { k: number }).k), 1);
  },
};

function* tablesOf(companions: Map<number, Companions>, partitions: number): Generator<RowColumns> {
  const rows = [...companions];
  for (let first = 0; first < rows.length; first += TABLE_ROWS) {
    const here = rows.slice(first, first + TABLE_ROWS);
    yield {
      part: here.map(([track]) => track % partitions),
      track: here.map(([track]) => track),
      companions: here.map(([, companions]) => serialize(companions)),
    };
  }
}

async function companionsIn(tables: AsyncIterable<RowTable>): Promise<[number, Companions][]> {
  const all: [number, Companions][] = [];
  for await (const table of tables) {
    const companions = table.bytes("companions");
    table.numbers("track")!.forEach((track: number, i: number) => all.push([track, deserialize(companions[i])]));
  }
  return all;
}

/**
 * Reads slices of the Million Playlist Dataset on an engine; the files are those of `readMpd`.
 *
 * @param files Slices, or folders and archives of them.
 * @param options What to do with repeats; `companions` also writes `cooccurrence.npz`, a SciPy CSR matrix with so many
 * companions of each track and in how many playlists they stand together.
 * @throws {InputError} When a file is missing, or no file holds a single whole playlist.
 */
export async function distributedMpd(
  files: readonly string[],
  directory: string,
  engine: Engine,
  options: Pick<MpdOptions, "keepRepeats"> & { companions?: number } = {},
): Promise<MpdReport> {
  const { companions, keepRepeats } = options;
  const report = await readMpd(files, directory, { keepRepeats, scan: scanOn(engine, directory) });
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
    const tables = await engine.run({
      name: "co-occurrence",
      source: { kind: "parquet", path, columns: ["user_id", "track_id"], by: "user_id" },
      steps: [
        { step: "mpd.pairs", broadcast: { partitions } },
        { step: "mpd.companions", broadcast: { k }, shuffle: { partitions, order: ["track"] } },
      ],
      staging,
    });
    const rows = new Map(await companionsIn(tables));
    const offsets = new Int32Array(tracks + 1);
    for (let t = 0; t < tracks; t++) offsets[t + 1] = offsets[t] + (rows.get(t)?.size ?? 0);
    const indices = new Int32Array(offsets[tracks]);
    const similarities = new Float32Array(offsets[tracks]);
    for (const [track, companions] of rows) {
      indices.set([...companions.keys()], offsets[track]);
      similarities.set([...companions.values()], offsets[track]);
    }
    writeGraph(join(directory, "cooccurrence.npz"), { nodeCount: tracks, offsets, indices, similarities });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Slices are scanned on the engine; what comes back is in their order. */
function scanOn(engine: Engine, staging: string): SliceScan {
  return async function* (slices) {
    const tables = await engine.run({
      name: "MPD slices",
      source: { kind: "items", count: slices.length },
      steps: [{ step: "mpd.slices", broadcast: slices.map((path) => resolve(path)) }],
      staging,
    });
    for await (const table of tables) {
      const pieces = table.bytes("pieces");
      for (const [r, item] of table.numbers("item")!.entries()) {
        yield { file: slices[item], pieces: deserialize(pieces[r]) as MpdPiece[] };
      }
    }
  };
}

/** The fields of a playlist that `readMpd` needs. */
function neededOf({ pid, modified_at, tracks }: MpdPlaylist): MpdPlaylist {
  return {
    pid,
    modified_at,
    tracks: tracks.map((track) => {
      const { pos, track_uri, track_name, artist_name, album_name, duration_ms } = track ?? {};
      return { pos, track_uri, track_name, artist_name, album_name, duration_ms };
    }),
  };
}
