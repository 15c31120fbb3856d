/**
 * The ceiling of the service benchmark: the same server and framework, which reads the same requests and answers each
 * with a constant. `deno run -A test/bench/service_ceiling.ts ANSWER`, with the JSON text of the answer.
 */
import { Hono } from "hono";
import process from "node:process";

const answer = JSON.parse(process.argv[2]);
const app = new Hono();
app.post("/api/sessions", async (c) => c.json({ id: "0", options: await c.req.json() }));
app.post("/api/sessions/:id/next", async (c) => {
  await c.req.json();
  return c.json(answer);
});
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
console.error(`listening on http://127.0.0.1:${server.addr.port}`);
process.once("SIGINT", () => void server.shutdown());
