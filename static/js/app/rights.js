// What one may do in the call, which can change while it goes on: the views show
// it, the devices keep to it, and one is told.

import { t } from "../core/text.js";
import { words } from "./words.js";

/** @typedef {import("../media/types.js").May} May */

/**
 * @typedef {object} Keepers
 * @property {import("../core/devices.js").Devices} devices
 * @property {import("../core/screen.js").Screen} screen
 * @property {import("./notices.js").Notices} notices
 * @property {import("./gestures.js").Gestures} gestures
 * @property {import("./chat.js").ChatPanel} chatPanel
 * @property {import("./bar.js").Bar} bar
 * @property {import("./pip.js").SmallWindow} small
 * @property {(input: import("../core/devices.js").Input) => void} turnOn
 */

/** Before a call, and after one, nobody forbids anything. @type {May} */
const everything = { microphone: true, camera: true, share: true, chat: true, reactions: true };

/** @type {Record<import("../core/devices.js").Input, {lost: string, back: string, turnOn: string}>} */
const told = {
  microphone: { lost: words.mayNotSpeak, back: t("call.may_speak"), turnOn: t("unheard.unmute") },
  camera: { lost: words.mayNotShow, back: t("call.may_show"), turnOn: words.cameraOn },
};

/**
 * @param {import("../core/call.js").Call} call
 * @param {Keepers} keepers
 * @returns {() => void} to be called when the call is over
 */
export function keepTo(call, { devices, screen, notices, gestures, chatPanel, bar, small, turnOn }) {
  let had = everything;
  /** Takes back what was last told of a right. @type {Map<keyof May, () => void>} */
  const takeBack = new Map();
  /**
   * Tells of a right, in place of what was told of it before.
   * @param {keyof May} right
   * @param {() => () => void} tell
   */
  const say = (right, tell) => {
    takeBack.get(right)?.();
    takeBack.set(right, tell());
  };
  /** @param {May} may */
  const show = (may) => {
    had = may;
    bar.may = may;
    small.may = may;
    gestures.allowed = may.reactions;
    chatPanel.may = { ...chatPanel.may, write: may.chat };
    devices.permit(may);
  };
  call.on("may", (may) => {
    for (const input of /** @type {const} */ (["microphone", "camera"])) {
      const { lost, back, turnOn: label } = told[input];
      if (had[input] && !may[input]) say(input, () => notices.say(lost));
      // Whoever turned it off for others does not turn it on for them.
      if (!had[input] && may[input]) say(input, () => notices.offer(back, label, () => turnOn(input)));
    }
    if (had.reactions && !may.reactions) say("reactions", () => notices.say(t("lead.may_not_react")));
    if (!may.share) {
      if (had.share && (screen.track || screen.asking)) say("share", () => notices.say(words.mayNotShare));
      screen.stop();
    }
    for (const right of /** @type {const} */ (["reactions", "share"])) if (may[right]) takeBack.get(right)?.();
    show(may);
  });
  return () => show(everything);
}
