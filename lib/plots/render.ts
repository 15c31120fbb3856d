/** Rendering Vega-Lite specifications to SVG and PNG without a browser. */
import { Resvg } from "@resvg/resvg-js";
import { createRequire } from "node:module";
import { logger, None, parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Spec } from "./theme.ts";

/** A logger that prints nothing and throws every error. */
const QUIET = Object.assign(logger(None), {
  error(...messages: readonly unknown[]) {
    throw new Error(messages.join(" "));
  },
});

const FONT_FILES = ["400Regular/Inter_400Regular", "500Medium/Inter_500Medium", "600SemiBold/Inter_600SemiBold"];

/** Draws a Vega-Lite v5 specification as an SVG document; throws when it does not compile. */
export async function renderSvg(spec: Spec): Promise<string> {
  const compiled = compile(spec as unknown as TopLevelSpec, { logger: QUIET });
  const view = new View(parse(compiled.spec), { renderer: "none", logger: QUIET });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/**
 * Turns an SVG document into a PNG file with twice the pixels. The font comes with the project, so that the figure looks
 * the same on every machine.
 */
export function svgToPng(svg: string): Uint8Array {
  const require = createRequire(import.meta.url);
  const fontFiles = FONT_FILES.map((name) => require.resolve(`@expo-google-fonts/inter/${name}.ttf`));
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: 2 },
    background: "#ffffff",
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: "Inter" },
  });
  return image.render().asPng();
}
