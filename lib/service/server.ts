/** Starts the service on a data folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../data/errors.ts";
import { loadSequenceTerm, serveSequenceTerm } from "../hybrid/sequence_term.ts";
import { openPredictor } from "../sequence/predict.ts";
import { readLibrary } from "../listening/library.ts";
import { locateFiles, unmovedNote } from "../listening/locations.ts";
import { restrictCollection } from "../score/collection.ts";
import { readNpyMatrix } from "../data/npy.ts";
import { type Continuation, createApp } from "./app.ts";
import { SEARCH_FILE, SearchIndex, searchStage } from "./search.ts";
import { Sessions } from "./sessions.ts";
import { readSnapshot, snapshotStage } from "./snapshot.ts";
import { Store } from "./store.ts";

/** Options of a service. */
export interface ServeOptions {
  /** TCP port; 0 lets the system choose. */
  port?: number;
  /** Address to listen on; only this machine by default. */
  host?: string;
  /** Bearer token; required when `host` is not this machine. */
  token?: string;
  /** File of the log; `service.sqlite` in the data folder by default. */
  store?: string;
  /** A listener's library, as `segue shuffle --liked` reads it: the files. */
  liked?: readonly string[];
  /** Requests a second of one client on average; no limit by default. */
  requestsPerSecond?: number;
  /** Reads the clock, ms since 1970; the system's by default. */
  now?: () => number;
}

const LOCAL = ["127.0.0.1", "localhost", "::1"];

/**
 * Loads a data folder and serves it.
 *
 * @param directory The data folder, with everything up to `graph.npz`.
 * @returns Where it listens, e.g. `http://127.0.0.1:8787`; what is to be told of the library, a line each; what stops it
 * when the requests under way are answered; and `finished`, which settles when the log is closed.
 * @throws {InputError} When a file or a required token is missing, the disk refuses a write, or the port is taken.
 */
export async function serve(
  directory: string,
  options: ServeOptions = {},
): Promise<{ url: string; notes: readonly string[]; stop(): Promise<void>; finished: Promise<void> }> {
  const { port = 8787, host = "127.0.0.1", token } = options;
  if (!LOCAL.includes(host) && !token) {
    throw new InputError(
      `Expected a token when listening on ${host} but found none; set SEGUE_TOKEN or listen on 127.0.0.1`,
    );
  }
  await makeFiles(directory);
  const whole = readSnapshot(directory);
  const library = options.liked && readLibrary(whole, options.liked);
  const files = library && locateFiles(library.locations, undefined);
  const collection = library ? await restrictCollection(whole, library.tracks) : whole;
  const search = new SearchIndex(join(directory, SEARCH_FILE), collection.catalog);
  search.warmUp();
  const store = new Store(options.store ?? join(directory, "service.sqlite"));
  const term = await loadSequenceTerm(directory);
  const app = createApp({
    collection,
    search,
    store,
    sessions: new Sessions(collection, store, term && serveSequenceTerm(term)(collection)),
    map: readMap(join(directory, "umap.npy"), collection.trackCount),
    clusterDescriptions: readDescriptions(join(directory, "clusters.json")),
    continuation: await loadContinuation(directory),
    files: files?.paths,
    token,
    requestsPerSecond: options.requestsPerSecond,
    now: options.now ?? Date.now,
  });
  const server = listen(host, port, app.fetch);
  const address = server.addr as Deno.NetAddr;
  return {
    url: `http://${address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname}:${address.port}`,
    notes: [
      ...library?.notes ?? [],
      ...files?.unmoved.size ? [unmovedNote(files.unmoved.size, files.paths.size)] : [],
    ],
    stop: () => server.shutdown(),
    finished: server.finished.then(() => {
      store.close();
      search.close();
    }),
  };
}

/** Makes the files of the service in the data folder; InputError when the disk refuses them. */
async function makeFiles(directory: string): Promise<void> {
  try {
    await searchStage(directory);
    await snapshotStage(directory);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (!["EROFS", "EACCES", "EPERM", "ENOSPC", "ERR_SQLITE_ERROR"].includes(code ?? "")) throw error;
    throw new InputError(
      `${directory}: cannot be written (${message}); the service keeps its search index and snapshot there: ` +
        "make room, or copy the folder to where you may write",
    );
  }
}

function listen(host: string, port: number, handler: Deno.ServeHandler): Deno.HttpServer {
  try {
    return Deno.serve({ hostname: host, port, onListen: () => {} }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new InputError(`Port ${port} on ${host} is taken; choose another with --port, or 0 for any free one`);
  }
}

/** The sequence model of the data folder; undefined when none was trained. */
async function loadContinuation(directory: string): Promise<Continuation | undefined> {
  if (!existsSync(join(directory, "sasrec", "model.json"))) return undefined;
  const predictor = await openPredictor(directory);
  return (trackIds, k) =>
    predictor.predict(trackIds, k).map(({ trackId, uri, title, artist, probability }) => ({
      track_id: uri ?? trackId,
      title: title ?? null,
      artist: artist ?? null,
      probability,
    }));
}

function readMap(path: string, rows: number): Float32Array | undefined {
  if (!existsSync(path)) return undefined;
  const map = readNpyMatrix(path);
  if (map.rows !== rows) throw new InputError(`${path}: expected ${rows} rows but found ${map.rows}; make it again`);
  return map.data;
}

function readDescriptions(path: string): string[] {
  if (!existsSync(path)) return [];
  const { clusters } = JSON.parse(readFileSync(path, "utf8")) as { clusters: { description: string }[] };
  return clusters.map(({ description }) => description);
}
