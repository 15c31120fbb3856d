import axe from "axe-core";
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { createApp } from "../../lib/service/app.ts";
import { buildSearchIndex, SearchIndex } from "../../lib/service/search.ts";
import { Sessions } from "../../lib/service/sessions.ts";
import { Store } from "../../lib/service/store.ts";
import { launchBrowser } from "./browser.ts";
import { smallCollection } from "./small_world.ts";

/** The app over a real server, and one real browser for all pages. */
async function withApp(use: (browser: Browser, url: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "segue-web-"));
  const collection = smallCollection();
  buildSearchIndex(join(folder, "s.sqlite"), collection.catalog);
  const search = new SearchIndex(join(folder, "s.sqlite"), collection.catalog);
  const store = new Store(":memory:");
  const sessions = new Sessions(collection, store);
  const app = createApp({
    ...{ collection, search, store, sessions, map: collection.embedding.data, now: Date.now },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, info) => app.fetch(request, info),
  );
  const browser = await launchBrowser();
  try {
    await use(browser, `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
  } finally {
    await browser.close();
    await server.shutdown();
    store.close();
    search.close();
    rmSync(folder, { recursive: true });
  }
}

/** A page of a browser that knows of no other. */
async function withPage(
  browser: Browser,
  url: string,
  look: { viewport: { width: number; height: number }; colorScheme: "light" | "dark" },
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ ...look, acceptDownloads: true });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  // The app takes the seed of a session from the clock: a clock that stands gives the same session every time.
  await page.clock.setFixedTime("2026-03-01T18:00:07Z");
  await page.goto(url);
  await use(page);
  await page.close();
  assert.deepEqual(faults, []);
}

/** Presses Tab until an element with this name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
    });
    if (name.test(focused)) return;
  }
  throw new Error(`No element named ${name} can be reached by Tab`);
}

async function seriousViolations(page: Page): Promise<string[]> {
  // Playwright evaluates past the page's content security policy, as an extension would.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    })
      .axe.run()
  );
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`);
}

const status = (page: Page) => page.locator(".status").textContent();
const eventually = async (page: Page, check: () => Promise<boolean>, what: string) => {
  for (let wait = 0; wait < 100; wait++) {
    if (await check()) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`${what}; status: ${await status(page)}`);
};

const LOOKS = [
  ["desktop", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
  ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
] as const;

Deno.test("with the keyboard alone: search, Smart Shuffle, why, skip, like, undo, export", async (t) => {
  await withApp(async (browser, url) => {
    for (const [name, look] of LOOKS) {
      await t.step(`on a ${name}`, () => withPage(browser, url, look, playByKeyboard));
    }
  });
});

async function playByKeyboard(page: Page): Promise<void> {
  assert.deepEqual(await seriousViolations(page), []);
  await page.getByRole("combobox").focus();
  await page.keyboard.type("wonderful");
  await page.getByRole("option", { name: /Wonderful Day/ }).first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  const playing = page.locator(".now h2");
  await eventually(page, async () => (await playing.textContent()) === "Wonderful Day", "the chosen track plays");
  assert.equal(await page.locator(".queue > li").count(), 11);

  await tabTo(page, /^Why /);
  await page.keyboard.press("Enter");
  assert.match((await page.locator(".reasons:visible p").first().textContent())!, /sound \(0\.\d\d\)/);
  assert.deepEqual(await seriousViolations(page), []);
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    "nothing sticks out sideways",
  );

  const ahead = await page.locator(".queue > li .title").nth(1).textContent();
  await page.getByRole("button", { name: "Skip" }).focus();
  await page.keyboard.press("Enter");
  await eventually(page, async () => (await status(page)) === "Skipped Wonderful Day", "a skip is acknowledged");
  assert.notEqual(await playing.textContent(), "Wonderful Day");
  await page.getByRole("button", { name: /Like/ }).focus();
  await page.keyboard.press("Enter");
  await eventually(page, async () => /^Liked: /.test((await status(page))!), "a like is acknowledged");
  assert.equal(await page.getByRole("button", { name: /Liked/ }).getAttribute("aria-pressed"), "true");
  await page.getByRole("button", { name: "Undo" }).focus();
  await page.keyboard.press("Enter");
  await eventually(page, async () => (await playing.textContent()) === "Wonderful Day", "undo goes back");
  assert.ok(ahead);

  const first = page.locator(".likely .number").first();
  const chance = await first.textContent();
  await page.getByRole("slider", { name: /Temperature/ }).focus();
  for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowLeft");
  await eventually(page, async () => (await first.textContent()) !== chance, "the slider moves the probabilities");

  const titles = () => page.locator(".queue > li .title").allTextContents();
  const before = {
    queue: await titles(),
    temperature: await page.getByRole("slider", { name: /Temperature/ }).inputValue(),
  };
  await page.reload();
  await page.locator(".queue > li").first().waitFor();
  assert.deepEqual(await titles(), before.queue, "a page that is loaded anew goes on with its session");
  assert.equal(await page.getByRole("slider", { name: /Temperature/ }).inputValue(), before.temperature);
  assert.equal(await page.getByRole("button", { name: /^Why / }).count(), before.queue.length - 1);

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export M3U8" }).focus();
  await page.keyboard.press("Enter");
  const file = readFileSync((await (await download).path())!, "utf8");
  assert.match(file, /^#EXTM3U\n[\s\S]*Wonderful Day/);
  // While the file is saved the buttons wait.
  const compare = page.getByRole("button", { name: "Compare with vanilla shuffle" });
  await eventually(page, () => compare.isEnabled(), "the file is saved");
  await compare.press("Enter");
  await page.getByRole("heading", { name: "Vanilla shuffle" }).waitFor();
  assert.deepEqual(await seriousViolations(page), []);
}
