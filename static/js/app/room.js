// The room page: puts devices, lobby, call and views together.

import { Call } from "../core/call.js";
import { Chat } from "../core/chat.js";
import { Devices } from "../core/devices.js";
import { EventStream } from "../core/events.js";
import { Hands } from "../core/hands.js";
import { askToJoin } from "../core/join.js";
import { Lobby } from "../core/lobby.js";
import { isTouchSafari } from "../core/phone.js";
import { Moderation } from "../core/moderation.js";
import { asDeclined, get, leave, post } from "../core/post.js";
import { Reporting } from "../core/reporting.js";
import { Screen } from "../core/screen.js";
import { Settings } from "../core/settings.js";
import { Sounds, quietAbove } from "../core/sounds.js";
import { storage } from "../core/storage.js";
import { t } from "../core/text.js";
import { View } from "../core/view.js";
import { ask } from "./ask.js";
import { Asked } from "./asked.js";
import { Bar } from "./bar.js";
import { ChatPanel } from "./chat.js";
import { CheckDialog } from "./check.js";
import { askFirst } from "./confirm.js";
import { Connection } from "./connection.js";
import { offerLink } from "./copylink.js";
import { byId } from "./dom.js";
import { Ended } from "./ended.js";
import { keepFocus } from "./focus.js";
import { Gestures } from "./gestures.js";
import { Knocks } from "./knocks.js";
import { layoutItems, spotlightItems, tileItems } from "./layouts.js";
import { Notices } from "./notices.js";
import { People } from "./people.js";
import { SmallWindow } from "./pip.js";
import { Prejoin } from "./prejoin.js";
import { Presence } from "./presence.js";
import { keepTo } from "./rights.js";
import { Rules } from "./rules.js";
import { Sharing } from "./sharing.js";
import { Shortcuts } from "./shortcuts.js";
import { Stage } from "./stage.js";
import { isOn } from "./switches.js";
import { tellOf } from "./told.js";
import { noticeUnheard } from "./unheard.js";
import { Waiting } from "./waiting.js";
import { Weak } from "./weak.js";
import { words } from "./words.js";

const { slug = "", backend: usualBackend = "", username = "", role = "", lobby: standing = "" } = byId("room", HTMLElement).dataset;
const base = `/r/${encodeURIComponent(slug)}`;
const callView = byId("call", HTMLElement);
const settings = new Settings(storage());
const sounds = new Sounds();
const devices = new Devices(navigator.mediaDevices, storage(), { oneAtATime: isTouchSafari(navigator) });
const screen = new Screen(navigator.mediaDevices, {
  origin: location.origin,
  handle: crypto.randomUUID?.() ?? String(Math.random()), // insecure pages have no UUIDs, nor screens to share
  size: () => ({ width: outerWidth * devicePixelRatio, height: outerHeight * devicePixelRatio }),
}, storage());
const call = new Call({
  ask: async (name, signal, former) => {
    const answer = await askToJoin(slug, name, signal, former);
    const self = { participant: answer.participant, username, display_name: name, role };
    return { ...answer, people: [self, ...answer.people] };
  },
  media: async (backend) => (await adapter(backend)).create(),
  listen: (participant, position) => new EventStream(`${base}/events?participant=${encodeURIComponent(participant)}`, position),
  leave: (participant) => void leave(`${base}/participants/${participant}/leave`),
});
const lobby = new Lobby({
  knock: (name, signal) => post(`${base}/lobby`, { display_name: name }, signal),
  leave: () => void leave(`${base}/lobby/leave`),
  listen: () => new EventStream(`${base}/lobby/events`, null),
});
const moderation = new Moderation(base, { get, post });
const view = new View(storage());
const connection = new Connection((id) => call.stats(id));
const oneself = () => call.roster.participants.find(({ local }) => local);
const reporting = new Reporting({
  stats: () => call.stats(),
  quality: () => oneself()?.quality ?? "good",
  tell: (report) => post(`${base}/participants/${oneself()?.id}/connection`, report),
});
const stage = new Stage(call.roster, {
  attach: (id, source, element) => call.attach(id, source, element),
  detach: (id, source, element) => call.detach(id, source, element),
  watch: (id, source, size) => call.watch(id, source, size),
  ownPicture: () => devices.outgoing().camera,
  mirrors: () => devices.mirrors,
}, view, {
  items: (tile) => [
    ...tileItems(tile, view),
    ...(moderation.seat(tile.participant.id)?.spotlight ? spotlightItems(tile, stage.spotlight, (id) => void moderation.spotlight(id)) : []),
    { label: t("stage.connection"), act: () => connection.open(tile.participant, tile.name, tile.more) },
  ],
  details: (participant, anchor) => connection.open(participant, participant.displayName, anchor),
  changed: () => small.follow(),
});
const small = new SmallWindow(stage, devices, () => call.leave(), () => notices.say(t("small.refused")));
const notices = new Notices();
const bar = new Bar(devices, screen, settings, sounds, () => call.leave(), () => void endForAll());
const shortcuts = new Shortcuts({
  settings,
  active: () => !callView.hidden,
  microphone: () => turn("microphone"),
  camera: () => turn("camera"),
  talk: (on) => {
    if (on && (isOn(devices, "microphone") || !bar.may.microphone)) return false;
    void devices.turnForNow("microphone", on);
    return true;
  },
});
const prejoin = new Prejoin(devices, sounds, comeIn);
const waiting = new Waiting(byId("room-name", HTMLElement).textContent ?? "", { ask: () => lobby.ask(displayName), cancel: () => lobby.cancel() });
const ended = new Ended(() => join(displayName), role === "guest");
const knocks = new Knocks({
  admit: (entry) => moderation.admit(entry),
  deny: (entry) => moderation.deny(entry),
  admitAll: () => moderation.admitAll(),
  view: async () => people.open(),
});
const people = new People(call.roster, moderation, (open) => { knocks.covered = open; }, (name) => notices.say(t("lead.still_heard", { name })));
const rules = new Rules(moderation);
const hands = new Hands(call.roster, (raised) => post(own("hand"), { raised: raised ? "on" : "off" }));
const gestures = new Gestures(hands, (reaction) => void post(own("react"), { reaction }).catch(failed));
const asked = new Asked(() => turnOn("microphone"));
const check = new CheckDialog({
  ask: () => post(`${base}/check`, {}),
  probe: async (backend, url, token) => {
    const { probe } = await adapter(backend);
    if (!probe) throw new Error(`the adapter of ${backend} tries no way`);
    return probe(url, token);
  },
  use: () => devices.use,
});
const weak = new Weak(call, devices, notices);
const presence = new Presence(devices, () => { tapToHear.hidden = false; });
const chat = new Chat(base, username || "guest", { get, post, lasting: storage(), ofTab: storage("tab") });
const chatPanel = new ChatPanel(chat, base, (sentence) => notices.say(sentence));
const tapToHear = byId("tap-to-hear", HTMLButtonElement);
bar.more.add(() => layoutItems(view));
bar.more.add(() => small.possible ? [{ label: small.open ? t("small.back") : t("small.open"), icon: "picture-in-picture-2", act: () => void small.toggle() }] : []);
new Sharing(screen, byId("bar-share", HTMLButtonElement));
let displayName = prejoin.name;
let before = call.state;
/** Whether one has to be let in, as far as known. */
let mustAsk = standing !== "";
/** The microphone was turned off because there are many in the call. */
let mutedOnArrival = false;
/** The lobby has just let one in. */
let letIn = false;
let usesDevices = true;

/** Loaded ahead of the click on Join, so that nothing has to be waited for then. */
void adapter(usualBackend).catch(() => {}); // asked for again, and reported, on joining
sounds.on = settings.is("cues");
void devices.process(settings.processing);
void devices.start();
bar.more.add(() => [{ label: t("weak.audio_only"), icon: "headphones", checked: weak.soundOnly, act: () => { weak.soundOnly = !weak.soundOnly; } }]);
bar.more.add(() => [{ label: t("check.offer"), icon: "activity", act: () => check.open() }]);
bar.more.add(() => moderation.may.switch ? [{ label: t("rules.open"), icon: "sliders-horizontal", act: () => rules.open() }] : []);
bar.more.add(() => matchMedia("(any-hover: none)").matches ? [] : [{ label: t("bar.shortcuts"), icon: "keyboard", act: () => shortcuts.open() }]);

devices.on("change", () => {
  send();
  if (isOn(devices, "microphone")) asked.hide();
  stage.speaker = sounds.speaker = devices.current("speaker");
});
settings.on("change", ({ setting }) => {
  if (setting === "cues") sounds.on = settings.is("cues");
  if (setting === "noise" || setting === "echo" || setting === "gain") void devices.process(settings.processing);
});
let shared = false;
screen.on("change", () => {
  send();
  const shares = screen.track !== null;
  if (call.state === "incall" && shared && !shares) notices.say(words.shareEnded);
  shared = shares;
});
screen.on("problem", () => notices.say(words.cannotShare));
devices.on("problem", ({ input, problem }) => {
  if (!prejoin.shown) notices.say(words.problemInCall[problem][input]);
});
call.on("state", ({ state, ending }) => {
  const came = before;
  before = state;
  stage.settled = state === "incall";
  presence.inCall = state === "incall" || state === "reconnecting";
  weak.watching = state === "incall";
  if (state === "incall") reporting.begin();
  else reporting.end();
  switch (state) {
    case "prejoin":
      leaveStage();
      ended.hide();
      prejoin.shown = true;
      break;
    case "joining":
      prejoin.busy = true;
      ended.busy = true;
      break;
    case "incall":
      notices.waiting = null;
      if (came === "reconnecting") notices.say(words.reconnected);
      else if (letIn) notices.say(words.letIn);
      letIn = false;
      if (mutedOnArrival) notices.offer(t("large.muted"), t("unheard.unmute"), () => turnOn("microphone"));
      mutedOnArrival = false;
      break;
    case "reconnecting":
      notices.waiting = words.reconnecting;
      break;
    case "ended":
      leaveStage();
      if (ending) takeLeave(ending);
      break;
  }
});
call.on("admitted", ({ people: there }) => {
  chat.begin();
  if (call.state !== "joining") return;
  if (there.length > quietAbove && devices.use.microphone.on) {
    // Many who come at once are not heard all at once.
    void devices.turnForNow("microphone", false);
    mutedOnArrival = true;
  }
  ended.hide();
  prejoin.shown = false;
  notices.waiting = words.joining;
  showCall(true);
});
call.on("refused", (refused) => {
  letIn = false;
  switch (refused.reason) {
    case "signed_out":
    case "not_found":
      over({ reason: refused.reason, message: "" });
      break;
    case "lobby": // since the page was loaded, one has to ask
      lobby.ask(displayName);
      break;
    case "denied":
      lobby.deny("");
      break;
    default:
      prejoin.refuse(refused);
  }
});
call.on("room", ({ name }) => {
  bar.room = name;
  waiting.room = name;
  document.title = document.title.replace(/^.*(?= · )/, () => name);
});
call.on("lobby", ({ waiting: queue, expected }) => {
  knocks.waiting = queue;
  people.waiting = queue;
  people.expected = expected;
});
call.on("message", (message) => chat.tell(message));
call.on("heard", () => chat.nudge());
chat.on("arrived", () => sounds.play("chat"));
call.on("rights", () => moderation.refresh());
hands.on("spoken", () => notices.say(t("hand.lowered_spoken")));
hands.on("failed", failed);
call.on("sound", ({ blocked }) => keepFocus(() => { tapToHear.hidden = !blocked; }));
const lift = keepTo(call, { devices, screen, notices, gestures, chatPanel, bar, small, turnOn });
tellOf(call, { username, devices, screen, sounds, notices, gestures, asked, stage, people, bar });
for (const event of /** @type {const} */ (["added", "removed"])) call.roster.on(event, () => moderation.moved());
call.on("joined", () => moderation.moved());
moderation.on("rights", ({ may }) => {
  bar.mayEnd = may.end_call;
  chatPanel.may = { ...chatPanel.may, remove: may.delete_messages };
});
moderation.on("failed", failed);
lobby.on("state", ({ state, message }) => {
  if (state !== "outside") mustAsk = true;
  prejoin.asks = mustAsk;
  prejoin.busy = state === "asking";
  waiting.show(state, message);
});
lobby.on("told", ({ people: count }) => waiting.told(count));
lobby.on("connection", ({ up }) => waiting.connected(up));
lobby.on("admitted", () => {
  letIn = true;
  mustAsk = false;
  join(displayName);
});
lobby.on("refused", (refused) => {
  if (refused.reason === "signed_out" || refused.reason === "not_found") over({ reason: refused.reason, message: "" });
  else prejoin.refuse(refused);
});
lobby.on("closed", ({ reason }) => over({ reason, message: "" }));

noticeUnheard(devices, () => call.state === "incall" && bar.may.microphone, () => {
  notices.offer(t("unheard.muted"), t("unheard.unmute"), () => turnOn("microphone"));
});
tapToHear.addEventListener("click", () => {
  keepFocus(() => { tapToHear.hidden = true; });
  void call.playSound();
  void presence.play();
});
addEventListener("online", () => {
  call.nudge();
  chat.nudge();
  lobby.nudge();
});
for (const form of document.querySelectorAll("form[data-confirm]")) {
  if (form instanceof HTMLFormElement) askFirst(form);
}
addEventListener("pagehide", () => call.leave());
offerLink(byId("copy-link", HTMLButtonElement));
if (standing === "waiting") lobby.wait(displayName);
if (standing === "denied") lobby.deny("");

/** Where one's own gestures are sent. @param {"hand" | "react"} what */
function own(what) {
  return `${base}/participants/${call.participant}/${what}`;
}

/** Something that was asked for did not work. @param {unknown} error */
function failed(error) {
  const { reason, message } = asDeclined(error);
  notices.say(words.failed[reason] ?? (message || words.failedOtherwise));
}

/** Joins, or asks to. @param {string} name */
function comeIn(name) {
  displayName = name;
  if (mustAsk) lobby.ask(name);
  else join(name);
}

function send() {
  call.send({ ...devices.outgoing(), share: screen.track, shareSound: screen.sound, shareMode: screen.mode });
}

/** @param {string} name */
function join(name) {
  displayName = name;
  if (!usesDevices) void devices.start();
  usesDevices = true;
  void call.join(name);
}

async function endForAll() {
  if (await ask({ question: words.endQuestion, action: words.endYes, parent: callView })) await moderation.endCall();
}

/**
 * Turns an input on or off, as far as one may.
 * @param {import("../core/devices.js").Input} input
 */
function turn(input) {
  shortcuts.release();
  if (bar.may[input]) void devices.turn(input, !isOn(devices, input));
}

/**
 * Turns an input on that may be on already, as by the button of a notice, which stays for a while.
 * @param {import("../core/devices.js").Input} input
 */
function turnOn(input) {
  if (!isOn(devices, input)) turn(input);
}

/**
 * The call is over for this person; who has to wait for it goes on doing that.
 * @param {import("../core/call.js").Ending} ending
 */
function takeLeave(ending) {
  switch (ending.reason) {
    case "lobby":
      prejoin.shown = true;
      lobby.wait(displayName, ending.message);
      break;
    case "denied":
      prejoin.shown = true;
      lobby.deny(ending.message);
      break;
    default:
      over(ending);
  }
}

/** Nothing goes on any more. @param {import("../core/call.js").Ending} ending */
function over(ending) {
  prejoin.shown = false;
  devices.stop();
  usesDevices = false;
  ended.show(ending);
  if (ending.reason === "signed_out" || ending.reason === "disabled") ended.alone();
}

/** Takes away what belongs to the call. */
function leaveStage() {
  small.close();
  bar.close();
  shortcuts.close();
  check.close();
  weak.reset();
  people.close();
  rules.close();
  gestures.clear();
  asked.hide();
  chat.end();
  chatPanel.clear();
  knocks.clear();
  notices.clear();
  moderation.clear();
  lift();
  screen.stop();
  for (const dialog of callView.querySelectorAll("dialog")) dialog.close();
  for (const menu of callView.querySelectorAll(":popover-open")) if (menu instanceof HTMLElement) menu.hidePopover();
  showCall(false);
}

/** @param {boolean} shown */
function showCall(shown) {
  callView.hidden = !shown;
  tapToHear.hidden = true;
  document.body.classList.toggle("in-call", shown);
  if (shown) callView.focus();
}

/**
 * @param {string} backend
 * @returns {Promise<import("../media/types.js").Adapter>}
 */
function adapter(backend) {
  return import(`../media/${backend}.js`);
}
