// The check of the connection and the devices, in a dialog.

import { Check } from "../core/check.js";
import { LevelMeter } from "../core/level.js";
import { isKey, t } from "../core/text.js";
import { byId, icon, within } from "./dom.js";
import { closable } from "./options.js";

/** @typedef {import("../core/check.js").Result} Result */

/** @type {Record<Result["state"], string>} */
const icons = { waiting: "clock", running: "clock", good: "circle-check", fair: "circle-alert", bad: "circle-x", left_out: "minus" };

export class CheckDialog {
  #dialog = byId("check", HTMLDialogElement);
  #steps = byId("check-steps", HTMLElement);
  #summary = byId("check-summary", HTMLElement);
  #again = byId("check-again", HTMLButtonElement);
  #check;

  /** @param {Omit<import("../core/check.js").Around, "listen" | "online">} around */
  constructor(around) {
    this.#check = new Check({ ...around, listen, online: () => navigator.onLine });
    this.#check.on("change", (results) => this.#show(results));
    closable(this.#dialog);
    this.#dialog.addEventListener("close", () => this.#check.stop());
    this.#again.addEventListener("click", () => this.#run());
    for (const button of document.querySelectorAll("button[data-check]")) button.addEventListener("click", () => this.open());
  }

  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#run();
  }

  close() {
    this.#dialog.close();
  }

  #run() {
    void this.#check.run();
  }

  /** @param {Result[]} results */
  #show(results) {
    this.#again.toggleAttribute("data-busy", !this.#check.done);
    this.#again.ariaDisabled = String(!this.#check.done);
    const summary = this.#check.done ? t(`check.all_${worst(results)}`) : t("check.running");
    if (this.#summary.textContent !== summary) this.#summary.textContent = summary;
    for (const [i, result] of results.entries()) {
      const before = this.#steps.children[i];
      const line = drawn(result);
      if (!before) this.#steps.append(line);
      else if (!before.isEqualNode(line)) before.replaceWith(line);
    }
  }
}

/** @param {Result[]} results */
function worst(results) {
  return results.some(({ state }) => state === "bad") ? "bad" : results.some(({ state }) => state === "fair") ? "fair" : "good";
}

/** @param {Result} result */
function drawn({ step, state, finding }) {
  const line = document.createElement("li");
  line.className = `check-step ${state}`;
  line.dataset.step = step;
  line.dataset.finding = finding;
  line.append(icon(icons[state]));
  const text = document.createElement("div");
  const title = document.createElement("p");
  title.className = "check-title";
  title.textContent = t(`check.${step}`);
  const stands = document.createElement("span");
  stands.className = "visually-hidden";
  stands.textContent = `: ${t(`check.state_${state}`)}`;
  title.append(stands);
  text.append(title);
  for (const key of [`check.${finding}`, `check.${finding}_do`]) {
    if (!finding || !isKey(key)) continue;
    const sentence = document.createElement("p");
    sentence.textContent = t(key);
    text.append(sentence);
  }
  line.append(text);
  return line;
}

/**
 * Listens to a copy of a track: the page may turn its own off meanwhile.
 * @param {MediaStreamTrack} track
 */
function listen(track) {
  const meter = new LevelMeter();
  const copy = track.clone();
  copy.enabled = true;
  meter.listen(copy);
  return {
    samples: () => meter.samples(),
    close: () => {
      meter.close();
      copy.stop();
    },
  };
}
