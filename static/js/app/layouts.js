// How the call is laid out: what menus and keys offer of it.

import { personKey } from "../core/layout.js";
import { t } from "../core/text.js";
import { modes } from "../core/view.js";
import { Share } from "./share.js";

/** @typedef {import("./menu.js").Item} Item */
/** @typedef {import("./tile.js").Tile} Tile */
/** @typedef {import("../core/view.js").View} View */
/** @typedef {import("../core/layout.js").Corner} Corner */

/** @type {Record<import("../core/layout.js").Mode, {icon: string}>} */
const looks = { auto: { icon: "layout-dashboard" }, grid: { icon: "layout-grid" }, speaker: { icon: "user" } };

/**
 * The layouts to choose from.
 * @param {View} view
 * @returns {Item[]}
 */
export function layoutItems(view) {
  return [
    ...modes.map((mode) => ({
      ...looks[mode],
      label: t(`stage.layout_${mode}`),
      checked: view.mode === mode && view.pinned === "",
      act: () => { view.mode = mode; },
    })),
    hideSelf(view),
  ];
}

/** @param {View} view @returns {Item} */
function hideSelf(view) {
  return { label: t("stage.hide_self"), icon: "eye-off", checked: view.hidesSelf, act: () => { view.hidesSelf = !view.hidesSelf; } };
}

/**
 * What oneself may do with how a tile is shown.
 * @param {Tile | Share} tile
 * @param {View} view
 * @returns {Item[]}
 */
export function tileItems(tile, view) {
  const pinned = view.pinned === tile.key;
  const pin = { label: pinned ? t("stage.unpin") : t("stage.pin"), act: () => { view.pinned = pinned ? "" : tile.key; } };
  if (tile instanceof Share || !tile.participant.local) return [pin];
  return [pin, hideSelf(view), ...(tile.element.dataset.part === "corner" ? corners(view) : [])];
}

/** To the corners beside the one where it is: drawing the tile there is not for everybody. @param {View} view @returns {Item[]} */
function corners(view) {
  const [row, side] = view.corner.split("-");
  const to = (/** @type {string} */ corner) => () => { view.corner = /** @type {Corner} */ (corner); };
  return [
    { label: row === "top" ? t("stage.move_down") : t("stage.move_up"), act: to(`${row === "top" ? "bottom" : "top"}-${side}`) },
    { label: t("stage.move_across"), act: to(`${row}-${side === "start" ? "end" : "start"}`) },
  ];
}

/**
 * Spotlight for everyone, for those who may give it.
 * @param {Tile | Share} tile
 * @param {string} spotlight who has it
 * @param {(id: string) => void} give to nobody when empty
 * @returns {Item[]}
 */
export function spotlightItems(tile, spotlight, give) {
  if (tile instanceof Share) return [];
  const has = tile.key === personKey(spotlight);
  return [{ label: has ? t("stage.end_spotlight") : t("stage.give_spotlight"), act: () => give(has ? "" : tile.participant.id) }];
}
