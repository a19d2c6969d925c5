// What the call page says. Sentences from the server take precedence where it
// sends one.

import { listed as listedWhole, t } from "../core/text.js";

/** @typedef {import("../core/devices.js").Problem} Problem */
/** @typedef {import("../core/devices.js").Kind} Kind */

export const words = {
  mute: t("call.mute"),
  unmute: t("call.unmute"),
  cameraOff: t("call.camera_off"),
  cameraOn: t("call.camera_on"),
  share: t("call.share"),
  stopSharing: t("call.stop_sharing"),
  shareEnded: t("call.share_ended"),
  cannotShare: t("call.cannot_share"),
  screenOf: (/** @type {string} */ name) => name ? t("call.screen_of", { name }) : t("call.a_screen"),

  yourCameraIsOff: t("call.your_camera_is_off"),
  yourCameraStarts: t("call.your_camera_starts"),
  yourCamera: /** @type {Record<Problem, string>} */ ({
    insecure: t("your_camera.insecure"),
    denied: t("your_camera.denied"),
    system: t("your_camera.system"),
    missing: t("your_camera.missing"),
    busy: t("your_camera.busy"),
    failed: t("your_camera.failed"),
  }),
  you: (/** @type {string} */ name) => t("call.you", { name }),
  someone: t("call.someone"),
  microphoneOff: t("call.microphone_off"),
  microphoneOn: t("call.microphone_on"),
  pages: (/** @type {number} */ page, /** @type {number} */ of) => t("call.pages", { page, of }),

  joining: t("call.joining"),
  reconnecting: t("call.reconnecting"),
  reconnected: t("call.reconnected"),
  joined: (/** @type {string[]} */ names) => t("call.joined", { names: listed(names) }),
  left: (/** @type {string[]} */ names) => t("call.left", { names: listed(names) }),
  several: (/** @type {number} */ n) => t("call.several_people", { count: n }),
  mayNotSpeak: t("call.may_not_speak"),
  mayNotShow: t("call.may_not_show"),
  mayNotShare: t("call.may_not_share"),

  ask: t("call.ask"),
  askAgain: t("call.ask_again"),
  join: t("call.join"),
  waiting: (/** @type {string} */ room) => t("call.waiting", { room }),
  told: (/** @type {number} */ n) => n === 0 ? t("call.told_nobody") : t("call.told", { count: n }),
  waitingLost: t("call.waiting_lost"),
  notLetIn: t("call.not_let_in"),
  askAgainLater: t("call.ask_again_later"),
  letIn: t("call.let_in"),

  /** What moderators see. */
  wantsIn: (/** @type {string} */ name, /** @type {boolean} */ guest) => t(guest ? "call.guest_wants_in" : "call.wants_in", { name }),
  severalWantIn: (/** @type {number} */ n) => t("call.several_want_in", { count: n }),
  knocks: (/** @type {string[]} */ names) => t("call.knocks", { count: names.length, names: listed(names) }),
  admit: t("call.admit"),
  admitAll: t("call.admit_all"),
  deny: t("call.deny"),
  view: t("call.view"),
  denyAndBlock: t("call.deny_and_block"),
  toLobby: t("call.to_lobby"),
  removeFromCall: t("call.remove_from_call"),
  removeAndBan: t("call.remove_and_ban"),
  closeInvitation: t("call.close_invitation"),
  blockQuestion: (/** @type {string} */ name) => t("call.block_question", { name }),
  blockYes: t("call.block_yes"),
  banQuestion: (/** @type {string} */ name) => t("call.ban_question", { name }),
  banYes: t("call.ban_yes"),
  moreFor: (/** @type {string} */ name) => t("call.more_for", { name }),
  waitingHeading: (/** @type {number} */ n) => t("call.waiting_heading", { count: n }),
  takeBack: t("call.take_back"),
  expectedHeading: (/** @type {number} */ n) => t("call.expected_heading", { count: n }),
  inHeading: (/** @type {number} */ n) => t("call.in_heading", { count: n }),
  waitingCount: t("call.waiting_count"),
  people: (/** @type {number} */ waiting) => waiting ? t("call.people_waiting", { count: waiting }) : t("call.people"),
  guest: t("call.guest"),
  host: t("call.host"),
  roles: /** @type {Record<string, string>} */ ({ owner: t("roles.owner"), moderator: t("roles.moderator") }),
  them: t("call.them"),
  microphoneIsOn: t("call.microphone_is_on"),
  microphoneIsOff: t("call.microphone_is_off"),
  leave: t("call.leave"),
  endForAll: t("call.end_for_all"),
  endQuestion: t("call.end_question"),
  endYes: t("call.end_yes"),
  /** Why something did not work, by reason. */
  failed: /** @type {Record<string, string>} */ ({
    not_found: t("failed.not_found"),
    unreachable: t("failed.unreachable"),
  }),
  failedOtherwise: t("call.failed_otherwise"),

  hosts: (/** @type {string} */ name) => t("call.hosts", { name }),
  youHost: t("call.you_host"),
  endsAt: (/** @type {string} */ time) => t("call.ends_at", { time }),

  nameless: t("call.nameless"),
  device: (/** @type {Kind} */ kind, /** @type {number} */ n) => t(`device.${kind}_number`, { count: n }),
  looking: t("call.looking"),
  blocked: t("call.blocked"),
  usualSpeaker: t("call.usual_speaker"),
  noDevice: (/** @type {Kind} */ kind) => t(`device.no_${kind}`),

  /** Why nothing of one's own can be seen or heard, and what to do. */
  problem: {
    insecure: t("device_problem.insecure"),
    denied: {
      both: t("device_problem.denied_both"),
      camera: t("device_problem.denied_camera"),
      microphone: t("device_problem.denied_microphone"),
    },
    system: {
      both: t("device_problem.system_both"),
      camera: t("device_problem.system_camera"),
      microphone: t("device_problem.system_microphone"),
    },
    missing: {
      both: t("device_problem.missing_both"),
      camera: t("device_problem.missing_camera"),
      microphone: t("device_problem.missing_microphone"),
    },
    busy: {
      both: t("device_problem.busy_both"),
      camera: t("device_problem.busy_camera"),
      microphone: t("device_problem.busy_microphone"),
    },
    failed: {
      both: t("device_problem.failed_both"),
      camera: t("device_problem.failed_camera"),
      microphone: t("device_problem.failed_microphone"),
    },
  },

  /** The same in the call, for one that was just turned on. */
  problemInCall: {
    insecure: {
      camera: t("problem_in_call.insecure_camera"),
      microphone: t("problem_in_call.insecure_microphone"),
    },
    denied: {
      camera: t("problem_in_call.denied_camera"),
      microphone: t("problem_in_call.denied_microphone"),
    },
    system: {
      camera: t("problem_in_call.system_camera"),
      microphone: t("problem_in_call.system_microphone"),
    },
    missing: {
      camera: t("problem_in_call.missing_camera"),
      microphone: t("problem_in_call.missing_microphone"),
    },
    busy: {
      camera: t("problem_in_call.busy_camera"),
      microphone: t("problem_in_call.busy_microphone"),
    },
    failed: {
      camera: t("problem_in_call.failed_camera"),
      microphone: t("problem_in_call.failed_microphone"),
    },
  },

  /** Why joining did not work, by reason. */
  refused: /** @type {Record<string, string>} */ ({
    unreachable: t("refused.unreachable"),
    locked: t("refused.locked"),
    full: t("refused.full"),
    busy: t("refused.busy"),
    media_unavailable: t("refused.media_unavailable"),
    cross_site: t("refused.cross_site"),
  }),
  refusedOtherwise: t("call.refused_otherwise"),

  /** What happened, by the reason that a call is over. */
  ended: /** @type {Record<string, string>} */ ({
    left: t("ended.left"),
    lost: t("ended.lost"),
    removed: t("ended.removed"),
    room_deleted: t("ended.room_deleted"),
    call_ended: t("ended.call_ended"),
    signed_out: t("ended.signed_out"),
    disabled: t("ended.disabled"),
    locked: t("ended.locked"),
    full: t("ended.full"),
    pass_over: t("ended.pass_over"),
    expelled: t("ended.expelled"),
    denied: t("ended.denied"),
    not_found: t("ended.not_found"),
    expired: t("ended.expired"),
    duplicate: t("ended.duplicate"),
    misconfigured: t("ended.misconfigured"),
    unknown: t("ended.unknown"),
  }),
  /** What can be done about it. */
  endedDetail: /** @type {Record<string, string>} */ ({
    lost: t("ended_detail.lost"),
    removed: t("ended_detail.removed"),
    disabled: t("ended_detail.disabled"),
    signed_out: t("ended_detail.signed_out"),
    pass_over: t("ended_detail.pass_over"),
    full: t("ended_detail.full"),
    locked: t("ended_detail.locked"),
    expired: t("ended_detail.expired"),
    misconfigured: t("ended_detail.misconfigured"),
  }),
};

/** @param {string[]} names */
function listed(names) {
  if (names.length > 3) return words.several(names.length);
  return listedWhole(names);
}
