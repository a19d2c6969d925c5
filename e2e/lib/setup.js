import { drawBars, recordSilence, recordVoice } from "./camera.js";

/** What the tests need before any browser starts. */
export default function setup() {
  drawBars();
  recordVoice();
  recordSilence();
}
