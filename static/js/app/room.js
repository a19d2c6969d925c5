// The room page: puts devices, call and views together.

import { Call } from "../core/call.js";
import { Devices } from "../core/devices.js";
import { EventStream } from "../core/events.js";
import { askToJoin } from "../core/join.js";
import { Screen } from "../core/screen.js";
import { Bar } from "./bar.js";
import { byId, within } from "./dom.js";
import { Ended } from "./ended.js";
import { Notices } from "./notices.js";
import { Prejoin } from "./prejoin.js";
import { Stage } from "./stage.js";
import { words } from "./words.js";

const quiet = 8; // with more people than this in the call, comings and goings are not told

const { slug = "", backend: usualBackend = "", username = "", role = "" } = byId("room", HTMLElement).dataset;
const callView = byId("call", HTMLElement);
const devices = new Devices(navigator.mediaDevices, storage());
const screen = new Screen(navigator.mediaDevices);
const call = new Call({
  ask: async (name, signal) => {
    const answer = await askToJoin(slug, name, signal);
    const self = { participant: answer.participant, username, display_name: name, role };
    return { ...answer, people: [self, ...answer.people] };
  },
  media: async (backend) => (await adapter(backend)).create(),
  listen: (participant, position) => new EventStream(`/r/${encodeURIComponent(slug)}/events?participant=${encodeURIComponent(participant)}`, position),
});
const stage = new Stage(call.roster, {
  attachPicture: (id, element) => call.attachPicture(id, element),
  detachPicture: (id, element) => call.detachPicture(id, element),
  attachShare: (id, element) => call.attachShare(id, element),
  detachShare: (id, element) => call.detachShare(id, element),
  attachSound: (id, element) => call.attachSound(id, element),
  detachSound: (id, element) => call.detachSound(id, element),
  ownPicture: () => devices.outgoing().camera,
});
const notices = new Notices();
const bar = new Bar(devices, screen, () => call.leave());
const prejoin = new Prejoin(devices, join);
const ended = new Ended(() => join(displayName));
const tapToHear = byId("tap-to-hear", HTMLButtonElement);
let displayName = "";
let before = call.state;

/** Loaded ahead of the click on Join, so that nothing has to be waited for then. */
void adapter(usualBackend).catch(() => {}); // asked for again, and reported, on joining
void devices.start();

devices.on("change", () => {
  send();
  stage.speaker = devices.current("speaker");
});
screen.on("change", () => {
  send();
  if (call.state === "incall") notices.say(screen.track ? words.sharing : words.shareEnded);
});
screen.on("problem", () => notices.say(words.cannotShare));
devices.on("problem", ({ input, problem }) => {
  if (!prejoin.shown) notices.say(words.problemInCall[problem][input]);
});
call.on("state", ({ state, ending }) => {
  const came = before;
  before = state;
  stage.settled = state === "incall";
  switch (state) {
    case "prejoin":
      showCall(false);
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
      break;
    case "reconnecting":
      notices.waiting = words.reconnecting;
      break;
    case "ended":
      showCall(false);
      prejoin.shown = false;
      notices.clear();
      bar.close();
      devices.stop();
      screen.stop();
      if (ending) ended.show(ending);
      break;
  }
});
call.on("admitted", () => {
  if (call.state !== "joining") return;
  ended.hide();
  prejoin.shown = false;
  notices.waiting = words.joining;
  showCall(true);
});
call.on("refused", (refused) => {
  if (refused.reason === "signed_out" || refused.reason === "not_found") {
    prejoin.shown = false;
    ended.show({ reason: refused.reason, message: "" });
    devices.stop();
    return;
  }
  prejoin.refuse(refused);
});
call.on("may", (may) => {
  const had = bar.may;
  bar.may = may;
  if (had.microphone && !may.microphone) notices.say(words.mayNotSpeak);
  if (had.camera && !may.camera) notices.say(words.mayNotShow);
  if (screen.track && !may.share) {
    screen.stop();
    notices.say(words.mayNotShare);
  }
});
call.on("room", ({ name }) => {
  bar.room = name;
  document.title = document.title.replace(/^.*(?= · )/, () => name);
});
call.on("sound", ({ blocked }) => { tapToHear.hidden = !blocked; });
call.roster.on("added", (participant) => announce("joined", participant));
call.roster.on("removed", (participant) => announce("left", participant));

tapToHear.addEventListener("click", () => void call.playSound());
addEventListener("online", () => call.nudge());
addEventListener("pagehide", () => call.leave());
offerLink();

function send() {
  call.send({ ...devices.outgoing(), share: screen.track });
}

/** @param {string} name */
function join(name) {
  displayName = name;
  if (call.state === "ended") void devices.start();
  void call.join(name);
}

/** @param {boolean} shown */
function showCall(shown) {
  callView.hidden = !shown;
  tapToHear.hidden = true;
  document.body.classList.toggle("in-call", shown);
  if (shown) callView.focus();
}

/**
 * @param {"joined" | "left"} how
 * @param {import("../core/roster.js").Participant} participant
 */
function announce(how, { local, displayName: name }) {
  if (!local && name && call.state === "incall" && call.roster.count <= quiet) notices.moved(how, name);
}

/**
 * @param {string} backend
 * @returns {Promise<{create(): import("../media/types.js").Media}>}
 */
function adapter(backend) {
  return import(`../media/${backend}.js`);
}

/** The browser's memory, where it is not refused. */
function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function offerLink() {
  const button = byId("copy-link", HTMLButtonElement);
  button.hidden = !navigator.clipboard;
  const label = within(button, "[data-copy-label]", HTMLElement);
  const usual = label.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.origin + location.pathname);
    label.textContent = words.copied;
    setTimeout(() => { label.textContent = usual; }, 2000);
  });
}
