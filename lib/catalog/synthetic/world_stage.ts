/**
 * The stage that makes a synthetic world: a dirty CSV file, the clean catalogue that ingesting it gives, and playlists.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expectInteger } from "../../data/errors.ts";
import { startProgress } from "../../data/progress.ts";
import { writeAtomic } from "../../data/atomic.ts";
import { type Rerun, runStage, type StageReport } from "../../data/stages.ts";
import { type Form, formNamed, FORMS } from "../forms.ts";
import { ingestStage } from "../ingest.ts";
import { SUBGENRES } from "./calibration.ts";
import { worldLines } from "./forms.ts";
import { mpdSlices, sliceNames } from "./mpd.ts";
import { PLAYLIST_PROCESS, type PlaylistGenerator, playlistGenerator } from "./playlists.ts";
import { trackTable } from "./table.ts";
import { planArtists, worldTracks } from "./tracks.ts";

/** What kind of world to make. */
export interface WorldOptions extends Rerun {
  /** Number of tracks, at least 100. Default 20,000. */
  tracks?: number;
  /** Seed: the same seed gives the same bytes. Default 42. */
  seed?: number;
  /** Number of playlists, 0 for none; by default 2,000 for 20,000 tracks, growing with the power 0.4 of their number. */
  playlists?: number;
  /** Name of the form that the CSV file has. Default `"segue"`, our own. */
  form?: string;
  /** The known forms. Default {@linkcode FORMS}. */
  forms?: readonly Form[];
}

/**
 * Stage `world`: makes a synthetic world, then ingests it. Writes `raw/catalog.csv` (dirty, as the public files are),
 * `playlists/mpd.slice.*.json` and `playlists/truth.json` (the process they come from), and through stage `ingest`
 * `tracks.parquet` and `rejects.csv`. The tables in memory take about 60 bytes a track; the files are streamed.
 *
 * @param directory The data folder; made when missing.
 * @returns The report; its facts count tracks, rows, artists and playlists.
 * @throws {InputError} When a number is out of range, or there is no such form.
 *
 * @example
 * ```ts no-eval
 * import { worldStage } from "./world_stage.ts";
 *
 * await worldStage("data/work/small", { tracks: 2000, seed: 42 });
 * ```
 */
export async function worldStage(directory: string, options: WorldOptions = {}): Promise<StageReport> {
  const tracks = expectInteger("tracks", options.tracks ?? 20000, 100, 20_000_000);
  const seed = expectInteger("seed", options.seed ?? 42, 0, 2 ** 31 - 1);
  const playlists = expectInteger(
    "playlists",
    options.playlists ?? Math.round(2000 * (tracks / 20000) ** 0.4),
    0,
    10_000_000,
  );
  const { forms = FORMS, force } = options;
  const form = formNamed(options.form ?? "segue", forms);
  const slices = sliceNames(playlists).map((name) => `playlists/${name}`);
  const report = await runStage(directory, {
    name: "world",
    inputs: [],
    parameters: { tracks, seed, playlists, form: form.name, version: WORLD_VERSION, process: PLAYLIST_PROCESS },
    outputs: [CATALOG, ...slices, ...(playlists > 0 ? [TRUTH] : [])],
    force,
    run: () => makeWorld(directory, { tracks, seed, playlists, form }),
  });
  await ingestStage(directory, { files: [join(directory, CATALOG)], forms, force });
  return report;
}

/** Raised when the same seed gives another world than before. */
const WORLD_VERSION = 6;
const CATALOG = "raw/catalog.csv";
const TRUTH = "playlists/truth.json";

function makeWorld(
  directory: string,
  { tracks, seed, playlists, form }: { tracks: number; seed: number; playlists: number; form: Form },
): Record<string, number> {
  const artists = planArtists(tracks, seed);
  const { table, enter } = trackTable(artists, tracks);
  const progress = startProgress("tracks", tracks);
  // The header is no row.
  let rows = -1;
  const lines = seeEach(worldLines(artists, seeEach(worldTracks(artists, seed), enter), form, seed), () => {
    if (++rows % 1000 === 0) progress.update(Math.min(rows, tracks));
  });
  writeAtomic(join(directory, CATALOG), lines);
  progress.stop();
  const folder = join(directory, "playlists");
  rmSync(folder, { recursive: true, force: true });
  if (playlists === 0) return { tracks, rows, artists: artists.names.length, playlists, positions: 0 };
  const generator = playlistGenerator(table, seed);
  let positions = 0;
  const drafts = seeEach(generator.draw(playlists), (draft) => positions += draft.tracks.length);
  for (const { name, parts } of mpdSlices(drafts, playlists, generator, table, seed)) {
    writeAtomic(join(folder, name), parts);
  }
  writeAtomic(
    join(directory, TRUTH),
    JSON.stringify(truthOf(generator, { tracks, seed, playlists, positions }), null, 2) + "\n",
  );
  return { tracks, rows, artists: artists.names.length, playlists, positions };
}

/** The process behind the playlists, for whoever wants to hold a model against it. */
function truthOf(generator: PlaylistGenerator, sizes: Record<string, number>): Record<string, unknown> {
  return {
    about: "Parameters of the process that made the playlists; it is described in lib/catalog/world/playlists.ts",
    ...sizes,
    process: PLAYLIST_PROCESS,
    flatHead: generator.flatHead,
    scenes: generator.scenes.map((scene, s) => ({
      scene: s,
      genre: SUBGENRES[scene.subgenre].genre,
      subgenre: SUBGENRES[scene.subgenre].name,
      era: scene.era,
      drive: scene.drive,
      groove: scene.groove,
      tracks: scene.members.length,
      next: generator.nextScene[s],
    })),
  };
}

/** Passes items on, after a look at each. */
function* seeEach<T>(items: Iterable<T>, see: (item: T) => void): Generator<T> {
  for (const item of items) {
    see(item);
    yield item;
  }
}
