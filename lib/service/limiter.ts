/**
 * A limit on the requests of one client: a bucket of tokens that fills at the allowed rate.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";

/** Seconds of the allowed rate that a client may use up at once. */
const BURST_SECONDS = 5;
/** Clients remembered; when there are more, those whose bucket is full are forgotten. */
const MOST_CLIENTS = 10_000;

/**
 * Makes the middleware. Clients are told apart by their address.
 *
 * @param requestsPerSecond Average rate.
 * @param now Reads the clock, ms since 1970.
 * @returns Middleware that answers 429 with `retry-after` beyond the limit.
 */
export function createLimiter(requestsPerSecond: number, now: () => number): MiddlewareHandler {
  const most = requestsPerSecond * BURST_SECONDS;
  const buckets = new Map<string, { tokens: number; at: number }>();
  return async (c, next) => {
    const time = now();
    const client = addressOf(c);
    const bucket = buckets.get(client) ?? { tokens: most, at: time };
    bucket.tokens = Math.min(most, bucket.tokens + (time - bucket.at) / 1000 * requestsPerSecond);
    bucket.at = time;
    buckets.set(client, bucket);
    if (buckets.size > MOST_CLIENTS) {
      for (const [name, { at }] of buckets) if ((time - at) / 1000 > BURST_SECONDS) buckets.delete(name);
    }
    if (bucket.tokens < 1) {
      c.header("retry-after", String(Math.ceil((1 - bucket.tokens) / requestsPerSecond)));
      return c.json({ error: "too many requests" }, 429);
    }
    bucket.tokens--;
    await next();
  };
}

/** The address that the server saw; the same for all where there is none, as in tests. */
function addressOf(c: Context): string {
  const info = c.env as { remoteAddr?: { hostname?: string } } | undefined;
  return info?.remoteAddr?.hostname ?? "local";
}
