// Ends a run with one plain line that says how many tests there were. A test
// that did not run is a failure: what could not be shown has not been shown.

/** @implements {import("@playwright/test/reporter").Reporter} */
export default class Summary {
  /** @type {import("@playwright/test").FullConfig | undefined} */
  #config;
  /** @type {import("@playwright/test/reporter").Suite | undefined} */
  #suite;

  /**
   * @param {import("@playwright/test").FullConfig} config
   * @param {import("@playwright/test/reporter").Suite} suite
   */
  onBegin(config, suite) {
    this.#config = config;
    this.#suite = suite;
  }

  /** @param {import("@playwright/test/reporter").FullResult} result */
  onEnd(result) {
    const outcomes = (this.#suite?.allTests() ?? []).map((test) => test.outcome());
    const flaky = outcomes.filter((outcome) => outcome === "flaky").length; // passed when tried again
    const passed = outcomes.filter((outcome) => outcome === "expected").length + flaky;
    const skipped = outcomes.filter((outcome) => outcome === "skipped").length;
    let failed = outcomes.length - passed - skipped;
    if (result.status !== "passed" && failed === 0) failed = 1;
    console.log(`\n${passed} passed, ${failed} failed${flaky ? `, ${flaky} of them when tried again` : ""}${skipped ? `, ${skipped} skipped` : ""}`);
    if (skipped > 0 || passed === 0) return { status: /** @type {const} */ ("failed") };
  }

  printsToStdio() {
    return false;
  }
}
