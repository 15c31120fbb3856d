/**
 * Slides and PDF of executed notebooks: `reports/slides/NAME.html`, one file that needs no network, and `NAME.pdf`.
 *
 * nbconvert makes the slides from the `slideshow` metadata of the cells. Its page would load reveal.js and MathJax from
 * the network, so only the slides are taken from it. We write reveal.js and the font, which come from npm, into the page,
 * and turn formulas into MathML (with KaTeX), which browsers draw themselves.
 */
import katex from "katex";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { writeAtomic } from "../data/atomic.ts";
import { introductionOf, readNotebook } from "./notebook.ts";
import { venvProgram } from "./project.ts";

const require = createRequire(import.meta.url);

/** Size of a slide in CSS pixels, 16 : 9. */
const WIDTH = 1280;
const HEIGHT = 720;

/**
 * Makes slides and PDF of every executed notebook of a report that has slides. Gives a line for each file that was
 * written, or why it was not.
 */
export async function makeSlides(reports: string): Promise<string[]> {
  const notebooks = join(reports, "notebooks");
  if (!existsSync(notebooks)) return [];
  const told: string[] = [];
  for (const file of readdirSync(notebooks).filter((name) => name.endsWith(".ipynb")).sort()) {
    const path = join(notebooks, file);
    const notebook = readNotebook(path);
    if (!notebook.cells.some(({ metadata }) => metadata?.slideshow?.slide_type === "slide")) continue;
    const [html, pdf] = ["html", "pdf"].map((ending) => `slides/${file.replace("ipynb", ending)}`);
    writeAtomic(join(reports, html), slidePage(`${introductionOf(notebook).title} (slides)`, await convert(path)));
    told.push(html, await printPdf(join(reports, html), join(reports, pdf), pdf));
  }
  return told;
}

/** The slides of a notebook as nbconvert writes them: `<section>` in `<section>`. */
async function convert(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    venvProgram("python"),
    ["-m", "nbconvert", "--to", "slides", "--no-input", "--no-prompt", "--stdout", "--log-level=ERROR", path],
    { encoding: "utf8", maxBuffer: 2 ** 29 },
  );
  const from = stdout.indexOf('<div class="slides">');
  const to = stdout.lastIndexOf("</section>");
  if (from < 0 || to < from) throw new Error("Expected slides in what nbconvert wrote but found none");
  return stdout.slice(from + '<div class="slides">'.length, to) + "</section>";
}

/** A page with the slides of nbconvert that needs no other file. */
function slidePage(title: string, slides: string): string {
  const asset = (name: string) => readFileSync(require.resolve(`reveal.js/dist/${name}`), "utf8");
  const script = asset("reveal.js").replace(/\/\/# sourceMappingURL=.*/, "").replaceAll("</script", "<\\/script");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${asset("reset.css")}${asset("reveal.css")}${fontFaces()}${STYLE}</style></head>
<body><div class="reveal"><div class="slides">${withMath(slides)}</div></div>
<script>${script}</script>
<script>Reveal.initialize({ width: ${WIDTH}, height: ${HEIGHT}, margin: 0.04, hash: true, slideNumber: "c/t", transition: "none",
  center: false, pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1 });</script>
</body></html>
`;
}

/** HTML in which the formulas `$…$` and `$$…$$` are turned into MathML. */
export function withMath(html: string): string {
  const render = (tex: string, displayMode: boolean) =>
    katex.renderToString(unescape(tex), { displayMode, output: "mathml", throwOnError: true });
  return html.replace(/\$\$([^$]+)\$\$/g, (_, tex: string) => render(tex, true))
    .replace(/\$([^$\n<]+)\$/g, (_, tex: string) => render(tex, false));
}

function unescape(html: string): string {
  return html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&#39;", "'").replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

function fontFaces(): string {
  return [["400Regular", 400], ["600SemiBold", 600]].map(([name, weight]) => {
    const file = require.resolve(`@expo-google-fonts/inter/${name}/Inter_${name}.ttf`);
    const data = readFileSync(file).toString("base64");
    return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/ttf;base64,${data})}`;
  }).join("\n");
}

/** Prints the slides, one on a page. Chromium comes in an npm package, which works on Linux x64 only. */
async function printPdf(html: string, pdf: string, name: string): Promise<string> {
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    const { chromium: playwright } = await import("playwright-core");
    chromium.setGraphicsMode = false;
    const browser = await playwright.launch({
      executablePath: process.env.SEGUE_CHROMIUM ?? await chromium.executablePath(),
      args: [...chromium.args, "--disable-background-networking", "--no-first-run"],
      headless: true,
    });
    try {
      const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
      await page.goto(`${pathToFileURL(html)}?print-pdf`);
      await page.waitForSelector(".reveal.ready");
      await page.waitForSelector(".pdf-page");
      await page.pdf({ path: `${pdf}.part`, preferCSSPageSize: true, printBackground: true });
      renameSync(`${pdf}.part`, pdf);
      return name;
    } finally {
      await browser.close();
    }
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    return `no ${name}: no Chromium starts here (${reason}); open the HTML with ?print-pdf and print it`;
  }
}

const STYLE = `
@page { margin: 0; }
html, body { background: #fff; }
.reveal { font-family: Inter, Helvetica, Arial, sans-serif; font-size: 27px; color: #202124; }
.reveal .slides { text-align: left; }
.reveal .slides section section { height: ${HEIGHT - 60}px; box-sizing: border-box; padding: 12px 20px 0; }
.reveal h1 { font-size: 64px; font-weight: 600; line-height: 1.15; margin: 180px 0 40px; }
.reveal h2 { font-size: 42px; font-weight: 600; line-height: 1.2; margin: 0 0 22px; color: #0b3d66; }
.reveal p, .reveal li { line-height: 1.45; margin: 0 0 16px; }
.reveal ul { list-style: disc; padding-left: 1.2em; }
.reveal section:not(:has(img, table)) > .jp-Cell { font-size: 36px; }
.reveal strong { font-weight: 600; } .reveal em { font-style: normal; color: #3c4043; }
.reveal img { display: block; max-width: 1200px; width: auto; height: 485px; object-fit: contain; object-position: left; margin: 0 0 6px; }
.reveal table { border-collapse: collapse; font-size: 24px; margin: 0 0 18px; }
.reveal th { font-weight: 600; text-align: left; } .reveal th, .reveal td { padding: 5px 14px 5px 0; border-bottom: 1px solid #dadce0; }
.reveal table:not(:has(tbody tr:nth-child(6))) { font-size: 28px; }
.reveal math[display="block"] { font-size: 1.3em; margin: 28px 0; }
.reveal .slide-number { font-size: 16px; background: none; color: #5f6368; }
.reveal .jp-Cell, .reveal .jp-Cell-outputWrapper { margin: 0; padding: 0; }
.reveal .jp-OutputPrompt, .reveal .jp-InputPrompt, .reveal .jp-Collapser, .reveal .anchor-link { display: none; }
html.reveal-print .reveal .slides .pdf-page > section { padding: 34px 24px 0 48px !important; }
html.reveal-print .reveal img { max-width: 1180px; height: 465px; }
.reveal .controls { color: #0b57d0; font-size: 9px; }
`;
