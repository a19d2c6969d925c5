// What others do in a call, as one is told of it: by a line, a sound, or on the stage.

import { t } from "../core/text.js";
import { isOn } from "./switches.js";
import { words } from "./words.js";

/**
 * @typedef {object} Views
 * @property {string} username one's own
 * @property {import("../core/devices.js").Devices} devices
 * @property {import("../core/screen.js").Screen} screen
 * @property {import("../core/sounds.js").Sounds} sounds
 * @property {import("./notices.js").Notices} notices
 * @property {import("./gestures.js").Gestures} gestures
 * @property {import("./asked.js").Asked} asked
 * @property {import("./stage.js").Stage} stage
 * @property {import("./people.js").People} people
 * @property {import("./bar.js").Bar} bar
 */

/**
 * @param {import("../core/call.js").Call} call
 * @param {Views} views
 */
export function tellOf(call, { username, devices, screen, sounds, notices, gestures, asked, stage, people, bar }) {
  call.on("host", ({ host: { username: host, display_name: name, ends_at: end }, news }) => {
    notices.keep("host", end ? words.endsAt(timeOf(end)) : null);
    if (host && news) notices.say(host === username ? words.youHost : words.hosts(name));
  });
  call.on("hand", ({ participant, by }) => {
    const who = call.roster.participants.find(({ id }) => id === participant);
    if (who?.local && by) notices.say(t("hand.lowered_by", { name: by }));
    if (!who || who.local || who.hand === 0) return;
    sounds.play("hand");
    notices.raised(who.displayName || who.username);
  });
  call.on("reaction", ({ participant, reaction }) => {
    const who = call.roster.participants.find(({ id }) => id === participant);
    if (who) gestures.show(participant, who.local ? "" : who.displayName || who.username, reaction);
  });
  call.on("spotlight", ({ participant }) => { stage.spotlight = people.spotlight = participant; });
  call.on("muted", ({ by }) => {
    // The media service may have muted the track; the button has to say so too. For this call: it was not one's own choice.
    if (isOn(devices, "microphone")) void devices.turnForNow("microphone", false);
    notices.say(t("lead.muted_you", { name: by }));
  });
  call.on("askUnmute", ({ by }) => { if (bar.may.microphone && !isOn(devices, "microphone")) asked.show(by); });
  call.on("shareStopped", ({ by }) => {
    screen.stop();
    notices.say(t("lead.stopped_your_share", { name: by }));
  });
  call.roster.on("added", (participant) => announce("joined", participant));
  call.roster.on("removed", (participant) => announce("left", participant));

  /**
   * @param {"joined" | "left"} how
   * @param {import("../core/roster.js").Participant} participant
   */
  function announce(how, { local, displayName: name }) {
    sounds.people = call.roster.count;
    if (local || !name || call.state !== "incall") return;
    sounds.play(how === "joined" ? "join" : "leave");
    notices.moved(how, name, call.roster.count);
  }
}

/** A time of today, in the reader's zone. @param {string} at */
function timeOf(at) {
  return new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(new Date(at));
}
