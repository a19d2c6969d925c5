// Foyer behind a real proxy that ends TLS, with the settings that the
// documentation gives for it.

import http from "node:http";
import https from "node:https";
import { expect, test } from "../lib/test.js";
import { Foyer, heldPort } from "../lib/foyer.js";
import { expectPicture } from "../lib/media.js";
import { expectCount, join, makeRoom, password, signUp } from "../lib/people.js";
import { Proxy, missing } from "../lib/proxy.js";
import { Twilio } from "../lib/twilio.js";

/**
 * @typedef {object} Setup
 * @property {import("../lib/proxy.js").Kind} kind
 * @property {boolean} named whether Foyer is told its public address
 */

/** @type {Setup[]} */
const setups = [{ kind: "nginx", named: true }, { kind: "caddy", named: false }];

for (const { kind, named } of setups) {
  test.describe(`behind ${kind}`, () => {
    /** @type {Proxy} */
    let proxy;
    /** @type {Foyer} */
    let own;
    /** Where the program itself listens, over plain http. */
    let direct = 0;

    test.beforeAll(async () => {
      test.setTimeout(600_000); // they may have to be installed
      const lacks = missing(kind);
      test.skip(Boolean(lacks) && !process.env.CI, `there is no ${lacks} here`);
      const held = await heldPort();
      direct = held.port;
      proxy = await Proxy.start(kind, direct);
      await held.release();
      own = await Foyer.start({
        FOYER_ADDR: `127.0.0.1:${direct}`,
        FOYER_TRUSTED_PROXIES: "127.0.0.1",
        ...(named ? { FOYER_PUBLIC_URL: proxy.origin } : {}),
      });
    });
    test.afterAll(async () => {
      await own?.remove();
      await proxy?.remove();
    });

    /**
     * Two people who came through the proxy.
     * @param {import("../lib/test.js").OfTest["newcomer"]} newcomer
     */
    async function pair(newcomer) {
      const options = { baseURL: proxy.origin, ignoreHTTPSErrors: true };
      const [ana, ben] = [await newcomer({ options }), await newcomer({ options })];
      await signUp(ana);
      await signUp(ben);
      return { ana, ben };
    }

    test("a call goes over https and wss alone, and its cookies too", async ({ newcomer }) => {
      const { ana, ben } = await pair(newcomer);
      /** @type {string[]} */
      const sockets = [];
      /** @type {string[]} */
      const insecure = [];
      for (const { page } of [ana, ben]) {
        page.on("websocket", (socket) => sockets.push(new URL(socket.url()).origin));
        page.on("request", (request) => { if (!request.url().startsWith(`${proxy.origin}/`)) insecure.push(request.url()); });
      }
      const [cookie] = await ana.context.cookies();
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: "Lax" });

      const room = await makeRoom(ana, [ben]);
      await join(ana, room);
      await join(ben, room);
      await expectPicture(ana.tile(ben.username));
      await expectPicture(ben.tile(ana.username));
      await expectCount(ana, 2);
      expect(sockets.length).toBeGreaterThanOrEqual(2);
      expect(new Set(sockets)).toEqual(new Set([proxy.origin.replace("https:", "wss:")]));
      expect(insecure.filter((url) => !url.startsWith("blob:") && !url.startsWith("data:"))).toEqual([]);

      await test.step("the event stream is not held back", async () => {
        const participant = await ana.tile(ana.username).getAttribute("data-participant");
        const first = ana.page.evaluate(async (address) => {
          const stream = (await fetch(address)).body?.getReader();
          const { value } = await stream?.read() ?? {};
          await stream?.cancel();
          return new TextDecoder().decode(value);
        }, `${room}/events?after=0&participant=${participant}`);
        const heartbeat = 15_000; // milliseconds; what is held back comes with it at the earliest
        const late = new Promise((resolve) => { setTimeout(resolve, heartbeat - 2_000, "nothing yet"); });
        expect(await Promise.race([first, late])).toContain(": open");
      });

      await ana.post(`${room}/members/${ben.username}/remove`, {});
      await expect(ben.page.getByRole("heading", { name: `${ana.displayName} removed you` })).toBeVisible();

      if (kind === "nginx") {
        // Written once the connection has ended.
        await expect.poll(() => proxy.requests).toContain("GET /rtc/v1");
        expect(proxy.requests, "the log of nginx holds no tokens").not.toMatch(/\?|access_token|eyJ/);
      }
    });

    test("the client's address is what the proxy says, and nobody else's word counts", async ({ newcomer }) => {
      test.skip(process.platform !== "linux", "only there has this machine a second address without asking");
      const { ana } = await pair(newcomer);
      const claims = { "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "claimed.example" };

      /** @param {LogIn} how */
      const addressAfter = async (how) => {
        await own.sql("delete from sessions");
        const answer = await logIn(ana.username, how);
        expect(answer.status, answer.body).toBe(303);
        const { rows } = await own.sql("select address from sessions");
        return { address: rows[0].address, cookie: answer.cookie };
      };

      const through = { to: proxy.origin, origin: proxy.origin, from: "127.0.0.2" };
      expect((await addressAfter(through)).address).toBe("127.0.0.2");
      const claimed = await addressAfter({ ...through, headers: claims });
      expect(claimed.address, "a client that claims another address to the proxy").toBe("127.0.0.2");
      expect(claimed.cookie).toContain("Secure");

      const past = { to: `http://127.0.0.1:${direct}`, origin: `http://127.0.0.1:${direct}`, from: "127.0.0.2" };
      const stranger = await addressAfter({ ...past, headers: claims });
      expect(stranger.address, "a stranger who goes past the proxy").toBe("127.0.0.2");
      if (!named) expect(stranger.cookie, "what a stranger says of the scheme").not.toContain("Secure");
      const posing = await logIn(ana.username, { ...past, origin: "https://claimed.example", headers: claims });
      expect(posing.status, "a stranger who claims another host is from another site").toBe(403);
    });
  });
}

test.describe("behind nginx, with Twilio", () => {
  /** @type {Proxy} */
  let proxy;
  /** @type {Twilio} */
  let twilio;
  /** @type {Foyer} */
  let own;

  test.skip(process.platform !== "linux", "only there does the double take its certificates from a file");

  test.beforeAll(async () => {
    test.setTimeout(600_000);
    const lacks = missing("nginx");
    test.skip(Boolean(lacks) && !process.env.CI, `there is no ${lacks} here`);
    const held = await heldPort();
    proxy = await Proxy.start("nginx", held.port);
    twilio = await Twilio.start({ SSL_CERT_FILE: proxy.certificate });
    await held.release();
    own = await Foyer.start({ ...twilio.settings(held.port), FOYER_PUBLIC_URL: proxy.origin, FOYER_TRUSTED_PROXIES: "127.0.0.1" });
  });
  test.afterAll(async () => {
    await own?.remove();
    twilio?.stop();
    await proxy?.remove();
  });

  test("Twilio's callbacks come to the public address, and their signatures hold", async ({ newcomer }) => {
    const options = { baseURL: proxy.origin, ignoreHTTPSErrors: true };
    const [ana, ben] = [await newcomer({ options }), await newcomer({ options })];
    await signUp(ana);
    await signUp(ben);
    const room = await makeRoom(ana, [ben]);
    await join(ana, room);
    await join(ben, room);
    await expectPicture(ana.tile(ben.username));
    await expectPicture(ben.tile(ana.username));
    /** The answers that callbacks got. */
    const answers = () => [...proxy.requests.matchAll(/"POST \/hooks\/twilio" (\d+)/g)].map((found) => found[1]);
    const before = answers().length;
    expect(before, "callbacks for two who came").toBeGreaterThanOrEqual(2);
    await ben.button("Leave call").click();
    await expectCount(ana, 1);
    await expect.poll(() => answers().length, { message: "callbacks for one who left" }).toBeGreaterThan(before);
    expect(new Set(answers())).toEqual(new Set(["204"]));

    const unsigned = await ana.context.request.post("/hooks/twilio", { form: { StatusCallbackEvent: "room-ended" } });
    expect(unsigned.status()).toBe(401);
    expect(await twilio.violations()).toEqual([]);
  });
});

/**
 * @typedef {object} LogIn how somebody logs in without a browser
 * @property {string} to the origin that is connected to
 * @property {string} origin the one that the request says it comes from
 * @property {string} from the address that the connection comes from
 * @property {Record<string, string>} [headers]
 */

/**
 * @param {string} username
 * @param {LogIn} how
 * @returns {Promise<{status: number, cookie: string, body: string}>}
 */
function logIn(username, { to, origin, from, headers = {} }) {
  const form = new URLSearchParams({ login: username, password }).toString();
  return new Promise((resolve, reject) => {
    const url = new URL("/login", to);
    const { request } = url.protocol === "https:" ? https : http;
    request({
      host: "127.0.0.1", port: url.port, path: url.pathname, method: "POST", localAddress: from, rejectUnauthorized: false,
      headers: { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": form.length, Host: url.host, Origin: origin, ...headers },
    }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text) => { body += text; });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, cookie: String(answer.headers["set-cookie"] ?? ""), body }));
    }).on("error", reject).end(form);
  });
}
