import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat, spoken } from "../js/core/chat.js";
import { Outbox, newId } from "../js/core/outbox.js";
import { Declined } from "../js/core/post.js";
import { trouble } from "./lib/answers.js";

/** @typedef {import("../js/core/chat.js").Message} Message */

const patience = 60_000; // milliseconds

/** @param {() => boolean} condition @param {string} what */
async function until(condition, what) {
  for (const end = Date.now() + patience; !condition();) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
}

/** A room's messages, as the server keeps them; asking it may fail on the way there or back. */
class Server {
  /** @type {Message[]} */
  messages = [];
  #position = 0;
  /** Whether the next request gets lost, and on which way. @type {() => "" | "there" | "back" | Error} */
  trouble = () => "";
  /** @type {Set<(message: Message) => void>} */
  streams = new Set();
  asked = 0;

  /** @param {string} who @param {ReturnType<typeof memory>} ofTab */
  around(who, ofTab = memory()) {
    return {
      pauses: [1], lasting: memory(), ofTab,
      get: (/** @type {string} */ path) => this.#ask(() => this.#list(path, who)),
      post: (/** @type {string} */ path, /** @type {any} */ body) => this.#ask(() => (path.endsWith("/messages") ? this.write(who, body) : this.change(path, body))),
    };
  }

  /** @template T @param {() => T} act */
  async #ask(act) {
    this.asked++;
    const trouble = this.trouble();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    if (trouble instanceof Error) throw trouble;
    if (trouble === "there") throw new Error("lost");
    const answer = act();
    if (trouble === "back") throw new Error("the answer was lost");
    return structuredClone(answer);
  }

  /** @param {string} who @param {{id: string, text: string}} body */
  write(who, { id, text }) {
    const before = this.messages.find((message) => message.id === id);
    if (before) return { ...before, own: true };
    const position = ++this.#position;
    /** @type {Message} */
    const message = {
      id, position, revision: position, at: new Date().toISOString(), username: who, display_name: who, own: false, text,
      edited: false, deleted: "", reply: null, files: [],
    };
    this.messages.push(message);
    this.#tell(message);
    return { ...message, own: true };
  }

  /** @param {string} path @param {{text?: string}} body */
  change(path, { text = "" }) {
    const [id, how] = path.split("/").slice(4);
    const message = this.messages.find((one) => one.id === id);
    assert.ok(message);
    message.revision = ++this.#position;
    message.text = text;
    if (how) message.deleted = "author";
    else message.edited = true;
    this.#tell(message);
    return { ...message, own: true };
  }

  /** @param {Message} message */
  #tell(message) {
    for (const stream of this.streams) stream(structuredClone({ ...message, seen: message.revision }));
  }

  /** @param {string} path @param {string} who */
  #list(path, who) {
    const query = new URLSearchParams(path.split("?")[1]);
    const size = 50;
    const mine = this.messages.map((message) => ({ ...message, own: message.username === who }));
    if (query.has("since")) {
      const found = mine.filter((message) => message.revision > Number(query.get("since"))).sort((a, b) => a.revision - b.revision);
      const some = found.slice(0, size);
      return { messages: some, more: found.length > size, position: found.length > size ? some.at(-1)?.revision ?? 0 : this.#position };
    }
    const before = Number(query.get("before")) || Infinity;
    const found = mine.filter((message) => message.position < before);
    return { messages: found.slice(-size), more: found.length > size, position: this.#position };
  }
}

/** @param {Server} server @param {string} who @param {ReturnType<typeof memory>} [ofTab] */
function join(server, who, ofTab) {
  const chat = new Chat("/r/team", who, server.around(who, ofTab));
  const listener = (/** @type {Message} */ message) => chat.tell({ ...message, own: message.username === who });
  server.streams.add(listener);
  chat.begin();
  return { chat, listener };
}

const texts = (/** @type {Chat} */ chat) => chat.messages.map(({ text }) => text);

test("four send 500 while connections break: none lost, none twice, in order", async () => {
  const server = new Server();
  const names = ["ana", "ben", "cleo", "dan"];
  const people = names.map((who) => ({ who, ...join(server, who) }));
  let n = 0;
  server.trouble = () => /** @type {const} */ (["", "there", "back", ""])[n++ % 4] ?? "";
  for (let i = 0; i < 125; i++) {
    for (const { who, chat } of people) chat.send(`${who} ${i}`);
    // Somebody's call is lost, with its stream, and joined afresh.
    const person = people[i % 4];
    if (person && i % 10 === 5) server.streams.delete(person.listener);
    if (person && i % 10 === 9) for (const one of people) {
      if (server.streams.has(one.listener)) continue;
      server.streams.add(one.listener);
      one.chat.begin();
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const one of people) {
    server.streams.add(one.listener);
    one.chat.begin();
  }
  await until(() => people.every(({ chat }) => chat.outbox.length === 0 && !chat.loading && chat.messages.length >= 500), "everything is there");
  assert.equal(server.messages.length, 500);
  const order = server.messages.map(({ text }) => text);
  for (const { who, chat } of people) {
    assert.deepEqual(texts(chat), order, who);
    const own = order.filter((text) => text.startsWith(who));
    assert.deepEqual(own, Array.from({ length: 125 }, (_, i) => `${who} ${i}`));
  }
});

test("what the server refuses fails beside the message; the next goes on", async () => {
  const server = new Server();
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  const no = [new Declined("switched_off", "This is switched off here.")];
  server.trouble = () => no.shift() ?? "";
  /** @type {string[]} */
  const failures = [];
  chat.on("failed", ({ problem }) => failures.push(problem));
  chat.send("refused");
  chat.send("taken");
  await until(() => texts(chat).length === 1, "the next went");
  assert.deepEqual(texts(chat), ["taken"]);
  assert.deepEqual(chat.outbox.map(({ text, state, problem }) => [text, state, problem]), [["refused", "failed", "This is switched off here."]]);
  assert.deepEqual(failures, ["This is switched off here."], "told once");
  chat.retry(chat.outbox[0]?.id ?? "");
  await until(() => texts(chat).length === 2, "retried");
  assert.deepEqual(chat.outbox, []);
});

test("a busy server is asked again later; the order stays", async () => {
  const server = new Server();
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  const busy = [new Declined("busy", "Too many."), new Error("network")];
  server.trouble = () => busy.shift() ?? "";
  chat.send("first");
  chat.send("second");
  await until(() => texts(chat).length === 2, "both");
  assert.deepEqual(texts(chat), ["first", "second"]);
});

test("a server that has trouble gets the messages once that is over, in order", async () => {
  const server = new Server();
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  const failed = await trouble();
  const failing = [failed, failed, failed];
  server.trouble = () => failing.shift() ?? "";
  /** @type {Set<string | undefined>} */
  const states = new Set();
  chat.on("change", () => states.add(chat.outbox[0]?.state));
  chat.send("first");
  chat.send("second");
  await until(() => texts(chat).length === 2, "both");
  assert.deepEqual(texts(chat), ["first", "second"]);
  assert.ok(states.has("waiting") && !states.has("failed"), [...states].join());
});

test("whoever is out of the call for a moment has what they wrote sent when they are back, in order", async () => {
  const server = new Server();
  let inCall = true;
  const around = { ...server.around("gus"), pauses: [60_000] };
  server.trouble = () => (inCall ? "" : new Declined("not_in_call", ""));
  const chat = new Chat("/r/x", "gus", around);
  chat.begin();
  await until(() => !chat.loading, "loaded");
  inCall = false;
  chat.send("1");
  chat.send("2");
  await until(() => chat.outbox[0]?.state === "waiting", "the first waits");
  chat.nudge(); // the network is back before they are
  await until(() => server.asked > 2, "asked again");
  await until(() => chat.outbox[0]?.state === "waiting", "it waits still");
  inCall = true;
  chat.begin();
  chat.send("3");
  await until(() => chat.outbox.length === 0, "all are sent");
  assert.deepEqual(server.messages.map(({ text }) => text), ["1", "2", "3"]);
  chat.end();
});

test("a message whose answer never comes is sent again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const turn = () => new Promise((resolve) => { setImmediate(resolve); });
  let attempts = 0;
  const outbox = new Outbox({
    send: (message, signal) => new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      if (++attempts === 2) resolve(/** @type {Message} */ ({ id: message.id }));
    }),
    remembered: () => "", remember: () => {}, pauses: [1000],
  });
  const over = new AbortController();
  outbox.begin(over.signal);
  outbox.add({ text: "1", reply_to: "", files: [] });
  for (const [ms, state] of /** @type {const} */ ([[14_000, "sending"], [2000, "waiting"]])) {
    t.mock.timers.tick(ms);
    await turn();
    assert.equal(outbox.pending[0]?.state, state);
  }
  t.mock.timers.tick(1000);
  await turn();
  assert.equal(attempts, 2);
  assert.equal(outbox.pending.length, 0);
  over.abort();
});

test("a message that the server cannot take keeps no others waiting, an outage keeps them all", async () => {
  let outage = true;
  /** @type {string[]} */
  const sent = [];
  const failed = await trouble();
  const outbox = new Outbox({
    send: async (message) => {
      if (outage || message.text === "1") throw failed;
      sent.push(String(message.text));
      return /** @type {Message} */ ({ id: message.id });
    },
    remembered: () => "", remember: () => {}, pauses: [1],
  });
  const over = new AbortController();
  let attempts = 0;
  outbox.on("change", () => attempts++);
  outbox.begin(over.signal);
  for (const text of ["1", "2", "3"]) outbox.add({ text, reply_to: "", files: [] });
  await until(() => attempts > 30, "tried often");
  assert.deepEqual(outbox.pending.map(({ state }) => state === "failed"), [false, false, false]);
  outage = false;
  await until(() => sent.length === 2, "the others are sent");
  assert.deepEqual(sent, ["2", "3"]);
  await until(() => outbox.pending.length === 1, "they are not waiting any more");
  assert.deepEqual(outbox.pending.map(({ text, state, problem }) => [text, state, problem]), [["1", "failed", failed.message]]);
  over.abort();
});

test("what was written before is fetched once the server has no trouble any more", async () => {
  const server = new Server();
  for (let i = 0; i < 3; i++) server.write("ben", { id: `${i}`, text: `${i}` });
  const failed = await trouble();
  const failing = [failed, failed];
  server.trouble = () => failing.shift() ?? "";
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  assert.deepEqual(texts(chat), ["0", "1", "2"]);
});

test("what was not sent outlives a reload, and is sent once", async () => {
  const server = new Server();
  const tab = memory();
  server.trouble = () => "back";
  const { chat, listener } = join(server, "ana", tab);
  server.streams.delete(listener);
  chat.send("hello");
  await until(() => server.messages.length === 1, "it arrived, unheard of");
  chat.end();
  server.trouble = () => "";
  const { chat: again } = join(server, "ana", tab);
  assert.equal(again.outbox.length, 1);
  await until(() => again.outbox.length === 0, "sent again");
  assert.deepEqual(texts(again), ["hello"]);
  assert.equal(server.messages.length, 1);
});

test("changes replace, unless they are older than what is known", async () => {
  const server = new Server();
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  chat.send("teh");
  await until(() => texts(chat).length === 1, "sent");
  const [first] = chat.messages;
  await chat.edit(first?.id ?? "", "the");
  assert.deepEqual([texts(chat), chat.messages[0]?.edited], [["the"], true]);
  if (first) chat.tell(first);
  assert.deepEqual(texts(chat), ["the"]);
  await chat.remove(first?.id ?? "");
  assert.equal(chat.messages[0]?.deleted, "author");
});

test("a quote says what has become of a message that is not shown", async () => {
  const server = new Server();
  for (let i = 0; i < 60; i++) server.write("ben", { id: `${i}`, text: `${i}` });
  const last = server.messages.at(-1);
  if (last) last.reply = { id: "3", display_name: "Ben", text: "3", deleted: false };
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  assert.equal(chat.find("3"), undefined);
  server.change("/r/team/messages/3", { text: `three${"e".repeat(200)}` });
  assert.equal(chat.messages.at(-1)?.reply?.text, `three${"e".repeat(155)}`);
  server.change("/r/team/messages/3/delete", {});
  assert.deepEqual(chat.messages.at(-1)?.reply, { id: "3", display_name: "Ben", text: "", deleted: true });
});

test("whoever gives up what could not be sent gives up its files", async () => {
  const server = new Server();
  /** @type {string[]} */
  const discarded = [];
  const around = { ...server.around("ana"), post: async (/** @type {string} */ path) => {
    if (!path.endsWith("/discard")) throw new Declined("not_allowed", "You may not write here.");
    discarded.push(path);
  } };
  const chat = new Chat("/r/team", "ana", around);
  chat.begin();
  chat.send("look", "", [{ id: "f1", name: "a.png", type: "image/png", size: 1, image: true }, { id: "f2", name: "b.txt", type: "text/plain", size: 1, image: false }]);
  await until(() => chat.outbox[0]?.state === "failed", "refused");
  chat.discard(chat.outbox[0]?.id ?? "");
  assert.deepEqual(chat.outbox, []);
  assert.deepEqual(discarded, ["/r/team/files/f1/discard", "/r/team/files/f2/discard"]);
});

test("edits made while one was away are caught up on; of what is not loaded, later", async () => {
  const server = new Server();
  for (let i = 0; i < 120; i++) server.write("ben", { id: `${i}`, text: `${i}` });
  const { chat, listener } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  assert.equal(chat.messages.length, 50);
  assert.equal(chat.more, true);
  server.streams.delete(listener);
  server.change("/r/team/messages/119", { text: "changed" });
  server.change("/r/team/messages/3", { text: "changed early" });
  for (let i = 120; i < 230; i++) server.write("ben", { id: `${i}`, text: `${i}` });
  chat.begin();
  await until(() => !chat.loading, "caught up");
  assert.equal(chat.messages.length, 160);
  assert.equal(chat.find("119")?.text, "changed");
  await chat.older();
  await chat.older();
  assert.deepEqual([chat.messages.length, chat.more, chat.find("3")?.text], [230, false, "changed early"]);
  assert.deepEqual(chat.messages.map(({ position }) => position), chat.messages.map(({ position }) => position).toSorted((a, b) => a - b));
});

test("unread is what others wrote since one looked", async () => {
  const server = new Server();
  server.write("ben", { id: "old", text: "before I came" });
  const { chat } = join(server, "ana");
  await until(() => !chat.loading, "loaded");
  assert.equal(chat.unread, 0);
  /** @type {string[]} */
  const arrived = [];
  chat.on("arrived", ({ message }) => arrived.push(message.text));
  server.write("ben", { id: "new", text: "new" });
  chat.send("mine");
  await until(() => chat.messages.length === 3, "sent");
  assert.deepEqual([chat.unread, arrived], [1, ["new"]]);
  chat.markRead();
  assert.equal(chat.unread, 0);
});

test("what is spoken", () => {
  /** @param {string} name @param {string} text */
  const message = (name, text) => /** @type {Message} */ ({ display_name: name, text, files: [{}] });
  const listed = (/** @type {string[]} */ names) => names.join("+");
  assert.equal(spoken([], listed), "");
  assert.equal(spoken([message("Ana", "hi")], listed), "Ana: hi");
  assert.equal(spoken([message("Ana", "")], listed), "Ana: 1 file");
  assert.ok(spoken([message("Ana", "x".repeat(1000))], listed).length < 250);
  assert.equal(spoken([message("Ana", "a"), message("Ben", "b"), message("Ana", "c")], listed), "3 new messages from Ana+Ben");
});

test("ids are UUIDs, also where the browser makes none", () => {
  const { randomUUID } = crypto;
  try {
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    const ids = Array.from({ length: 100 }, newId);
    assert.equal(new Set(ids).size, 100);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  } finally {
    Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true });
  }
});
