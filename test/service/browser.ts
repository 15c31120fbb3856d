import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** Starts the headless Chromium that comes inside an npm package. */
export async function launchBrowser(): Promise<Browser> {
  chromium.setGraphicsMode = false;
  return await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, "--disable-background-networking", "--disable-component-update", "--no-first-run"],
    headless: true,
  });
}
