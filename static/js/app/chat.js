// The panel of messages.

import { Attachments } from "../core/attachments.js";
import { spoken } from "../core/chat.js";
import { listed, t } from "../core/text.js";
import { upload } from "../core/upload.js";
import { ask } from "./ask.js";
import { Composer } from "./composer.js";
import { byId, say } from "./dom.js";
import { keepFocus } from "./focus.js";
import { keyed } from "./keyed.js";
import { drawMessage, drawPending, messageRow, pendingRow } from "./messages.js";
import { Panel } from "./panels.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/chat.js").Message} Message */

const gather = 2000; // milliseconds: messages within this time are spoken of in one sentence
const near = 80; // pixels from the end at which one still reads along

export class ChatPanel {
  #call = byId("call", HTMLElement);
  #element = byId("chat", HTMLElement);
  #scroll = byId("chat-scroll", HTMLElement);
  #list = byId("messages", HTMLElement);
  #outbox = byId("outbox", HTMLElement);
  #earlier = byId("chat-earlier", HTMLButtonElement);
  #news = byId("chat-new", HTMLButtonElement);
  #count = byId("chat-count", HTMLElement);
  #opener = byId("bar-chat", HTMLButtonElement);
  #said = byId("chat-spoken", HTMLElement);
  #chat;
  #base;
  #panel;
  #composer;
  #may = { write: true, remove: false };
  #drawing = false;
  /** Where "New" stands: above the first message that was unread when the panel opened. */
  #newFrom = "";
  /** @type {Message[]} */
  #unspoken = [];
  /** What went wrong, in sentences. @type {string[]} */
  #wrong = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Chat} chat
   * @param {string} base the room's path
   * @param {(sentence: string) => void} failed
   */
  constructor(chat, base, failed) {
    this.#chat = chat;
    this.#base = base;
    const { fileLimit, mostFiles, mostText } = this.#element.dataset;
    const attachments = new Attachments({
      upload: (file, progress, signal) => upload(`${base}/files`, file, progress, signal),
      forget: (id) => chat.forget(id),
      most: Number(fileLimit),
      count: Number(mostFiles),
    });
    this.#composer = new Composer(this.#element, chat, attachments, Number(mostText), () => this.#toEnd());
    this.#panel = new Panel("chat", [this.#opener], (open) => this.#shown(open));
    this.#failed = failed;
    this.#earlier.addEventListener("click", () => void this.#older());
    this.#news.addEventListener("click", () => {
      keepFocus(() => this.#toEnd(), () => this.#scroll);
      this.#composer.focus();
    });
    this.#scroll.addEventListener("scroll", () => this.#readAlong(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#readAlong());
    chat.on("change", () => this.#draw());
    chat.on("arrived", ({ message }) => {
      this.#unspoken.push(message);
      this.#speak();
    });
    chat.on("failed", ({ problem }) => this.#tell(t("chat.not_sent", { message: problem })));
    attachments.on("failed", ({ name, problem }) => this.#tell(t("chat.upload_failed", { name, message: problem })));
    this.#drawCount();
  }

  #failed;

  /** @param {{write: boolean, remove: boolean}} may */
  set may(may) {
    this.#may = may;
    this.#composer.allowed = may.write;
    byId("chat-may-not", HTMLElement).hidden = may.write;
    this.#draw();
  }

  get may() {
    return this.#may;
  }

  /** The call is over. */
  clear() {
    this.#panel.close();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unspoken = [];
    this.#wrong = [];
    say(this.#said, "");
  }

  /** @param {boolean} open */
  #shown(open) {
    if (!open) {
      this.#newFrom = "";
      return;
    }
    this.#newFrom = this.#chat.messages.find((message) => this.#chat.isUnread(message))?.id ?? "";
    this.#toEnd();
    // Once the panel has put focus on its heading; where there is a keyboard to type with.
    if (!matchMedia("(pointer: coarse)").matches) queueMicrotask(() => this.#composer.focus());
  }

  #toEnd() {
    this.#drawNow();
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#readAlong();
  }

  get #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight < near;
  }

  /** What is in sight has been read. */
  #readAlong() {
    if (this.#panel.open && this.#atEnd && document.visibilityState === "visible") this.#chat.markRead();
    this.#drawNews();
  }

  /** Draws once for all changes of a moment. */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      if (!this.#panel.open) {
        this.#drawCount();
        return;
      }
      const along = this.#atEnd;
      this.#drawNow();
      if (along) this.#scroll.scrollTop = this.#scroll.scrollHeight;
      this.#readAlong();
    });
  }

  /** What has focus may go: a message is deleted, one that waited is sent. */
  #drawNow() {
    keepFocus(() => this.#drawAll(), () => this.#composer.refuge);
  }

  #drawAll() {
    const { messages, outbox, more, loading } = this.#chat;
    byId("chat-empty", HTMLElement).hidden = messages.length + outbox.length > 0 || loading;
    this.#scroll.ariaBusy = loading ? "true" : "false";
    this.#earlier.hidden = !more;
    const before = new Map(messages.map((message, i) => [message.id, messages[i - 1]]));
    const acts = {
      base: this.#base,
      find: (/** @type {string} */ id) => this.#chat.find(id),
      may: () => this.#may,
      reply: (/** @type {Message} */ message) => this.#composer.reply(message),
      edit: (/** @type {Message} */ message) => this.#composer.edit(message),
      remove: (/** @type {Message} */ message) => void this.#remove(message),
      show: (/** @type {string} */ id) => this.#show(id),
    };
    keyed(this.#list, messages, ({ id }) => id, ({ id }) => messageRow(id, this.#call, acts), (row, message) => {
      drawMessage(row, message, before.get(message.id), acts);
      if (message.id === this.#newFrom) row.dataset.new = t("chat.new");
      else delete row.dataset.new;
    });
    this.#outbox.hidden = outbox.length === 0;
    keyed(this.#outbox, outbox, ({ id }) => id, (pending) => pendingRow(pending, {
      retry: (id) => this.#chat.retry(id),
      discard: (id) => {
        this.#chat.discard(id);
        this.#composer.focus();
      },
    }), drawPending);
    this.#drawCount();
  }

  #drawCount() {
    const { unread } = this.#chat;
    this.#count.hidden = unread === 0;
    this.#count.textContent = unread > 99 ? "99+" : String(unread);
    this.#opener.ariaLabel = unread ? t("chat.bar_unread", { count: unread }) : t("chat.bar");
    this.#drawNews();
  }

  #drawNews() {
    const { unread } = this.#chat;
    this.#news.hidden = unread === 0 || this.#atEnd;
    this.#news.textContent = t("chat.new_below", { count: unread });
  }

  async #older() {
    if (this.#earlier.hasAttribute("data-busy")) return;
    const { scrollHeight } = this.#scroll;
    this.#earlier.toggleAttribute("data-busy", true);
    try {
      await this.#chat.older();
      this.#drawNow();
      this.#scroll.scrollTop += this.#scroll.scrollHeight - scrollHeight; // what was in sight stays there
      if (this.#earlier.hidden) this.#scroll.focus();
    } catch {
      this.#failed(t("chat.failed_load"));
    } finally {
      this.#earlier.toggleAttribute("data-busy", false);
    }
  }

  /** @param {Message} message */
  async #remove(message) {
    const question = message.own ? t("chat.delete_question") : t("chat.delete_question_of", { name: message.display_name });
    if (!(await ask({ question, action: t("chat.delete_yes"), parent: this.#call }))) return;
    try {
      await this.#chat.remove(message.id);
      this.#composer.focus();
    } catch {
      this.#failed(t("chat.failed_delete"));
    }
  }

  /** @param {string} id */
  #show(id) {
    const row = document.getElementById(`message-${id}`);
    row?.scrollIntoView({ block: "center" });
    row?.focus();
  }

  /** Says what went wrong: beside the message it stands, where the panel is open. @param {string} sentence */
  #tell(sentence) {
    if (!this.#panel.open) {
      this.#failed(sentence);
      return;
    }
    this.#wrong.push(sentence);
    this.#speak();
  }

  /** Tells those who do not see it what went wrong and that somebody wrote, all of a moment at once. */
  #speak() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      say(this.#said, [...this.#wrong, spoken(this.#unspoken, listed)].filter(Boolean).join(" "));
      this.#wrong = [];
      this.#unspoken = [];
    }, gather);
  }
}
