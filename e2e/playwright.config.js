import { defineConfig } from "@playwright/test";
import { chromium, flags } from "./lib/browser.js";

/** The main paths, for a routine run of minutes: make e2e. All the others too: make e2e-all. */
const mainPaths = ["accounts", "call", "firefox", "invitations", "removal", "rooms", "shortcuts"].map((name) => `**/${name}.spec.js`);

const pictures = Boolean(process.env.FOYER_PICTURES);
const all = pictures || Boolean(process.env.FOYER_ALL);

export default defineConfig({
  testDir: "tests",
  testMatch: all ? "**/*.spec.js" : mainPaths,
  outputDir: "results",
  globalSetup: "./lib/setup.js",
  // Pictures are encoded in software: two calls at once would starve each other.
  workers: 1,
  fullyParallel: false,
  // Some tests hold a second, and a machine that encodes for several people at once is late at times: what failed is tried
  // again, and counted apart.
  retries: 2,
  // Pictures of every page and state take minutes: make pictures.
  grep: pictures ? /@pictures/ : undefined,
  grepInvert: pictures ? undefined : /@pictures/,
  forbidOnly: Boolean(process.env.CI),
  // A test takes seconds; a small machine that does other things too takes many times as long. No test passes for having waited longer.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: [["list"], ["./lib/reporter.js"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    actionTimeout: 60_000,
    navigationTimeout: 90_000,
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromium(), args: flags() },
  },
});
