import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../service/browser.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** JupyterLab as `deno task lab` starts it, on a folder of its own. */
async function startLab(folder: string, data: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const lab = spawn(process.execPath, [
    ...["run", "-A", join(ROOT, "lib/jupyter/lab.ts"), "--no-browser", "--allow-root", "--ServerApp.port=0"],
    `--notebook-dir=${folder}`,
  ], { env: { ...process.env, SEGUE_DATA: data, SEGUE_REPORTS: join(data, "reports") }, detached: true });
  const ended = new Promise((resolve) => lab.on("exit", resolve));
  const stop = async () => {
    if (lab.exitCode === null) process.kill(-lab.pid!, "SIGTERM");
    await ended;
  };
  let output = "";
  for (const stream of [lab.stdout, lab.stderr]) stream.on("data", (text) => output += text);
  for (let wait = 0; wait < 300; wait++) {
    const url = /http:\/\/127\.0\.0\.1:\d+\/lab\?token=\w+/.exec(output)?.[0];
    if (url) return { url, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`JupyterLab told no address: ${output}`);
}

Deno.test("a notebook opened in JupyterLab runs to its end and draws its figures in the browser", async () => {
  const folder = mkdtempSync(join(ROOT, "notebooks/.lab-"));
  const data = mkdtempSync(join(tmpdir(), "segue-lab-"));
  const notebook = readFileSync(join(ROOT, "notebooks/01_data_and_features.ipynb"), "utf8")
    .replaceAll("../lib/", "../../lib/").replace("tracks: 20000", "tracks: 400");
  writeFileSync(join(folder, "01.ipynb"), notebook);
  let lab: { url: string; stop: () => Promise<void> } | undefined;
  const browser = await launchBrowser();
  try {
    lab = await startLab(folder, data);
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    await page.goto(lab.url.replace("/lab?", "/lab/tree/01.ipynb?"));
    await page.getByText("Deno | Idle").waitFor({ timeout: 60_000 });
    await page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await page.getByText("Run All Cells", { exact: true }).click();
    const last = JSON.parse(notebook).cells.filter((cell: { cell_type: string }) => cell.cell_type === "code").length;
    await page.locator(".jp-CodeCell .jp-InputPrompt").getByText(`[${last}]:`).waitFor({ timeout: 120_000 });
    const faults = page.locator('[data-mime-type$="jupyter.stderr"], [data-mime-type$="jupyter.error"]');
    assert.deepEqual(await faults.allTextContents(), []);
    assert.ok(await page.locator(".vega-embed svg, .vega-embed canvas").count() >= 5);
    assert.equal(await page.getByText("official Jupyter news").count(), 0);
  } finally {
    await browser.close();
    await lab?.stop();
    rmSync(folder, { recursive: true });
    rmSync(data, { recursive: true, force: true });
  }
});
