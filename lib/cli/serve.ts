/**
 * `segue serve`: the HTTP service and its web app.
 *
 * @module
 */
import type { Command } from "commander";
import process from "node:process";
import { serve } from "../service/server.ts";
import { defineCommand, numberOption, onRun } from "./shared.ts";

interface Options {
  data: string;
  port: number;
  host: string;
  liked?: string;
  store?: string;
  rate?: number;
}

/** The command. */
export default function serveCommand(): Command {
  const command = defineCommand(
    "serve",
    "Serve search, sessions and the web app over HTTP until interrupted. The token comes from SEGUE_TOKEN.",
    "serve --data data/work/small --port 8787",
  )
    .requiredOption("--data <dir>", "data folder with tracks.parquet, graph.npz and the embedding")
    .option("--port <n>", "TCP port, 0 for any free one", numberOption("--port"), 8787)
    .option("--host <address>", "address to listen on; another than this machine's requires SEGUE_TOKEN", "127.0.0.1")
    .option("--liked <file>", "restrict the service to a library: ids, CSV, YourLibrary.json or M3U8")
    .option("--store <file>", "file of the log of sessions and events (default: service.sqlite in the data folder)")
    .option("--rate <n>", "requests a second that one client may make on average", numberOption("--rate"));
  return onRun<Options>(command, async ({ data, port, host, liked, store, rate }) => {
    const token = process.env.SEGUE_TOKEN || undefined;
    const service = await serve(data, { port, host, token, liked, store, requestsPerSecond: rate });
    console.error(`segue: listening on ${service.url} (interrupt to stop)`);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void service.stop());
    await service.finished;
    return { json: { url: service.url, stopped: true }, text: "stopped" };
  });
}
