// What browsers say of microphones and cameras, and what is asked of them.

/** @typedef {import("./devices.js").Input} Input */
/** @typedef {import("./devices.js").Device} Device */
/** @typedef {import("./devices.js").Problem} Problem */

/**
 * The pictures that a camera takes: whole ones, and smaller and fewer where the
 * computer or the network is too weak for those.
 * @type {MediaTrackConstraints[]}
 */
export const sizes = [
  { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
  { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 24 } },
  { width: { ideal: 320 }, height: { ideal: 180 }, frameRate: { ideal: 15, max: 15 } },
];

/** How many sizes of pictures there are, for limit(). */
export const pictureSizes = sizes.length;

/**
 * The device that was chosen before, among those there are now: by its id, or by
 * its name, since browsers give new ids when their data was cleared.
 * @param {Device[]} devices
 * @param {Device | undefined} chosen
 */
export function remembered(devices, chosen) {
  if (!chosen) return undefined;
  return devices.find(({ id }) => id === chosen.id)
    ?? devices.find(({ label }) => label !== "" && label === chosen.label);
}

/**
 * What a rejection of getUserMedia means.
 * @param {unknown} error
 * @returns {Problem}
 */
export function problemOf(error) {
  const { name = "", message = "" } = error instanceof Error || error instanceof DOMException ? error : {};
  switch (name) {
    case "NotAllowedError":
      return /system/i.test(message) ? "system" : "denied";
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
  }
  return "failed";
}

/** @param {MediaStream} stream @returns {Partial<Record<Input, MediaStreamTrack>>} */
export function tracksOf(stream) {
  const [microphone] = stream.getAudioTracks();
  const [camera] = stream.getVideoTracks();
  return { ...(microphone && { microphone }), ...(camera && { camera }) };
}

/**
 * The inputs among wanted that the browser says it will open without asking.
 * @param {Input[]} wanted
 */
export async function allowedOf(wanted) {
  /** @type {Input[]} */
  const allowed = [];
  for (const input of wanted) {
    try {
      const { state } = await navigator.permissions.query({ name: /** @type {PermissionName} */ (input) });
      if (state === "granted") allowed.push(input);
    } catch {
      // This browser does not tell.
    }
  }
  return allowed;
}
