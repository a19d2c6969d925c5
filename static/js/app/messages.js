// How messages look: those that are known and those on their way.

import { pieces } from "../core/links.js";
import { language, t } from "../core/text.js";
import { byId, icon, within } from "./dom.js";
import { menuButton } from "./menu.js";

/** @typedef {import("../core/chat.js").ChatFile} ChatFile */
/** @typedef {import("../core/chat.js").Message} Message */
/** @typedef {import("../core/outbox.js").Pending} Pending */

const together = 5 * 60_000; // milliseconds within which messages of one person stand together

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dates = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/**
 * @typedef {object} Acts what can be done with a message
 * @property {string} base the room's path
 * @property {(id: string) => Message | undefined} find
 * @property {() => {write: boolean, remove: boolean}} may
 * @property {(message: Message) => void} reply
 * @property {(message: Message) => void} edit
 * @property {(message: Message) => void} remove
 * @property {(id: string) => void} show a message that another answers
 */

/**
 * @param {string} id of the message
 * @param {HTMLElement} menus where its menu goes
 * @param {Acts} acts
 */
export function messageRow(id, menus, acts) {
  const row = copy("message-template");
  /** @param {(message: Message) => void} act */
  const withIt = (act) => () => {
    const message = acts.find(id);
    if (message) act(message);
  };
  within(row, "[data-reply]", HTMLButtonElement).addEventListener("click", withIt(acts.reply));
  menuButton(within(row, "[data-more]", HTMLButtonElement), menus, () => {
    const message = acts.find(id);
    if (!message) return [];
    return [
      ...(message.own && acts.may().write ? [{ label: t("chat.edit"), act: withIt(acts.edit) }] : []),
      ...(message.own || acts.may().remove ? [{ label: t("chat.delete"), danger: true, act: withIt(acts.remove) }] : []),
    ];
  });
  return row;
}

/** What rows show, so that those which show it already are left alone. @type {WeakMap<HTMLElement, unknown[]>} */
const drawn = new WeakMap();

/**
 * @param {HTMLElement} row
 * @param {Message} message
 * @param {Message | undefined} before the one above it
 * @param {Acts} acts
 */
export function drawMessage(row, message, before, acts) {
  const rights = acts.may();
  const now = [message, before, rights.write, rights.remove, message.reply && acts.find(message.reply.id)];
  const shown = drawn.get(row);
  if (shown && now.every((value, i) => value === shown[i])) return;
  drawn.set(row, now);
  const at = new Date(message.at);
  const name = message.own ? t("chat.you") : message.display_name;
  const follows = before !== undefined && before.own === message.own && before.username === message.username &&
    before.display_name === message.display_name && at.getTime() - new Date(before.at).getTime() < together;
  row.classList.toggle("own", message.own);
  row.classList.toggle("follows", follows && day(at) === day(new Date(before.at)));
  row.classList.toggle("gone", message.deleted !== "");
  row.id = `message-${message.id}`;
  row.ariaLabel = t("chat.message_of", { name, time: clock.format(at) });
  if (!before || day(at) !== day(new Date(before.at))) row.dataset.day = dayName(at);
  else delete row.dataset.day;
  within(row, ".message-name", HTMLElement).textContent = name;
  const time = within(row, "time", HTMLTimeElement);
  time.dateTime = message.at;
  time.textContent = clock.format(at);
  time.title = whole.format(at);
  drawQuote(within(row, ".message-quote", HTMLElement), message, acts);
  drawText(within(row, ".message-text", HTMLElement), message.text);
  drawFiles(within(row, ".message-files", HTMLElement), message.files, acts.base);
  const state = within(row, ".message-state", HTMLElement);
  state.textContent = message.deleted ? deletedBy(message) : message.edited ? t("chat.edited") : "";
  state.hidden = state.textContent === "";
  const { write, remove } = rights;
  const reply = within(row, "[data-reply]", HTMLButtonElement);
  reply.ariaLabel = reply.title = t("chat.reply_to", { name });
  reply.hidden = message.deleted !== "" || !write;
  const more = within(row, "[data-more]", HTMLButtonElement);
  more.ariaLabel = t("chat.more_for", { name });
  more.hidden = message.deleted !== "" || !(message.own || remove);
}

/** @param {Message} message */
function deletedBy({ deleted, own, display_name: name }) {
  if (deleted === "moderator") return t("chat.deleted_by_moderator");
  return own ? t("chat.deleted_own") : t("chat.deleted", { name });
}

/**
 * @param {Pending} pending
 * @param {{retry: (id: string) => void, discard: (id: string) => void}} acts
 */
export function pendingRow({ id }, acts) {
  const row = copy("pending-template");
  within(row, "[data-retry]", HTMLButtonElement).addEventListener("click", () => acts.retry(id));
  within(row, "[data-discard]", HTMLButtonElement).addEventListener("click", () => acts.discard(id));
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {Pending} pending
 */
export function drawPending(row, { text, files, state, problem }) {
  row.classList.toggle("failed", state === "failed");
  drawText(within(row, ".message-text", HTMLElement), text);
  const list = within(row, ".message-files", HTMLElement);
  list.hidden = files.length === 0;
  list.replaceChildren(...files.map((file) => item(fileName(file))));
  const line = within(row, ".message-state", HTMLElement);
  const said = state === "failed" ? t("chat.not_sent", { message: problem }) : state === "waiting" ? t("chat.trying_again") : t("chat.sending");
  if (line.textContent !== said) line.textContent = said;
  within(row, ".message-again", HTMLElement).hidden = state === "sending";
  within(row, "[data-discard]", HTMLElement).hidden = state !== "failed";
}

/**
 * @param {HTMLElement} quote
 * @param {Message} message
 * @param {Acts} acts
 */
function drawQuote(quote, { reply }, acts) {
  quote.hidden = reply === null;
  if (!reply) return;
  const now = acts.find(reply.id);
  const text = now ? now.text : reply.text;
  const gone = now ? now.deleted !== "" : reply.deleted;
  const button = document.createElement("button");
  button.type = "button";
  button.disabled = !now;
  const name = document.createElement("b");
  name.textContent = now?.own ? t("chat.you") : reply.display_name;
  const words = document.createElement("span");
  words.dir = "auto";
  words.textContent = gone ? (now ? deletedBy(now) : t("chat.deleted_quote")) : text || t("chat.file");
  button.append(name, words);
  button.addEventListener("click", () => acts.show(reply.id));
  quote.replaceChildren(button);
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function drawText(element, text) {
  element.hidden = text === "";
  if (element.dataset.text === text) return; // a selection in it stays
  element.dataset.text = text;
  element.replaceChildren(...pieces(text).map(({ text: part, href }) => {
    if (!href) return document.createTextNode(part);
    const link = document.createElement("a");
    link.href = href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = part;
    return link;
  }));
}

/**
 * @param {HTMLElement} list
 * @param {ChatFile[]} files
 * @param {string} base
 */
function drawFiles(list, files, base) {
  list.hidden = files.length === 0;
  const key = files.map((file) => file.id).join();
  if (list.dataset.files === key) return; // so that pictures are not fetched again
  list.dataset.files = key;
  list.replaceChildren(...files.map((file) => {
    const link = document.createElement("a");
    link.href = `${base}/files/${file.id}`;
    if (file.image) {
      link.className = "message-picture";
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      const picture = document.createElement("img");
      picture.src = link.href;
      picture.alt = t("chat.picture_of", { name: file.name });
      picture.loading = "lazy";
      picture.decoding = "async";
      link.append(picture);
    } else {
      link.className = "message-file";
      link.download = file.name;
      link.append(icon("file"), document.createTextNode(fileName(file)));
    }
    return item(link);
  }));
}

/** @param {string | Node} content */
function item(content) {
  const li = document.createElement("li");
  li.append(content);
  return li;
}

/** @param {ChatFile} file */
function fileName({ name, size }) {
  return t("chat.download", { name, size: bytes(size) });
}

/** @param {number} size */
function bytes(size) {
  const units = /** @type {const} */ (["byte", "kilobyte", "megabyte"]);
  const power = size < 1000 ? 0 : size < 1_000_000 ? 1 : 2;
  const format = new Intl.NumberFormat(language, { style: "unit", unit: units[power] ?? "byte", unitDisplay: power === 0 ? "long" : "short", maximumFractionDigits: power === 2 ? 1 : 0 });
  return format.format(size / 1000 ** power);
}

/** @param {Date} date */
function day(date) {
  return date.toDateString();
}

/** @param {Date} date */
function dayName(date) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day(date) === day(today)) return t("chat.today");
  return day(date) === day(yesterday) ? t("chat.yesterday") : dates.format(date);
}

/** @param {string} template */
export function copy(template) {
  const content = /** @type {DocumentFragment} */ (byId(template, HTMLTemplateElement).content.cloneNode(true));
  return within(content, "li", HTMLElement);
}
