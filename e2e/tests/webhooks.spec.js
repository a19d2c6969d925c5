// Outgoing webhooks, with a real receiver on this machine.

import { createHmac } from "node:crypto";
import http from "node:http";
import { expect, test } from "../lib/test.js";
import { Foyer, freePort } from "../lib/foyer.js";
import { makeRoom } from "../lib/people.js";
import { shots } from "../lib/shots.js";

/** @typedef {{headers: http.IncomingHttpHeaders, body: string}} Message */

/**
 * A receiver that answers with what status says.
 * @param {() => number} status
 */
async function receive(status) {
  /** @type {Message[]} */
  const got = [];
  const server = http.createServer(async (request, answer) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    got.push({ headers: request.headers, body });
    answer.writeHead(status()).end();
  });
  const port = await freePort();
  await new Promise((resolve) => { server.listen(port, "127.0.0.1", () => resolve(undefined)); });
  return { got, address: `http://127.0.0.1:${port}/hook`, close: () => server.close() };
}

/**
 * @param {Message} message
 * @param {string} secret
 */
function verify({ headers, body }, secret) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${signature}`);
}

test("a receiver is told with a signature, refuses, and is told again", async ({ visitAt }) => {
  const foyer = await Foyer.start({ FOYER_WEBHOOK_NETWORKS: "127.0.0.1" });
  let status = 204;
  const receiver = await receive(() => status);
  try {
    const ana = await visitAt("ana", foyer);
    await visitAt("ben", foyer);
    const room = await makeRoom(ana, []);
    await ana.page.goto(`${room}/webhooks`);
    await ana.page.getByLabel("Address of the receiver").fill(receiver.address);
    await ana.page.getByLabel("Changes of access").check();
    await ana.button("Add webhook").click();
    await ana.page.getByText("Show the secret").click();
    const secret = await ana.page.locator("code").innerText();
    await ana.post(`${room}/members`, { login: "ben", role: "member" });
    await expect(() => expect(receiver.got).toHaveLength(1)).toPass({ timeout: 120_000 });
    const [told] = /** @type {[Message]} */ (receiver.got);
    verify(told, secret);
    expect(JSON.parse(told.body)).toMatchObject({ type: "member_added", data: { actor: { username: "ana" }, details: { username: "ben" } } });

    status = 500;
    await ana.post(`${room}/members/ben`, { role: "moderator" });
    await expect(async () => {
      await ana.page.reload();
      await expect(ana.page.getByRole("row", { name: "role changed" }).getByText("Trying again")).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 120_000 });
    await expect(ana.page.getByText("The receiver answers with status 500.")).toBeVisible();
    status = 204;
    const before = receiver.got.length;
    await ana.page.getByRole("row", { name: "role changed" }).getByRole("button", { name: "Send again" }).click();
    await expect(() => expect(receiver.got.length).toBeGreaterThan(before)).toPass({ timeout: 120_000 });
    const ids = receiver.got.slice(1).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
    await expect(async () => {
      await ana.page.reload();
      await expect(ana.page.getByRole("row", { name: "role changed" }).getByText("Delivered")).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 120_000 });
  } finally {
    receiver.close();
    await foyer.remove();
  }
});

test("what is inside the network is not reached", async ({ visit }) => {
  const receiver = await receive(() => 204);
  try {
    const ana = await visit("ana");
    const room = await makeRoom(ana, []);
    await ana.page.goto(`${room}/webhooks`);
    await ana.page.getByLabel("Address of the receiver").fill(receiver.address);
    await ana.page.getByLabel("Changes of access").check();
    await ana.button("Add webhook").click();
    await ana.button("Send a test").click();
    await expect(async () => {
      await ana.page.reload();
      await expect(ana.page.getByText("This address is inside a private network")).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 120_000 });
    expect(receiver.got).toHaveLength(0);
  } finally {
    receiver.close();
  }
});

test("webhooks, in pictures", { tag: "@pictures" }, async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, []);
  await ana.page.goto(`${room}/webhooks`);
  await shots(ana, "webhooks-empty", { whole: true });
  await ana.page.getByLabel("Address of the receiver").fill("http://127.0.0.1:9/hook");
  await ana.page.getByLabel("Changes of access").check();
  await ana.button("Add webhook").click();
  await ana.button("Send a test").click();
  await expect(async () => {
    await ana.page.reload();
    await expect(ana.page.getByText("Trying again")).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 120_000 });
  await shots(ana, "webhook", { whole: true });
});
