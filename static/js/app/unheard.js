// Listens to a microphone that is off in the call, to say when somebody talks into
// it. What it hears stays here.

import { LevelMeter } from "../core/level.js";
import { Unheard } from "../core/unheard.js";

const listenEvery = 100; // milliseconds

/**
 * @param {import("../core/devices.js").Devices} devices
 * @param {() => boolean} active whether one is in the call and may speak
 * @param {() => void} say that one talks while muted
 */
export function noticeUnheard(devices, active, say) {
  const unheard = new Unheard();
  const meter = new LevelMeter();
  /** What is off gives silence; a copy of it does not. @type {MediaStreamTrack | null} */
  let copy = null;
  /** @type {MediaStreamTrack | null} */
  let original = null;

  const follow = () => {
    const { on, track } = devices.use.microphone;
    devices.listens = active();
    const wanted = active() && !on ? track : null;
    if (wanted === original) return;
    original = wanted;
    copy?.stop();
    copy = wanted?.clone() ?? null;
    if (copy) copy.enabled = true;
    else meter.close();
    meter.listen(copy);
    unheard.clear();
  };
  setInterval(() => {
    follow();
    if (copy && unheard.take(meter.read(), performance.now())) say();
  }, listenEvery);
}
