import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

/** Meant for functions in the cloud; with it the browser dies now and then as it starts. */
const UNSTABLE = "--single-process";
const ATTEMPTS = 3;

/** Starts the headless Chromium that comes inside an npm package. */
export async function launchBrowser(): Promise<Browser> {
  chromium.setGraphicsMode = false;
  const options = {
    executablePath: await chromium.executablePath(),
    args: [
      ...chromium.args.filter((argument) => argument !== UNSTABLE),
      ...["--disable-background-networking", "--disable-component-update", "--no-first-run"],
    ],
    headless: true,
  };
  for (let attempt = 1;; attempt++) {
    try {
      return await playwright.launch(options);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
