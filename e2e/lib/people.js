// What people do on Foyer's pages, by the names that assistive technology
// relies on and nothing else.

import { expect } from "@playwright/test";

/** @typedef {import("@playwright/test").Page} Page */

export const password = "correct horse battery";

/** Somebody at a browser. */
export class Person {
  /**
   * @param {string} username
   * @param {Page} page
   */
  constructor(username, page) {
    this.username = username;
    this.page = page;
  }

  get context() {
    return this.page.context();
  }

  /** How others see them. */
  get displayName() {
    return (this.username[0] ?? "").toUpperCase() + this.username.slice(1);
  }

  /** @param {string} name */
  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  /**
   * The tile of a participant, by username.
   * @param {string} username
   */
  tile(username) {
    return this.page.locator(`[data-participant][data-user="${username}"]`);
  }

  /**
   * Sends a form as the page would; for what a test needs but is not about.
   * @param {string} path
   * @param {Record<string, string>} form
   */
  async post(path, form) {
    const answer = await this.context.request.post(path, { form, headers: { Origin: new URL(this.page.url()).origin }, maxRedirects: 0 });
    expect(answer.status(), `POST ${path}: ${await answer.text()}`).toBe(303);
    return answer.headers().location ?? "";
  }
}

/**
 * @param {Person} person
 * @param {{username?: string, email?: string, displayName?: string, password?: string}} [as]
 */
export async function fillSignUp(person, as = {}) {
  const { page } = person;
  await page.getByLabel("Username").fill(as.username ?? person.username);
  await page.getByLabel("Email").fill(as.email ?? `${person.username}@example.org`);
  await page.getByLabel("Display name").fill(as.displayName ?? person.displayName);
  await page.getByLabel("Password").fill(as.password ?? password);
}

/** @param {Person} person */
export async function signUp(person) {
  await person.page.goto("/signup");
  await fillSignUp(person);
  await person.button("Sign up").click();
  await expect(person.button("Log out")).toBeVisible();
}

/**
 * @param {Person} person
 * @param {string} login
 * @param {string} [withPassword]
 */
export async function logIn(person, login, withPassword = password) {
  await person.page.getByLabel("Username or email").fill(login);
  await person.page.getByLabel("Password").fill(withPassword);
  await person.button("Log in").click();
}

/**
 * Makes a room by its form and returns its path.
 * @param {Person} owner
 * @param {string} name
 */
export async function createRoom(owner, name) {
  const { page } = owner;
  await page.goto("/");
  await owner.button("New room").click();
  await page.getByLabel("Room name").fill(name);
  await owner.button("Create room").click();
  await page.waitForURL("**/r/*");
  return new URL(page.url()).pathname;
}

let rooms = 0;

/**
 * Makes a room with members in the quick way and returns its path.
 * @param {Person} owner
 * @param {Person[]} [members]
 * @param {{name?: string, topic?: string, visibility?: string, guests?: boolean, lobby?: string, succession?: string, capacity?: number}} [as]
 */
export async function makeRoom(owner, members = [], as = {}) {
  rooms++;
  const { name = `Room ${rooms} of ${owner.username}`, topic = "", visibility = "private", guests = false, lobby = "off", succession = "host", capacity = 50 } = as;
  if (owner.page.url() === "about:blank") await owner.page.goto("/");
  const path = await owner.post("/rooms", { name, topic, visibility });
  if (["guests", "lobby", "succession", "capacity"].some((setting) => setting in as)) {
    await owner.post(`${path}/settings`, { name, topic, visibility, guests: guests ? "on" : "", lobby, succession, capacity: String(capacity), history_days: "7" });
  }
  for (const { username } of members) await owner.post(`${path}/members`, { login: username, role: "member" });
  return path;
}

/**
 * @param {Person} person
 * @param {string} login
 * @param {string} [role]
 */
export async function addMember(person, login, role = "Member") {
  const { page } = person;
  await page.getByLabel("Username or email").fill(login);
  await page.getByLabel("Role").first().selectOption(role);
  await person.button("Add member").click();
}

/**
 * Opens a room and joins its call.
 * @param {Person} person
 * @param {string} room its path
 */
export async function join(person, room) {
  await person.page.goto(room);
  await joinHere(person);
}

/** @param {Person} person */
export async function joinHere(person) {
  await person.button("Join call").click();
  await expect(person.button("Leave call")).toBeVisible();
  await expect(person.tile(person.username).first()).toBeVisible();
}

/**
 * The answer to somebody who asks to join as their page would, beside it.
 * @param {Person} person
 * @param {string} room its path
 * @param {string} [displayName]
 */
export function askToJoin({ context, page }, room, displayName = "") {
  return context.request.post(`${room}/join`, { data: { display_name: displayName }, headers: { Origin: new URL(page.url()).origin } });
}

/**
 * Waits until the count says so many, and as many tiles are there.
 * @param {Person} person
 * @param {number} count
 */
export async function expectCount(person, count) {
  await expect(person.page.locator("[data-participant-count]")).toHaveText(String(count));
  await expect(person.page.locator("[data-participant]")).toHaveCount(count);
}

/**
 * Allows or denies somebody's browser camera and microphone.
 * @param {Person} person
 * @param {"granted" | "denied"} setting
 */
export async function setPermission({ context, page }, setting) {
  const own = await context.newCDPSession(page);
  const { targetInfo } = await own.send("Target.getTargetInfo");
  const control = await context.browser()?.newBrowserCDPSession();
  for (const name of ["camera", "microphone"]) {
    await control?.send("Browser.setPermission", { permission: { name }, setting, browserContextId: targetInfo.browserContextId });
  }
}
