// The files that go with the message being written: each is uploaded at once.

import { Emitter } from "./emitter.js";
import { newId } from "./outbox.js";
import { t } from "./text.js";

/**
 * @typedef {object} Attachment
 * @property {string} key
 * @property {string} name
 * @property {"uploading" | "done" | "failed"} state
 * @property {number} part of it that is sent, from 0 to 1
 * @property {string} problem why it failed
 * @property {boolean} again whether trying again makes sense
 */

/** @typedef {import("./chat.js").ChatFile} ChatFile */

/**
 * @typedef {object} Own
 * @property {Attachment} shown
 * @property {File} file
 * @property {AbortController} sending
 * @property {ChatFile | null} uploaded
 */

/**
 * @typedef {object} Around
 * @property {(file: File, progress: (part: number) => void, signal: AbortSignal) => Promise<ChatFile>} upload
 *   rejects with Refusal when the server says no
 * @property {(id: string) => void} forget removes what was uploaded and will not be sent
 * @property {number} most bytes of a file
 * @property {number} count of files with a message
 */

/** The server does not take a file, for a reason in words. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {boolean} again
   */
  constructor(message, again) {
    super(message);
    this.again = again;
  }
}

/** @extends {Emitter<{change: null, failed: {name: string, problem: string}}>} */
export class Attachments extends Emitter {
  #around;
  /** @type {Own[]} */
  #list = [];

  /** @param {Around} around */
  constructor(around) {
    super();
    this.#around = around;
  }

  get list() {
    return this.#list.map((own) => own.shown);
  }

  /** Whether a message can go with all of them. */
  get ready() {
    return this.#list.every((own) => own.shown.state === "done");
  }

  /** Whether one of them is not on its way any more. */
  get failed() {
    return this.#list.some((own) => own.shown.state === "failed");
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) {
      /** @type {Attachment} */
      const shown = { key: newId(), name: file.name, state: "uploading", part: 0, problem: "", again: false };
      const own = { shown, file, sending: new AbortController(), uploaded: null };
      this.#list.push(own);
      if (this.#list.length > this.#around.count) this.#fail(shown, t("chat.too_many_files", { count: this.#around.count }), false);
      else if (file.size === 0) this.#fail(shown, t("chat.file_empty"), false);
      else if (file.size > this.#around.most) this.#fail(shown, t("chat.file_too_large", { megabytes: Math.floor(this.#around.most / 2 ** 20) }), false);
      else void this.#upload(own);
    }
    this.emit("change", null);
  }

  /** @param {string} key */
  retry(key) {
    const own = this.#list.find(({ shown }) => shown.key === key);
    if (own?.shown.state !== "failed") return;
    Object.assign(own.shown, { state: "uploading", part: 0, problem: "" });
    void this.#upload(own);
    this.emit("change", null);
  }

  /** Stops an upload, or takes the file away again. @param {string} key */
  remove(key) {
    const own = this.#list.find(({ shown }) => shown.key === key);
    if (!own) return;
    this.#list = this.#list.filter((one) => one !== own);
    own.sending.abort();
    if (own.uploaded) this.#around.forget(own.uploaded.id);
    this.emit("change", null);
  }

  /** The files, which the message takes along: none are left. */
  take() {
    const files = this.#list.flatMap(({ uploaded }) => uploaded ?? []);
    this.#list = [];
    this.emit("change", null);
    return files;
  }

  /** @param {Own} own */
  async #upload(own) {
    own.sending = new AbortController();
    try {
      own.uploaded = await this.#around.upload(own.file, (part) => {
        own.shown.part = part;
        this.emit("change", null);
      }, own.sending.signal);
      own.shown.state = "done";
    } catch (error) {
      if (own.sending.signal.aborted) return;
      if (error instanceof Refusal) this.#fail(own.shown, error.message, error.again);
      else this.#fail(own.shown, t("chat.upload_lost"), true);
    }
    if (own.sending.signal.aborted && own.uploaded) this.#around.forget(own.uploaded.id);
    this.emit("change", null);
  }

  /**
   * @param {Attachment} shown
   * @param {string} problem
   * @param {boolean} again
   */
  #fail(shown, problem, again) {
    Object.assign(shown, { state: "failed", problem, again });
    this.emit("failed", { name: shown.name, problem });
  }
}
