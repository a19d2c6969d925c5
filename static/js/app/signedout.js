// Nothing of a person stays on a page or in the browser's memory once they are
// signed out, in whichever tab, or on whichever device, they did that.

import { forget, remembers, whoIsSignedIn } from "../core/session.js";
import { storage } from "../core/storage.js";

/** Tells the other tabs to look whether their person is still signed in. */
const tabs = new BroadcastChannel("foyer.session");

const { viewer, guest } = document.body.dataset;
if (viewer) guard(viewer);
else if (guest === undefined) void tidy();

/**
 * Clears the page once its person is signed out, or somebody else is in.
 * @param {string} person
 */
function guard(person) {
  const look = async () => {
    const now = await whoIsSignedIn();
    if (now === person || now === null && !document.documentElement.hidden) {
      document.documentElement.hidden = false;
      return;
    }
    forgetAll();
    if (document.body.classList.contains("in-call") || !document.body.dataset.viewer) return; // a call's end says why, and leaves nothing else
    document.body.replaceChildren();
    location.replace(location.pathname + location.search); // which goes to where one logs in
  };
  tabs.addEventListener("message", () => void look());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void look();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    document.documentElement.hidden = true; // until it is known, whom one goes back to
    void look();
  });
  for (const form of document.querySelectorAll("form[data-signs-out]")) {
    form.addEventListener("submit", forgetAll); // also when the server does not answer
  }
}

/** What is left of somebody who was signed in here goes. */
async function tidy() {
  tabs.postMessage("");
  if (!remembers(storage()) && !remembers(storage("tab"))) return;
  if ((await whoIsSignedIn()) === "") forgetAll();
}

function forgetAll() {
  forget(storage());
  forget(storage("tab"));
}
