import { defineConfig } from "@playwright/test";
import { chromium, flags } from "./lib/browser.js";

export default defineConfig({
  testDir: "tests",
  outputDir: "results",
  globalSetup: "./lib/setup.js",
  // Pictures are encoded in software: two calls at once would starve each other.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  // Pictures of every page and state take minutes: make pictures.
  grep: process.env.FOYER_PICTURES ? /@pictures/ : undefined,
  grepInvert: process.env.FOYER_PICTURES ? undefined : /@pictures/,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [["list"], ["./lib/reporter.js"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromium(), args: flags() },
  },
});
