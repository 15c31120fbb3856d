/** `segue serve`: the HTTP service and its web app. */
import process from "node:process";
import { serve, type ServeOptions } from "../service/server.ts";
import { type CommandResult, DATA, defineCommand, number, text, texts } from "./shared.ts";

/** Where a service listens. */
export const PORT = number("<n>", "TCP port, 0 for any free one", { from: 0, to: 65535, standard: 8787 });

export default defineCommand({
  name: "serve",
  description: "Serve search, sessions and the web app over HTTP until interrupted. The token comes from SEGUE_TOKEN.",
  example: "serve --data data/work/small --port 8787",
  options: {
    data: DATA,
    port: PORT,
    host: text("<address>", "address to listen on; another than this machine's requires SEGUE_TOKEN", "127.0.0.1"),
    liked: texts("<file>", "restrict the service to a library; data/README.md lists the forms"),
    store: text("<file>", "file of the log of sessions and events (default: service.sqlite in the data folder)"),
    rate: number("<n>", "requests a second that one client may make on average", { real: true, above: 0 }),
  },
  run: async ({ data, rate, ...options }) => {
    const token = process.env.SEGUE_TOKEN || undefined;
    return await serveUntilInterrupted(data, { ...options, token, requestsPerSecond: rate });
  },
});

/** Serves a data folder until the process is interrupted. */
export async function serveUntilInterrupted(directory: string, options: ServeOptions): Promise<CommandResult> {
  const service = await serve(directory, options);
  for (const note of service.notes) console.error(`segue: ${note}`);
  console.error(`segue: listening on ${service.url} (interrupt to stop)`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void service.stop());
  await service.finished;
  return { json: { url: service.url, stopped: true }, text: "stopped" };
}
