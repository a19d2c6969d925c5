// The panel of people: who waits, who is in the call, and what one may do with
// each.

import { hue, initials } from "../core/face.js";
import { ask } from "./ask.js";
import { anchorOf, byId, icon, setIcon, within } from "./dom.js";
import { keyed } from "./keyed.js";
import { menuButton } from "./menu.js";
import { words } from "./words.js";

/** @typedef {import("../core/events.js").Waiting} Waiting */
/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("../core/roster.js").Roster} Roster */
/** @typedef {import("../core/moderation.js").Moderation} Moderation */

const phone = matchMedia("(max-width: 599px)");

export class People {
  #call = byId("call", HTMLElement);
  #panel = byId("people", HTMLElement);
  #title = byId("people-title", HTMLElement);
  #section = byId("people-waiting", HTMLElement);
  #waitingList = byId("waiting-list", HTMLElement);
  #expectedSection = byId("people-expected", HTMLElement);
  #expectedList = byId("expected-list", HTMLElement);
  #inList = byId("in-list", HTMLElement);
  #admitAll = byId("admit-all", HTMLButtonElement);
  #opener = byId("bar-people", HTMLButtonElement);
  /** Where focus goes back to. @type {HTMLElement} */
  #from = this.#opener;
  #roster;
  #moderation;
  #shown;
  /** @type {Waiting[]} */
  #waiting = [];
  /** @type {Waiting[]} */
  #expected = [];
  #drawing = false;

  /**
   * @param {Roster} roster
   * @param {Moderation} moderation
   * @param {(open: boolean) => void} shown told when the panel opens and closes
   */
  constructor(roster, moderation, shown) {
    this.#roster = roster;
    this.#moderation = moderation;
    this.#shown = shown;
    for (const event of /** @type {const} */ (["added", "changed", "removed"])) roster.on(event, () => this.#draw());
    moderation.on("rights", () => this.#draw());
    for (const button of document.querySelectorAll("button[data-people]")) {
      if (button instanceof HTMLButtonElement) button.addEventListener("click", () => this.open(button));
    }
    byId("people-close", HTMLButtonElement).addEventListener("click", () => this.close());
    this.#admitAll.addEventListener("click", () => void busy(this.#admitAll, moderation.admitAll()));
    this.#panel.addEventListener("keydown", (event) => {
      // Escape in a menu or a question closes that.
      if (event.key !== "Escape" || this.#call.querySelector(":popover-open, dialog[open]")) return;
      event.stopPropagation();
      this.close();
    });
    phone.addEventListener("change", () => this.#cover());
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

  /** Opens the panel, or closes it when the same button is pressed again. @param {HTMLElement} [from] where focus goes back to */
  open(from = this.#opener) {
    if (!this.#panel.hidden) {
      this.close();
      return;
    }
    this.#from = from;
    this.#panel.hidden = false;
    this.#opener.ariaExpanded = "true";
    this.#cover();
    this.#drawNow();
    this.#shown(true);
    this.#title.focus();
  }

  close() {
    if (this.#panel.hidden) return;
    this.#panel.hidden = true;
    this.#opener.ariaExpanded = "false";
    this.#cover();
    this.#shown(false);
    anchorOf(this.#from).focus();
  }

  /** On a phone the panel covers the call, which is out of reach then. */
  #cover() {
    const covered = phone.matches && !this.#panel.hidden;
    for (const child of this.#call.children) {
      if (child !== this.#panel && child instanceof HTMLElement && !(child instanceof HTMLDialogElement)) child.inert = covered;
    }
  }

  /** Draws once for all changes of a moment. */
  #draw() {
    if (this.#drawing || this.#panel.hidden) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  #drawNow() {
    const focused = this.#panel.contains(document.activeElement);
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
    const people = this.#roster.participants;
    byId("in-heading", HTMLElement).textContent = words.inHeading(people.length);
    keyed(this.#inList, people, ({ id }) => id, (person) => this.#personRow(person.id), (row, person) => this.#updatePerson(row, person));
    // The row that had focus is gone.
    if (focused && !this.#panel.contains(document.activeElement)) {
      const next = this.#section.querySelector("button[data-admit]");
      (next instanceof HTMLElement ? next : this.#title).focus();
    }
  }

  /** @param {Waiting} entry */
  #waitingRow({ id, display_name: name, invited }) {
    const row = copy("waiting-template");
    const admit = within(row, "[data-admit]", HTMLButtonElement);
    admit.ariaLabel = `${words.admit} ${name}`;
    admit.addEventListener("click", () => void busy(admit, this.#moderation.admit(id)));
    const more = within(row, "[data-more]", HTMLButtonElement);
    more.ariaLabel = words.moreFor(name);
    menuButton(more, this.#call, () => [
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
    takeBack.addEventListener("click", () => void busy(takeBack, this.#moderation.deny(id)));
    return row;
  }

  /** @param {string} id */
  #personRow(id) {
    const row = copy("person-template");
    menuButton(within(row, "[data-more]", HTMLButtonElement), this.#call, () => {
      const seat = this.#moderation.seat(id);
      const name = this.#nameOf(id);
      if (!seat) return [];
      return [
        ...(seat.lobby ? [{ label: words.toLobby, act: () => void this.#moderation.sendToLobby(id) }] : []),
        ...(seat.remove ? [{ label: words.removeFromCall, danger: true, act: () => void this.#moderation.remove(id) }] : []),
        ...(seat.ban ? [{ label: words.removeAndBan, danger: true, act: () => void this.#ban(id, name, seat.invited) }] : []),
      ];
    });
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Participant} person
   */
  #updatePerson(row, { id, username, displayName, local, guest, host, microphone }) {
    const seat = this.#moderation.seat(id);
    const name = displayName || username || words.someone;
    face(row, username, displayName, host ? words.host : guest ? words.guest : words.roles[seat?.role ?? ""] ?? "");
    within(row, "[data-name]", HTMLElement).textContent = local ? words.you(name) : name;
    row.classList.toggle("muted", !microphone);
    setIcon(within(row, "[data-icon]", HTMLElement), microphone ? "mic" : "mic-off");
    within(row, "[data-microphone]", HTMLElement).textContent = microphone ? words.microphoneIsOn : words.microphoneIsOff;
    const more = within(row, "[data-more]", HTMLButtonElement);
    more.ariaLabel = words.moreFor(name);
    more.hidden = !seat || !(seat.remove || seat.lobby || seat.ban);
  }

  /** @param {string} id */
  #nameOf(id) {
    return this.#roster.participants.find((participant) => participant.id === id)?.displayName || words.them;
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {boolean} invited
   */
  async #block(id, name, invited) {
    const yes = await ask({ question: words.blockQuestion(name), action: words.blockYes, option: invited ? words.closeInvitation : "", parent: this.#call });
    if (yes) await this.#moderation.block(id, yes.option);
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {boolean} invited
   */
  async #ban(id, name, invited) {
    const yes = await ask({ question: words.banQuestion(name), action: words.banYes, option: invited ? words.closeInvitation : "", parent: this.#call });
    if (yes) await this.#moderation.ban(id, yes.option);
  }
}

/** @param {string} template */
function copy(template) {
  const content = /** @type {DocumentFragment} */ (byId(template, HTMLTemplateElement).content.cloneNode(true));
  return within(content, "li", HTMLElement);
}

/**
 * Shows who somebody is.
 * @param {HTMLElement} row
 * @param {string} username
 * @param {string} name
 * @param {string} mark
 */
function face(row, username, name, mark) {
  const avatar = within(row, ".avatar", HTMLElement);
  const known = username || name;
  avatar.className = known ? `avatar hue-${hue(known)}` : "avatar";
  avatar.replaceChildren(initials(name) || icon("user"));
  within(row, "[data-name]", HTMLElement).textContent = name;
  const tag = within(row, "[data-mark]", HTMLElement);
  tag.textContent = mark;
  tag.hidden = mark === "";
}

/**
 * Shows that something is under way, until it is done.
 * @param {HTMLButtonElement} button
 * @param {Promise<void>} done
 */
async function busy(button, done) {
  button.toggleAttribute("data-busy", true);
  await done;
  button.toggleAttribute("data-busy", false);
}

/** @param {string} text */
function hiddenText(text) {
  const span = document.createElement("span");
  span.className = "visually-hidden";
  span.textContent = text;
  return span;
}
