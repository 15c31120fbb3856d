import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeSlides, withMath } from "../../lib/jupyter/slides.ts";
import { launchBrowser } from "../service/browser.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** An executed notebook with a title, a formula, a figure behind code, and a cell that is no slide. */
function executedNotebook() {
  const slide = (slide_type: string) => ({ slideshow: { slide_type } });
  const code = (id: string, type: string, data: Record<string, string>) => ({
    ...{ cell_type: "code", execution_count: 1, id, metadata: slide(type), source: "const secret = 1;" },
    outputs: [{ output_type: "display_data", data, metadata: {} }],
  });
  return {
    cells: [
      { cell_type: "markdown", id: "a", metadata: slide("skip"), source: "# Not shown" },
      {
        cell_type: "markdown",
        id: "b",
        metadata: slide("slide"),
        source: "# A title\n\n$$\\frac{a}{b} < 1$$\n\nwith $x_f$.",
      },
      code("c", "slide", { "image/png": PIXEL, "text/plain": "a figure" }),
      code("d", "skip", { "text/markdown": "left out" }),
    ],
    metadata: { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

Deno.test("slides need no network, hide the code, draw formulas, and print to as many pages", async () => {
  const reports = mkdtempSync(join(tmpdir(), "segue-slides-"));
  try {
    mkdirSync(join(reports, "notebooks"));
    writeFileSync(join(reports, "notebooks/09_a.ipynb"), JSON.stringify(executedNotebook()));
    writeFileSync(join(reports, "notebooks/10_b.ipynb"), JSON.stringify({ ...executedNotebook(), cells: [] }));
    const told = await makeSlides(reports);
    assert.deepEqual(told, ["slides/09_a.html", "slides/09_a.pdf"]);
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
      const asked: string[] = [];
      const faults: string[] = [];
      page.on("request", (request) => request.url().startsWith("data:") || asked.push(request.url()));
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      const url = String(pathToFileURL(join(reports, "slides/09_a.html")));
      await page.goto(url);
      await page.waitForSelector(".reveal.ready");
      assert.equal(await page.locator(".slides > section").count(), 2);
      assert.equal(await page.locator("math").count(), 2);
      const text = await page.locator(".slides").innerText();
      assert.ok(/A title/.test(text) && !/secret|Not shown|left out|\$/.test(text), text);
      await page.keyboard.press("ArrowRight");
      assert.ok(await page.locator("section.present img").first().isVisible());
      assert.deepEqual([asked, faults], [[url], []]);
    } finally {
      await browser.close();
    }
    const pdf = Buffer.from(readFileSync(join(reports, "slides/09_a.pdf"))).toString("latin1");
    assert.ok(pdf.startsWith("%PDF-"));
    assert.equal(pdf.match(/\/Type \/Page\b(?!s)/g)?.length, 2);
  } finally {
    rmSync(reports, { recursive: true });
  }
});

Deno.test("withMath() leaves single dollar signs alone and refuses formulas that are none", () => {
  assert.equal(withMath("<p>5 $ a month</p>"), "<p>5 $ a month</p>");
  assert.match(withMath("<p>$a &lt; b$</p>"), /^<p><span class="katex"><math.*<mo>&lt;<\/mo>/);
  assert.throws(() => withMath("$\\frac{a$"));
});
