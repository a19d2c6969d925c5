// What the call page says. Sentences from the server take precedence where it
// sends one.

import { listed as all, t } from "../core/text.js";

/** @typedef {import("../core/devices.js").Problem} Problem */
/** @typedef {import("../core/devices.js").Kind} Kind */

export const words = {
  mute: "Mute microphone",
  unmute: "Unmute microphone",
  cameraOff: "Turn camera off",
  cameraOn: "Turn camera on",
  share: "Share your screen",
  stopSharing: "Stop sharing",
  shareEnded: "You no longer share your screen.",
  cannotShare: "Your screen could not be shared. Your system may not let the browser see it: allow it in the privacy settings, then try again.",
  screenOf: (/** @type {string} */ name) => name ? `${name}’s screen` : "A shared screen",

  yourCameraIsOff: "Your camera is off",
  yourCameraStarts: "Your camera is starting",
  yourCamera: /** @type {Record<Problem, string>} */ ({
    insecure: "No camera",
    denied: "Your camera is blocked",
    system: "Your camera is blocked",
    missing: "No camera",
    busy: "Your camera did not start",
    failed: "Your camera did not start",
  }),
  you: (/** @type {string} */ name) => `${name} (you)`,
  someone: "Joining…",
  microphoneOff: ", microphone off",
  microphoneOn: ", microphone on",
  pages: (/** @type {number} */ page, /** @type {number} */ of) => `${page} of ${of}`,

  joining: "Joining…",
  reconnecting: "Connection lost. Reconnecting…",
  reconnected: "You are back in the call.",
  joined: (/** @type {string[]} */ names) => `${listed(names)} joined`,
  left: (/** @type {string[]} */ names) => `${listed(names)} left`,
  several: (/** @type {number} */ n) => t("call.several_people", { count: n }),
  mayNotSpeak: "You may not use the microphone in this room just now.",
  mayNotShow: "You may not use the camera in this room just now.",
  mayNotShare: "You may not share your screen in this room just now.",
  copied: "Copied",

  ask: "Ask to join",
  askAgain: "Ask again",
  join: "Join call",
  waiting: (/** @type {string} */ room) => `You are waiting to be let in to ${room}`,
  told: (/** @type {number} */ n) => n === 0 ? "Nobody who can let you in is here yet. They will see that you wait."
    : n === 1 ? "1 person who can let you in has been told." : `${n} people who can let you in have been told.`,
  waitingLost: "The connection is lost. We keep trying; stay on this page.",
  notLetIn: "You were not let in",
  askAgainLater: "You can ask again.",
  letIn: "You were let in.",

  /** What moderators see. */
  wantsIn: (/** @type {string} */ name, /** @type {boolean} */ guest) => guest ? `${name} (guest) wants to come in` : `${name} wants to come in`,
  severalWantIn: (/** @type {number} */ n) => `${n} people want to come in`,
  knocks: (/** @type {string[]} */ names) => `${listed(names)} ${names.length === 1 ? "wants" : "want"} to come in`,
  admit: "Admit",
  admitAll: "Admit all",
  deny: "Deny",
  view: "View",
  denyAndBlock: "Deny and block…",
  toLobby: "Move to the lobby",
  removeFromCall: "Remove from the call",
  removeAndBan: "Remove and ban…",
  closeInvitation: "Also close the invitation they came by",
  blockQuestion: (/** @type {string} */ name) => `Deny and block ${name}? To them this room will not exist any more, until somebody lifts the ban.`,
  blockYes: "Yes, block",
  banQuestion: (/** @type {string} */ name) => `Remove ${name} from the call and ban them? To them this room will not exist any more, until somebody lifts the ban.`,
  banYes: "Yes, ban",
  moreFor: (/** @type {string} */ name) => `Actions for ${name}`,
  waitingHeading: (/** @type {number} */ n) => `Waiting (${n})`,
  takeBack: "Take back the admission of",
  expectedHeading: (/** @type {number} */ n) => `Let in, not here yet (${n})`,
  inHeading: (/** @type {number} */ n) => `In the call (${n})`,
  waitingCount: " waiting",
  people: (/** @type {number} */ waiting) => waiting ? `People, ${waiting} waiting` : "People",
  guest: "Guest",
  host: "Host",
  roles: /** @type {Record<string, string>} */ ({ owner: "Owner", moderator: "Moderator" }),
  them: "this person",
  microphoneIsOn: "microphone on",
  microphoneIsOff: "microphone off",
  leave: "Leave call",
  endForAll: "End call for everyone…",
  endQuestion: "End the call for everyone? Whoever is in it leaves at once, and guests cannot come back.",
  endYes: "Yes, end it",
  /** Why something did not work, by reason. */
  failed: /** @type {Record<string, string>} */ ({
    not_found: "They are not there any more.",
    unreachable: "That did not work: the server could not be reached. Try again.",
  }),
  failedOtherwise: "That did not work. Try again.",

  hosts: (/** @type {string} */ name) => `${name} hosts this call now`,
  youHost: "You host this call now. You can let people in, remove them, and end the call.",
  endsAt: (/** @type {string} */ time) => `No moderator is here. The call ends at ${time} unless one comes back.`,

  nameless: "Say which name to show.",
  device: (/** @type {Kind} */ kind, /** @type {number} */ n) => `${{ microphone: "Microphone", camera: "Camera", speaker: "Speaker" }[kind]} ${n}`,
  looking: "Looking…",
  blocked: "Blocked",
  usualSpeaker: "System default",
  noDevice: (/** @type {Kind} */ kind) => `No ${kind}`,

  /** Why nothing of one's own can be seen or heard, and what to do. */
  problem: {
    insecure: "Browsers give camera and microphone only to pages opened over https or at localhost. Open this room at an https address, or ask whoever runs this server to start Foyer with --tls-self-signed. You can still join to watch and listen.",
    denied: {
      both: "Your browser blocks the camera and the microphone for this site. Allow them in the address bar, then press Try again. You can also join without.",
      camera: "Your browser blocks the camera for this site. Allow it in the address bar, then press Try again. You can also join without.",
      microphone: "Your browser blocks the microphone for this site. Allow it in the address bar, then press Try again. You can also join to listen.",
    },
    system: {
      both: "Your system does not let the browser use the camera and the microphone. Allow it in the system's privacy settings, then press Try again.",
      camera: "Your system does not let the browser use the camera. Allow it in the system's privacy settings, then press Try again.",
      microphone: "Your system does not let the browser use the microphone. Allow it in the system's privacy settings, then press Try again.",
    },
    missing: {
      both: "No camera and no microphone were found. Plug one in and it is picked up by itself, or join to watch and listen.",
      camera: "No camera was found. Plug one in and it is picked up by itself, or join without.",
      microphone: "No microphone was found. Plug one in and it is picked up by itself, or join to listen.",
    },
    busy: {
      both: "The camera and the microphone could not be started. Another program may be using them. Close it, then press Try again.",
      camera: "The camera could not be started. Another program may be using it. Close it, then press Try again.",
      microphone: "The microphone could not be started. Another program may be using it. Close it, then press Try again.",
    },
    failed: {
      both: "The camera and the microphone could not be started. Press Try again, or choose others.",
      camera: "The camera could not be started. Press Try again, or choose another.",
      microphone: "The microphone could not be started. Press Try again, or choose another.",
    },
  },

  /** The same in the call, for one that was just turned on. */
  problemInCall: {
    insecure: {
      camera: "Browsers give the camera only to pages opened over https or at localhost.",
      microphone: "Browsers give the microphone only to pages opened over https or at localhost.",
    },
    denied: {
      camera: "Your browser blocks the camera for this site. Allow it in the address bar, then turn it on again.",
      microphone: "Your browser blocks the microphone for this site. Allow it in the address bar, then turn it on again.",
    },
    system: {
      camera: "Your system does not let the browser use the camera. Allow it in the privacy settings, then turn it on again.",
      microphone: "Your system does not let the browser use the microphone. Allow it in the privacy settings, then turn it on again.",
    },
    missing: {
      camera: "No camera was found. Plug one in and it is picked up by itself.",
      microphone: "No microphone was found. Plug one in and it is picked up by itself.",
    },
    busy: {
      camera: "The camera could not be started. Another program may be using it. Close it, then turn it on again.",
      microphone: "The microphone could not be started. Another program may be using it. Close it, then turn it on again.",
    },
    failed: {
      camera: "The camera could not be started. Turn it on again, or choose another.",
      microphone: "The microphone could not be started. Turn it on again, or choose another.",
    },
  },

  /** Why joining did not work, by reason. */
  refused: /** @type {Record<string, string>} */ ({
    unreachable: "The call could not be reached. Check your connection, then join again.",
    locked: "The room is locked. Ask somebody inside to unlock it.",
    full: "The room is full. Try again when somebody has left.",
    busy: "Many people are joining just now. Try again in a moment.",
    media_unavailable: "The call service does not answer just now. Try again in a moment.",
    cross_site: "This page was opened in a way that does not allow joining. Load it again, then join.",
  }),
  refusedOtherwise: "Joining did not work. Load the page again, then join.",

  /** What happened, by the reason that a call is over. */
  ended: /** @type {Record<string, string>} */ ({
    left: "You left the call.",
    lost: "The connection to the call was lost.",
    removed: "You were removed from this room.",
    room_deleted: "This room was deleted.",
    call_ended: "The call has ended.",
    signed_out: "You are signed out.",
    disabled: "Your account is switched off.",
    locked: "The room is locked.",
    full: "The room is full.",
    pass_over: "Your visit to this room has ended.",
    expelled: "You were removed from the call.",
    denied: "You were not let in.",
    not_found: "This room is not here any more, or you no longer belong to it.",
    expired: "Connecting took too long.",
    duplicate: "You joined this call from somewhere else.",
    misconfigured: "The call service does not accept this server.",
    unknown: "You are no longer in the call.",
  }),
  /** What can be done about it. */
  endedDetail: /** @type {Record<string, string>} */ ({
    lost: "We kept trying for two minutes. Check your network, then rejoin.",
    removed: "To come back, ask an owner or a moderator of the room.",
    disabled: "Ask whoever runs this server to switch it on again.",
    signed_out: "Log in to come back.",
    pass_over: "To come back, ask for another invitation.",
    full: "Rejoin when somebody has left.",
    locked: "Ask somebody inside to unlock it.",
    expired: "The permission to enter ran out first. Rejoin to get a new one. If it happens again, check that this device’s clock is right.",
    misconfigured: "Whoever runs it has to look at its settings for calls.",
  }),
};

/** @param {string[]} names */
function listed(names) {
  if (names.length > 3) return words.several(names.length);
  return all(names);
}
