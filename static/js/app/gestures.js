// The hand and the reactions: their buttons in the bar, and what others send, shown
// on the stage for a moment.

import { ReactionLines, glyphs, isReaction } from "../core/reactions.js";
import { t } from "../core/text.js";
import { anchorOf, byId, say } from "./dom.js";
import { keepFocus } from "./focus.js";

/** @typedef {import("../core/reactions.js").Reaction} Reaction */

const shownFor = 2600; // milliseconds: as long as the style's animation
const mostOnOne = 4; // at once on one tile
const gap = 8; // pixels between the bar and what stands above it

export class Gestures {
  #handButton = byId("bar-hand", HTMLButtonElement);
  #reactButton = byId("bar-react", HTMLButtonElement);
  #tray = byId("reactions", HTMLElement);
  #stage = byId("stage", HTMLElement);
  #announcements = byId("reaction-lines", HTMLElement);
  #lines = new ReactionLines((sent) => this.#tell(sent));

  /**
   * @param {import("../core/hands.js").Hands} hands
   * @param {(reaction: Reaction) => void} react
   */
  constructor(hands, react) {
    this.#handButton.addEventListener("click", () => void hands.toggle());
    hands.on("own", ({ up }) => this.#showHand(up));
    this.#showHand(hands.up);
    for (const [name, glyph] of Object.entries(glyphs)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "reaction-choice";
      button.textContent = glyph;
      button.ariaLabel = button.title = t(`reaction.${/** @type {Reaction} */ (name)}`);
      button.addEventListener("click", () => react(/** @type {Reaction} */ (name)));
      this.#tray.append(button);
    }
    this.#reactButton.ariaExpanded = "false";
    this.#reactButton.addEventListener("click", () => this.#toggleTray());
    this.#tray.addEventListener("keydown", (event) => this.#move(event));
    this.#tray.addEventListener("toggle", (event) => {
      const open = /** @type {ToggleEvent} */ (event).newState === "open";
      this.#reactButton.ariaExpanded = String(open);
    });
  }

  /** Whether one may raise a hand and react. @param {boolean} may */
  set allowed(may) {
    if (!may && this.#tray.matches(":popover-open")) this.#tray.hidePopover(); // focus goes back to its button
    keepFocus(() => { this.#handButton.hidden = this.#reactButton.hidden = !may; }, () => byId("bar-more", HTMLElement));
  }

  /**
   * Shows what somebody has sent.
   * @param {string} participant
   * @param {string} name of who it is; empty for oneself
   * @param {string} reaction
   */
  show(participant, name, reaction) {
    if (!isReaction(reaction)) return;
    if (name) this.#lines.add(name, reaction);
    const tile = this.#stage.querySelector(`.tile[data-participant="${CSS.escape(participant)}"]`);
    // Somebody on another page of tiles shows at the stage's edge, by name.
    const place = tile instanceof HTMLElement && tile.offsetParent ? tile : this.#stage;
    if (place.querySelectorAll(":scope > .reaction").length >= mostOnOne) return;
    const float = document.createElement("span");
    float.className = "reaction";
    float.ariaHidden = "true";
    float.dataset.reaction = reaction;
    float.textContent = place === this.#stage && name ? `${glyphs[reaction]} ${name}` : glyphs[reaction];
    float.style.setProperty("--drift", String(Math.random()));
    place.append(float);
    setTimeout(() => float.remove(), shownFor);
  }

  /** The call is over. */
  clear() {
    this.#lines.clear();
    say(this.#announcements, "");
    if (this.#tray.matches(":popover-open")) this.#tray.hidePopover();
    for (const float of this.#stage.querySelectorAll(".reaction")) float.remove();
  }

  /** @param {boolean} up */
  #showHand(up) {
    this.#handButton.classList.toggle("on", up);
    this.#handButton.ariaLabel = this.#handButton.title = up ? t("hand.lower") : t("hand.raise");
  }

  #toggleTray() {
    this.#tray.togglePopover();
    if (!this.#tray.matches(":popover-open")) return;
    // On phones the button is inside of the menu More.
    const anchor = anchorOf(this.#reactButton).getBoundingClientRect();
    const width = this.#tray.offsetWidth;
    this.#tray.style.left = `${Math.min(Math.max(gap, anchor.left + anchor.width / 2 - width / 2), innerWidth - width - gap)}px`;
    this.#tray.style.top = `${anchor.top - gap - this.#tray.offsetHeight}px`;
    if (this.#tray.firstElementChild instanceof HTMLElement) this.#tray.firstElementChild.focus();
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const choices = [...this.#tray.children];
    const at = choices.findIndex((choice) => choice === document.activeElement);
    const rtl = getComputedStyle(this.#tray).direction === "rtl" ? -1 : 1;
    const step = { ArrowRight: rtl, ArrowLeft: -rtl }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? choices.length - 1 : step && (at + step + choices.length) % choices.length;
    const next = to === undefined ? null : choices[to];
    if (!(next instanceof HTMLElement)) return;
    event.preventDefault();
    next.focus();
  }

  /** @param {Map<Reaction, string[]>} sent */
  #tell(sent) {
    say(this.#announcements, [...sent].map(([reaction, names]) => {
      const what = t(`reaction.${reaction}`);
      return names.length > 3 ? t("reaction.several", { count: names.length, reaction: what })
        : t("reaction.line", { names: names.join(", "), reaction: what });
    }).join(". "));
  }
}
