import assert from "node:assert/strict";
import test from "node:test";
import { EventParser, EventStream } from "../js/core/events.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A server of event streams that a test feeds by hand. */
class Server {
  /** @type {{url: string, lastId: string | null, send: (text: string) => void, end: () => void, aborted: () => boolean}[]} */
  requests = [];
  /** @type {(number | "unreachable")[]} */
  answers = [];

  /** @type {typeof globalThis.fetch} */
  fetch = async (input, init) => {
    const answer = this.answers.shift() ?? 200;
    const signal = init?.signal;
    /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
    let controller;
    const body = new ReadableStream({ start: (c) => { controller = c; } });
    this.requests.push({
      url: String(input),
      lastId: new Headers(init?.headers).get("Last-Event-ID"),
      send: (text) => controller?.enqueue(new TextEncoder().encode(text)),
      end: () => controller?.close(),
      aborted: () => signal?.aborted ?? false,
    });
    if (answer === "unreachable") throw new TypeError("unreachable");
    signal?.addEventListener("abort", () => { try { controller?.error(signal.reason); } catch { /* it had ended */ } });
    return new Response(answer === 200 ? body : "no", { status: answer });
  };

  get last() {
    const request = this.requests.at(-1);
    assert.ok(request, "there was a request");
    return request;
  }
}

/** @param {import("node:test").TestContext} t @param {(number | "unreachable")[]} [answers] */
async function opened(t, answers = []) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const server = new Server();
  server.answers = answers;
  const stream = new EventStream("/r/x/events?participant=p", 7, server.fetch);
  /** @type {string[]} */
  const seen = [];
  for (const name of /** @type {const} */ (["admitted", "joined", "left", "permissions", "room", "hand", "muted", "lobby", "ended", "refused"])) {
    stream.on(name, (detail) => seen.push(`${name} ${JSON.stringify(detail)}`));
  }
  void stream.open();
  await settle();
  t.after(() => stream.close());
  return { server, stream, seen, tick: async (/** @type {number} */ ms) => { t.mock.timers.tick(ms); await settle(); } };
}

test("reads events, whole or in pieces, and passes comments over", async (t) => {
  const { server, seen } = await opened(t);
  assert.equal(server.last.url, "/r/x/events?participant=p&after=7");
  assert.equal(server.last.lastId, null);
  server.last.send(": still here\n\nid: 8\nevent: left\ndata: {\"partici");
  await settle();
  assert.deepEqual(seen, []);
  server.last.send("pant\":\"q\"}\n\nid: 9\r\nevent: room\r\ndata: {\"name\":\"N\",\r\ndata: \"topic\":\"T\"}\r\n\r\n");
  await settle();
  assert.deepEqual(seen, ['left {"participant":"q"}', 'room {"name":"N","topic":"T"}']);
});

test("comes back after a break and says what it saw last", async (t) => {
  const { server, seen, tick } = await opened(t);
  server.last.send("id: 12\nevent: left\ndata: {\"participant\":\"q\"}\n\n");
  await settle();
  server.last.end();
  await settle();
  assert.equal(server.requests.length, 1);
  await tick(1000);
  assert.equal(server.requests.length, 2);
  assert.equal(server.last.lastId, "12");
  server.last.send("id: 13\nevent: left\ndata: {\"participant\":\"r\"}\n\n");
  await settle();
  assert.equal(seen.length, 2);
});

test("goes on trying, with longer pauses, while the server cannot be reached or fails", async (t) => {
  const { server, tick } = await opened(t, ["unreachable", 502, 503, "unreachable", 200]);
  await tick(630);
  assert.equal(server.requests.length, 2);
  await tick(630);
  assert.equal(server.requests.length, 2, "the second pause is longer");
  await tick(700);
  assert.equal(server.requests.length, 3);
  await tick(20_000);
  await tick(20_000);
  assert.equal(server.requests.length, 5);
});

test("waits and tries again while too many streams are open", async (t) => {
  const { server, seen, tick } = await opened(t, [429, 429]);
  await tick(370);
  assert.equal(server.requests.length, 1);
  await tick(20_000);
  await tick(20_000);
  assert.equal(server.requests.length, 3);
  server.last.send("id: 8\nevent: left\ndata: {}\n\n");
  await settle();
  assert.deepEqual(seen, ["left {}"], "neither refused nor ended");
});

test("nudge tries again at once", async (t) => {
  const { server, stream } = await opened(t, ["unreachable"]);
  stream.nudge();
  await settle();
  assert.equal(server.requests.length, 2);
});

test("silence is a broken connection", async (t) => {
  const { server, tick } = await opened(t);
  await tick(39_000);
  server.last.send(": still here\n\n");
  await settle();
  await tick(39_000);
  assert.equal(server.requests.length, 1);
  await tick(1500);
  await tick(1500);
  assert.equal(server.requests.length, 2);
  assert.ok(server.requests[0]?.aborted());
});

test("ended closes for good", async (t) => {
  const { server, seen, tick } = await opened(t);
  server.last.send("id: 9\nevent: ended\ndata: {\"reason\":\"removed\",\"by\":\"Ana\",\"message\":\"M\"}\n\nid: 10\nevent: left\ndata: {}\n\n");
  await settle();
  await tick(60_000);
  assert.deepEqual(seen, ['ended {"reason":"removed","by":"Ana","message":"M"}']);
  assert.equal(server.requests.length, 1);
  assert.ok(server.last.aborted());
});

for (const status of [401, 403, 404]) {
  test(`a refusal with ${status} is told and final`, async (t) => {
    const { server, seen, tick } = await opened(t, [status]);
    await tick(60_000);
    assert.deepEqual(seen, [`refused {"status":${status}}`]);
    assert.equal(server.requests.length, 1);
  });
}

test("resync begins from the first position", async (t) => {
  const { server, stream, tick } = await opened(t);
  server.last.send("id: 30\nevent: left\ndata: {}\n\n");
  await settle();
  stream.resync();
  await settle();
  await tick(700);
  assert.equal(server.requests.length, 2);
  assert.equal(server.last.lastId, null);
  assert.match(server.last.url, /after=7$/);
});

test("when it begins again, who is there is told again, but nothing is done again", async (t) => {
  const { server, stream, seen, tick } = await opened(t);
  const admitted = 'id: 8\nevent: admitted\ndata: {"participant":"q","hand_at":null}\n\n';
  const hand = 'id: 9\nevent: hand\ndata: {"participant":"q","hand_at":"now"}\n\n';
  const muted = 'id: 10\nevent: muted\ndata: {"by":"Ben"}\n\n';
  server.last.send(admitted + hand + muted);
  await settle();
  assert.deepEqual(seen.splice(0), ['admitted {"participant":"q","hand_at":null}', 'hand {"participant":"q","hand_at":"now"}', 'muted {"by":"Ben"}']);
  stream.resync();
  await settle();
  await tick(700);
  // Who waits is told as of now, by the position that the stream is at.
  server.last.send(`id: 7\nevent: lobby\ndata: {}\n\n${admitted}`);
  await settle();
  server.last.end(); // a break while it is told again
  await settle();
  await tick(1000);
  assert.equal(server.last.lastId, "8");
  server.last.send(`${hand}${muted}id: 11\nevent: muted\ndata: {"by":"Cleo"}\n\n`);
  await settle();
  assert.deepEqual(seen.splice(0), ["lobby {}", 'admitted {"participant":"q"}', 'muted {"by":"Cleo"}']);
  stream.resync();
  stream.resync();
  await settle();
  await tick(1000);
  server.last.send(`${muted}id: 11\nevent: muted\ndata: {"by":"Cleo"}\n\n`);
  await settle();
  assert.deepEqual(seen, []);
});

test("close stops reading and coming back", async (t) => {
  const { server, stream, seen, tick } = await opened(t);
  const first = server.last;
  stream.close();
  await settle();
  await tick(60_000);
  assert.equal(server.requests.length, 1);
  assert.ok(first.aborted());
  assert.deepEqual(seen, []);
});

test("the parser cuts the same events however the text is cut", () => {
  const text = "\n: hello\n\nid: 1\nevent: a\ndata: x\ndata: y\n\ndata:z\n\nevent: nothing\n\nid\rdata: é\r\n\r\n";
  const whole = new EventParser().push(text);
  assert.deepEqual(whole, [
    { name: "a", data: "x\ny", id: "1" },
    { name: "message", data: "z", id: "1" },
    { name: "message", data: "é", id: "" },
  ]);
  for (let cut = 1; cut < text.length; cut++) {
    const parser = new EventParser();
    assert.deepEqual([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))], whole, `cut at ${cut}`);
  }
});

test("a stream without positions asks for none; it says whether the server is heard", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const server = new Server();
  const stream = new EventStream("/r/x/lobby/events", null, server.fetch);
  /** @type {string[]} */
  const seen = [];
  stream.on("connection", ({ up }) => seen.push(up ? "up" : "down"));
  stream.on("standing", ({ state }) => seen.push(state));
  void stream.open();
  t.after(() => stream.close());
  await settle();
  assert.equal(server.last.url, "/r/x/lobby/events");
  server.last.send('event: standing\ndata: {"state": "waiting", "told": 1, "message": ""}\n\n');
  await settle();
  server.last.end();
  await settle();
  await settle();
  t.mock.timers.tick(10_000);
  await settle();
  assert.equal(server.requests.length, 2);
  assert.deepEqual(seen, ["up", "waiting", "down", "up"]);
});
