// Where messages are written: the field, what is answered or edited, and the
// files that go along.

import { asDeclined } from "../core/post.js";
import { t } from "../core/text.js";
import { byId, say, within } from "./dom.js";
import { keepFocus } from "./focus.js";
import { keyed } from "./keyed.js";
import { copy } from "./messages.js";

/** @typedef {import("../core/attachments.js").Attachment} Attachment */
/** @typedef {import("../core/attachments.js").Attachments} Attachments */
/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/chat.js").Message} Message */

const percents = new Intl.NumberFormat(undefined, { style: "percent" });

export class Composer {
  #form = byId("composer", HTMLFormElement);
  #text = byId("composer-text", HTMLTextAreaElement);
  #send = byId("composer-send", HTMLButtonElement);
  #about = byId("composer-about", HTMLElement);
  #problem = byId("composer-problem", HTMLElement);
  #list = byId("attachments", HTMLElement);
  #chat;
  #attachments;
  #most;
  #panel;
  /** @type {{how: "reply" | "edit", message: Message} | null} */
  #doing = null;
  /** What was being typed before a message was edited. */
  #laidAside = "";
  /** Why a message could not go with its files, if that is what is complained of. @type {"" | "chat.files_missing" | "chat.files_coming"} */
  #lacked = "";

  /**
   * @param {HTMLElement} panel that files can be dropped on
   * @param {Chat} chat
   * @param {Attachments} attachments
   * @param {number} most characters of a message
   * @param {() => void} sent told when a message goes out
   */
  constructor(panel, chat, attachments, most, sent) {
    this.#chat = chat;
    this.#attachments = attachments;
    this.#most = most;
    this.#panel = panel;
    this.#text.value = chat.draft;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#submit()) sent();
    });
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    within(this.#about, "button", HTMLButtonElement).addEventListener("click", () => this.#stop());
    attachments.on("change", () => {
      if (this.#lacked !== "" && this.#lacked !== this.#lack) this.#complain("");
      this.#draw();
    });
    this.#takeFiles();
    this.#draw();
  }

  /** @param {boolean} allowed */
  set allowed(allowed) {
    keepFocus(() => { this.#form.hidden = !allowed; }, () => this.refuge);
  }

  focus() {
    this.#text.focus();
  }

  /** Where focus goes when what had it goes; not into the field where that brings up a keyboard on the screen. */
  get refuge() {
    return this.#form.hidden || matchMedia("(pointer: coarse)").matches ? byId("chat-scroll", HTMLElement) : this.#text;
  }

  /** @param {Message} message */
  reply(message) {
    this.#begin("reply", message);
  }

  /** @param {Message} message */
  edit(message) {
    this.#begin("edit", message);
    this.#laidAside = this.#chat.draft;
    this.#text.value = message.text;
    this.#fit();
  }

  /**
   * @param {"reply" | "edit"} how
   * @param {Message} message
   */
  #begin(how, message) {
    if (this.#doing?.how === "edit") this.#stop();
    this.#doing = { how, message };
    this.#draw();
    this.focus();
  }

  /** Goes on without what is answered or edited. */
  #stop() {
    if (this.#doing?.how === "edit") {
      this.#text.value = this.#laidAside;
      this.#fit();
    }
    this.#doing = null;
    this.#complain("");
    this.#draw();
    this.focus();
  }

  /** Why a message cannot go yet with its files. */
  get #lack() {
    if (this.#attachments.ready) return "";
    return this.#attachments.failed ? "chat.files_missing" : "chat.files_coming";
  }

  #submit() {
    const text = this.#text.value.trim();
    const over = [...text].length - this.#most;
    if (over > 0) {
      this.#complain(t("chat.too_long", { count: over }));
      return false;
    }
    if (this.#doing?.how === "edit") {
      void this.#save(this.#doing.message, text);
      return false;
    }
    const lack = this.#lack;
    if (lack) {
      this.#complain(t(lack));
      this.#lacked = lack;
      return false;
    }
    if (text === "" && this.#attachments.list.length === 0) return false;
    this.#chat.send(text, this.#doing?.message.id ?? "", this.#attachments.take());
    this.#doing = null;
    this.#text.value = "";
    this.#typed();
    this.focus();
    return true;
  }

  /**
   * @param {Message} message
   * @param {string} text
   */
  async #save(message, text) {
    this.#send.toggleAttribute("data-busy", true);
    try {
      if (text !== message.text) await this.#chat.edit(message.id, text);
      this.#stop();
    } catch (error) {
      this.#complain(t("chat.not_sent", { message: asDeclined(error).message || t("failed.unreachable") }));
    } finally {
      this.#send.toggleAttribute("data-busy", false);
    }
  }

  #typed() {
    if (this.#doing?.how !== "edit") this.#chat.draft = this.#text.value;
    this.#complain("");
    this.#fit();
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // Enter chooses a word then; Safari says so by the code alone, since to it composing has ended just before.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "Escape" && this.#doing) {
      event.preventDefault();
      this.#stop();
    } else if (event.key === "ArrowUp" && this.#text.value === "" && !this.#doing) {
      const last = this.#chat.messages.findLast((message) => message.own && !message.deleted);
      if (last) {
        event.preventDefault();
        this.edit(last);
      }
    }
  }

  /** As high as what is in it, up to what the style allows. */
  #fit() {
    const { value } = this.#text;
    this.#text.rows = Math.min(6, Math.max(value.split("\n").length, Math.ceil(value.length / 34), 1));
  }

  /** @param {string} sentence */
  #complain(sentence) {
    this.#lacked = "";
    this.#problem.hidden = sentence === "";
    say(this.#problem, sentence);
  }

  #draw() {
    const doing = this.#doing;
    this.#about.hidden = doing === null;
    if (doing) {
      const { message, how } = doing;
      const name = message.own ? t("chat.you") : message.display_name;
      within(this.#about, "span", HTMLElement).textContent = how === "edit" ? t("chat.editing") : t("chat.replying", { name });
      const cancel = within(this.#about, "button", HTMLButtonElement);
      cancel.ariaLabel = cancel.title = t(how === "edit" ? "chat.cancel_edit" : "chat.cancel_reply");
    }
    this.#send.ariaLabel = this.#send.title = t(doing?.how === "edit" ? "chat.save" : "chat.send");
    const files = this.#attachments.list;
    const nothing = this.#text.value.trim() === "" && files.length === 0;
    this.#send.ariaDisabled = nothing || !this.#attachments.ready ? "true" : "false";
    this.#list.hidden = files.length === 0;
    keepFocus(() => keyed(this.#list, files, ({ key }) => key, (file) => this.#attachmentRow(file), drawAttachment), () => this.refuge);
  }

  /** @param {Attachment} file */
  #attachmentRow({ key, name }) {
    const row = copy("attachment-template");
    within(row, ".attachment-name", HTMLElement).textContent = name;
    const remove = within(row, "[data-remove]", HTMLButtonElement);
    remove.ariaLabel = remove.title = t("chat.cancel_upload", { name });
    remove.addEventListener("click", () => {
      this.#attachments.remove(key);
      this.focus();
    });
    within(row, "[data-retry]", HTMLButtonElement).addEventListener("click", () => this.#attachments.retry(key));
    return row;
  }

  /** Files come by the button, pasted, or dropped. */
  #takeFiles() {
    const chooser = document.getElementById("composer-files");
    if (!(chooser instanceof HTMLInputElement)) return;
    byId("composer-file", HTMLButtonElement).addEventListener("click", () => chooser.click());
    chooser.addEventListener("change", () => {
      this.#attachments.add(chooser.files ?? []);
      chooser.value = "";
      this.focus();
    });
    this.#text.addEventListener("paste", (event) => {
      const files = event.clipboardData?.files;
      if (!files?.length) return;
      event.preventDefault();
      this.#attachments.add(files);
    });
    /** @param {DragEvent} event */
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files") && !this.#form.hidden;
    this.#panel.addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#panel.classList.add("dropping");
    });
    this.#panel.addEventListener("dragleave", (event) => {
      if (!(event.relatedTarget instanceof Node && this.#panel.contains(event.relatedTarget))) this.#panel.classList.remove("dropping");
    });
    this.#panel.addEventListener("drop", (event) => {
      this.#panel.classList.remove("dropping");
      if (!holdsFiles(event)) return;
      event.preventDefault();
      this.#attachments.add(event.dataTransfer?.files ?? []);
      this.focus();
    });
  }
}

/**
 * @param {HTMLElement} row
 * @param {Attachment} file
 */
function drawAttachment(row, { name, state, part, problem, again }) {
  row.dataset.state = state;
  const progress = within(row, "progress", HTMLProgressElement);
  progress.hidden = state !== "uploading";
  progress.value = part;
  progress.ariaLabel = t("chat.uploading", { name, percent: percents.format(part) });
  const line = within(row, ".attachment-problem", HTMLElement);
  line.hidden = state !== "failed";
  line.textContent = state === "failed" ? t("chat.upload_failed", { name, message: problem }) : "";
  within(row, "[data-retry]", HTMLElement).hidden = !(state === "failed" && again);
}
