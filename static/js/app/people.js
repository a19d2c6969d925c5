// The panel of people: who waits, whose hands are up, who is in the call, and what
// one may do with all of them.

import { inOrder } from "../core/hands.js";
import { t } from "../core/text.js";
import { ask } from "./ask.js";
import { byId, onPress, within } from "./dom.js";
import { keepFocus } from "./focus.js";
import { keyed } from "./keyed.js";
import { menuButton } from "./menu.js";
import { Panel } from "./panels.js";
import { Person, copy, face } from "./person.js";
import { words } from "./words.js";

/** @typedef {import("../core/events.js").Waiting} Waiting */
/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("../core/roster.js").Roster} Roster */
/** @typedef {import("../core/moderation.js").Moderation} Moderation */

/** With fewer people in the call nobody has to be searched for. */
const searchFrom = 9;

export class People {
  #panel;
  #title = byId("people-title", HTMLElement);
  #section = byId("people-waiting", HTMLElement);
  #waitingList = byId("waiting-list", HTMLElement);
  #expectedSection = byId("people-expected", HTMLElement);
  #expectedList = byId("expected-list", HTMLElement);
  #handsSection = byId("people-hands", HTMLElement);
  #handsList = byId("hands-list", HTMLElement);
  #inList = byId("in-list", HTMLElement);
  #search = byId("people-search", HTMLInputElement);
  #none = byId("people-none", HTMLElement);
  #admitAll = byId("admit-all", HTMLButtonElement);
  #muteAll = byId("mute-all", HTMLButtonElement);
  #lowerAll = byId("lower-hands", HTMLButtonElement);
  #opener = byId("bar-people", HTMLButtonElement);
  #roster;
  #moderation;
  #person;
  /** @type {Waiting[]} */
  #waiting = [];
  /** @type {Waiting[]} */
  #expected = [];
  #drawing = false;

  /**
   * @param {Roster} roster
   * @param {Moderation} moderation
   * @param {(open: boolean) => void} shown told when the panel opens and closes
   * @param {(name: string) => void} stillHeard told of somebody who was muted and is heard all the same
   */
  constructor(roster, moderation, shown, stillHeard) {
    this.#roster = roster;
    this.#moderation = moderation;
    this.#panel = new Panel("people", [this.#opener], (open) => {
      if (open) this.#drawNow();
      else this.#search.value = "";
      shown(open);
    });
    this.#person = new Person(roster, moderation, stillHeard);
    for (const event of /** @type {const} */ (["added", "changed", "removed"])) roster.on(event, () => this.#draw());
    moderation.on("rights", () => this.#draw());
    this.#search.addEventListener("input", () => this.#draw());
    onPress(this.#admitAll, () => moderation.admitAll());
    onPress(this.#muteAll, () => moderation.muteAll());
    onPress(this.#lowerAll, () => moderation.lowerHands());
  }

  /** @param {Waiting[]} waiting */
  set waiting(waiting) {
    this.#waiting = waiting;
    this.#opener.ariaLabel = words.people(waiting.length);
    for (const badge of document.querySelectorAll("[data-waiting-count]")) {
      if (!(badge instanceof HTMLElement)) continue;
      badge.hidden = waiting.length === 0;
      badge.replaceChildren(String(waiting.length), hiddenText(words.waitingCount));
    }
    this.#draw();
  }

  /** @param {Waiting[]} expected */
  set expected(expected) {
    this.#expected = expected;
    this.#draw();
  }

  /** Whom everybody sees large; empty: nobody. @param {string} participant */
  set spotlight(participant) {
    this.#person.spotlight = participant;
    this.#draw();
  }

  open() {
    this.#panel.show();
  }

  close() {
    this.#panel.close();
  }

  /** Draws once for all changes of a moment. */
  #draw() {
    if (this.#drawing || !this.#panel.open) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  /** The row or the button that has focus may go by that. */
  #drawNow() {
    keepFocus(() => this.#drawAll(), () => {
      const next = this.#section.querySelector("button[data-admit]");
      return next instanceof HTMLElement ? next : this.#title;
    });
  }

  #drawAll() {
    this.#drawLobby();
    const { may } = this.#moderation;
    const people = this.#roster.participants;
    const hands = inOrder(people);
    this.#handsSection.hidden = hands.length === 0;
    byId("hands-heading", HTMLElement).textContent = t("people.hands", { count: hands.length });
    this.#lowerAll.hidden = !may.lead || !hands.some(({ id }) => this.#moderation.seat(id)?.lower_hand);
    keyed(this.#handsList, hands, ({ id }) => id, ({ id }) => this.#handRow(id), (row, person) => this.#updateHand(row, person));
    byId("in-heading", HTMLElement).textContent = words.inHeading(people.length);
    this.#muteAll.hidden = !may.lead || !people.some(({ id, local, microphone }) => !local && microphone && this.#moderation.seat(id)?.mute);
    const found = this.#found(people);
    this.#none.hidden = found.length > 0;
    keyed(this.#inList, found, ({ id }) => id, ({ id }) => this.#person.row(id), (row, person) => this.#person.update(row, person));
  }

  #drawLobby() {
    this.#section.hidden = this.#waiting.length === 0;
    within(this.#section, "h3", HTMLElement).textContent = words.waitingHeading(this.#waiting.length);
    this.#admitAll.hidden = this.#waiting.length < 2;
    keyed(this.#waitingList, this.#waiting, ({ id }) => id, (entry) => this.#waitingRow(entry), (row, entry) => {
      face(row, entry.username, entry.display_name, entry.guest ? words.guest : "");
    });
    this.#expectedSection.hidden = this.#expected.length === 0;
    within(this.#expectedSection, "h3", HTMLElement).textContent = words.expectedHeading(this.#expected.length);
    keyed(this.#expectedList, this.#expected, ({ id }) => id, (entry) => this.#expectedRow(entry), (row, entry) => {
      face(row, entry.username, entry.display_name, entry.guest ? words.guest : "");
    });
  }

  /** Those whose name has what is searched for. @param {Participant[]} people */
  #found(people) {
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    this.#search.parentElement?.toggleAttribute("hidden", people.length < searchFrom && wanted === "");
    return people.filter(({ username, displayName }) => `${displayName} ${username}`.toLocaleLowerCase().includes(wanted));
  }

  /** @param {Waiting} entry */
  #waitingRow({ id, display_name: name, invited }) {
    const row = copy("waiting-template");
    const admit = within(row, "[data-admit]", HTMLButtonElement);
    admit.ariaLabel = `${words.admit} ${name}`;
    onPress(admit, () => this.#moderation.admit(id));
    const more = within(row, "[data-more]", HTMLButtonElement);
    more.ariaLabel = words.moreFor(name);
    menuButton(more, byId("call", HTMLElement), () => [
      { label: words.deny, act: () => void this.#moderation.deny(id) },
      ...(this.#moderation.may.ban ? [{ label: words.denyAndBlock, danger: true, act: () => void this.#block(id, name, invited) }] : []),
    ]);
    return row;
  }

  /** @param {Waiting} entry */
  #expectedRow({ id, display_name: name }) {
    const row = copy("expected-template");
    const takeBack = within(row, "[data-take-back]", HTMLButtonElement);
    takeBack.ariaLabel = `${words.takeBack} ${name}`;
    onPress(takeBack, () => this.#moderation.deny(id));
    return row;
  }

  /** @param {string} id */
  #handRow(id) {
    const row = copy("hand-template");
    const lower = within(row, "[data-lower]", HTMLButtonElement);
    onPress(lower, () => this.#moderation.lowerHand(id));
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Participant} person
   */
  #updateHand(row, { id, username, displayName, local }) {
    const name = displayName || username || words.someone;
    face(row, username, displayName, "");
    within(row, "[data-name]", HTMLElement).textContent = local ? words.you(name) : name;
    const lower = within(row, "[data-lower]", HTMLButtonElement);
    lower.ariaLabel = t("people.lower_hand_of", { name });
    lower.hidden = !this.#moderation.seat(id)?.lower_hand;
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {boolean} invited
   */
  async #block(id, name, invited) {
    const yes = await ask({ question: words.blockQuestion(name), action: words.blockYes, option: invited ? words.closeInvitation : "", parent: byId("call", HTMLElement) });
    if (yes) await this.#moderation.block(id, yes.option);
  }
}

/** @param {string} text */
function hiddenText(text) {
  const span = document.createElement("span");
  span.className = "visually-hidden";
  span.textContent = text;
  return span;
}
