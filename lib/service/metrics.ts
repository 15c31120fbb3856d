/** Prometheus metrics of the service. */
import type { Handler, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import process from "node:process";
import type { Sessions } from "./sessions.ts";

/** Middleware that counts and times every request, and the page that Prometheus reads. */
export function createMetrics(sessions: Sessions): { middleware: MiddlewareHandler; page: Handler } {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ["method", "route", "status"] as const;
  const requests = new Counter({ name: "segue_requests_total", help: "Requests answered", labelNames, registers });
  const seconds = new Histogram({
    name: "segue_request_seconds",
    help: "Time to answer a request",
    labelNames: ["route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const gauges: [name: string, help: string, value: () => number][] = [
    ["segue_listeners_in_memory", "Listeners whose state is in memory", () => sessions.listenerCount],
    ["segue_sessions_in_memory", "Sessions whose state is in memory", () => sessions.sessionCount],
    ["process_resident_memory_bytes", "Resident memory", () => process.memoryUsage().rss],
    ["segue_heap_used_bytes", "Memory of V8's heap that is in use", () => process.memoryUsage().heapUsed],
    ["segue_external_memory_bytes", "Memory of typed arrays", () => process.memoryUsage().external],
  ];
  for (const [name, help, value] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  }
  return {
    middleware: async (c, next) => {
      const start = performance.now();
      await next();
      const route = matchedRoutes(c).find(({ path }) => !path.endsWith("*"))?.path ?? "other";
      requests.inc({ method: c.req.method, route, status: c.res.status });
      seconds.observe({ route }, (performance.now() - start) / 1000);
    },
    page: async (c) => c.text(await registry.metrics(), 200, { "content-type": registry.contentType }),
  };
}
