/**
 * The files of the web app.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A file as it is served. */
export interface Asset {
  /** Content type. */
  type: string;
  /** Content. */
  body: string | Uint8Array<ArrayBuffer>;
}

const FILES: [path: string, type: string, source: URL][] = [
  ["/index.html", "text/html; charset=utf-8", new URL("./web/index.html", import.meta.url)],
  ["/style.css", "text/css; charset=utf-8", new URL("./web/style.css", import.meta.url)],
  ["/app.js", "text/javascript; charset=utf-8", new URL("../../node_modules/.segue-web/app.js", import.meta.url)],
];

/**
 * Reads the files of the web app; `deno task setup` builds the script.
 *
 * @returns Files by path. A file that is not there is left out, and its address answers 404.
 */
export function loadAssets(): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const [path, type, source] of FILES) {
    const file = fileURLToPath(source);
    if (existsSync(file)) assets.set(path, { type, body: readFileSync(file, "utf8") });
  }
  return assets;
}
