/** What every request passes before it is answered: headers, the token, limits; and how failures are answered. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { timeout } from "hono/timeout";
import { InputError } from "../data/errors.ts";
import { SessionError } from "./sessions.ts";
import { StoreError } from "./store.ts";

const LARGEST_BODY = 64 * 1024;
const LONGEST_REQUEST_MS = 10_000;
/** A client may use up the allowed rate of this many seconds at once. */
const BURST_SECONDS = 5;
/** When more clients than this are remembered, those who may send a full burst again are forgotten. */
const MOST_CLIENTS = 10_000;

/** How requests are limited. */
export interface GuardOptions {
  /** A bearer token that every request must carry; none when left out. */
  token?: string;
  /** Requests a second that one client may make on average; no limit when left out. */
  requestsPerSecond?: number;
  /** Reads the clock, ms since 1970. */
  now: () => number;
}

/** Puts the guards before all addresses of an application. */
export function addGuards(app: OpenAPIHono, { token, requestsPerSecond, now }: GuardOptions): void {
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      // A notebook shows the app in a frame; only pages of this machine may.
      frameAncestors: ["'self'", "http://localhost:*", "http://127.0.0.1:*"],
    },
    xFrameOptions: false,
  }));
  if (requestsPerSecond) app.use(limitRate(requestsPerSecond, now));
  if (token) app.use("/api/*", bearerAuth({ token }));
  else app.use(refuseOtherNames);
  app.use("/api/*", timeout(LONGEST_REQUEST_MS));
  const tooLarge = (c: Context) => c.json({ error: `request body is over ${LARGEST_BODY} bytes` }, 413);
  app.use("/api/*", bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge }));

  app.onError((error, c) => {
    if (error instanceof SessionError) return c.json({ error: error.message }, error.status);
    if (error instanceof InputError) return c.json({ error: error.message }, 422);
    if (error instanceof StoreError) return c.json({ error: error.message }, 503);
    if (error instanceof HTTPException) {
      const challenge = error.getResponse().headers.get("www-authenticate");
      if (challenge) c.header("www-authenticate", challenge);
      return c.json({ error: error.message || "request refused" }, error.status);
    }
    console.error(error);
    return c.json({ error: "internal error" }, 500);
  });
  app.notFound((c) => c.json({ error: "no such address" }, 404));
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed(c, methods) {
      const allowed = methods.filter((method) => method !== "HEAD").join(", ");
      return c.json({ error: `no method ${c.req.method} here, only ${allowed}` }, 405, { allow: allowed });
    },
  }));
}

/**
 * Answers 429 with `retry-after` to a client who makes too many requests. Each client, told by the address, has a bucket
 * of tokens that fills at the allowed rate; a request takes one.
 */
function limitRate(requestsPerSecond: number, now: () => number): MiddlewareHandler {
  const most = requestsPerSecond * BURST_SECONDS;
  const buckets = new Map<string, { tokens: number; at: number }>();
  return async (c, next) => {
    const time = now();
    // In tests there is no address: all requests come from one client.
    const client: string = c.env?.remoteAddr?.hostname ?? "local";
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

/**
 * Without a token the service answers only to names of this machine. Otherwise a page of the web could make its own name
 * point to this machine after it was loaded (DNS rebinding), and read what listeners played.
 */
const refuseOtherNames: MiddlewareHandler = async (c, next) => {
  const host = c.req.header("host") ?? "localhost";
  if (/^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host)) return await next();
  return c.json({ error: "without a token the service answers to localhost and 127.0.0.1 only" }, 421);
};
