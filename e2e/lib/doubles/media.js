// A double of a media service's adapter, for what needs more people than a machine
// has encoders for: participants that are drawn here. It stands where a page looks
// for media/livekit.js.

import { Emitter } from "../core/emitter.js";

const faces = 5; // so many canvases, however many people
const { people, frames } = globalThis.crowd;

/** @extends {Emitter<import("../../../static/js/media/types.js").MediaEvents>} */
class Crowd extends Emitter {
  #people = new Map(people.map((person) => [person.id, present(person)]));
  #streams = draw();
  /** What the page says it shows, by whose and which. */
  watched = new Map();

  async connect() {
    globalThis.crowd.media = this;
    for (const person of this.#people.values()) this.emit("present", person);
  }

  others() {
    return [...this.#people.values()];
  }

  /** Changes somebody, who comes if they were not there. */
  set(id, change) {
    const person = { ...(this.#people.get(id) ?? present({ id })), ...change };
    this.#people.set(id, person);
    this.emit("present", person);
  }

  /** Somebody goes. */
  drop(id) {
    this.#people.delete(id);
    this.emit("gone", { id });
  }

  attach(id, source, element) {
    if (source !== "camera" && source !== "share") return;
    element.srcObject = source === "share" ? this.#streams.screen : this.#streams.cameras[[...this.#people.keys()].indexOf(id) % faces];
  }

  detach(_id, _source, element) {
    element.srcObject = null;
  }

  watch(id, source, size) {
    this.watched.set(`${id} ${source}`, size);
  }

  async stats() {
    return { at: performance.now(), roundTrip: 23, path: "udp", flows: [] };
  }

  async send() {}
  async playSound() {}
  async close() {}
}

export function create() {
  return new Crowd();
}

/** @param {{id: string, microphone?: boolean, picture?: boolean, share?: boolean}} person */
function present({ id, microphone = true, picture = true, share = false }) {
  return { id, microphone, picture: picture ? `camera of ${id}` : "", share: share ? `screen of ${id}` : "", sound: "", shareSound: "" };
}

/** Canvases that move as cameras and a screen do. */
function draw() {
  const canvases = Array.from({ length: faces }, () => canvas(640, 360));
  const screen = canvas(1280, 800);
  let tick = 0;
  const paint = () => {
    canvases.forEach((context, n) => face(context, n, tick));
    if (tick % frames === 0) slide(screen, tick / frames);
    tick++;
  };
  paint();
  setInterval(paint, 1000 / frames);
  return { cameras: canvases.map((context) => context.canvas.captureStream(frames)), screen: screen.canvas.captureStream(frames) };
}

/** @param {number} width @param {number} height */
function canvas(width, height) {
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  if (!context) throw new Error("no canvas");
  return context;
}

/** @param {CanvasRenderingContext2D} context @param {number} n @param {number} tick */
function face(context, n, tick) {
  const nod = Math.sin(tick / 9 + n) * 6;
  const hue = n * 67 + 20;
  const fill = (/** @type {string} */ colour) => { context.fillStyle = colour; };
  fill(`hsl(${hue} 24% ${70 - n * 6}%)`);
  context.fillRect(0, 0, 640, 360);
  fill(`hsl(${hue} 20% ${62 - n * 6}%)`);
  context.fillRect(0, 280, 640, 80);
  fill(`hsl(${hue + 150} 34% 42%)`);
  context.beginPath();
  context.ellipse(320, 380, 150, 130, 0, 0, 7);
  context.fill();
  fill(["#e8b793", "#c98e68", "#8a5a3c", "#f0c9a8", "#6e4630"][n] ?? "#c98e68");
  context.fillRect(292, 220, 56, 60);
  context.beginPath();
  context.ellipse(320, 168 + nod, 72, 90, 0, 0, 7);
  context.fill();
  fill(["#3a2720", "#241c19", "#1f1614", "#a8763a", "#0f0b0a"][n] ?? "#241c19");
  context.beginPath();
  context.ellipse(320, 120 + nod, 78, 58, 0, Math.PI, 0);
  context.fill();
  fill("#2a211d");
  for (const x of [292, 348]) context.fillRect(x - 5, 160 + nod, 10, 12);
  context.fillRect(300, 208 + nod, 40, 5 + Math.abs(Math.sin(tick / 3 + n)) * 8);
}

/** @param {CanvasRenderingContext2D} context @param {number} n */
function slide(context, n) {
  context.fillStyle = "#fbfaf6";
  context.fillRect(0, 0, 1280, 800);
  context.fillStyle = "#1b1c19";
  context.font = "600 52px sans-serif";
  context.fillText("Quarterly plan", 90, 140);
  context.font = "26px sans-serif";
  ["Move the archive to the new hall", "Two more rooms for the evening courses", "A budget that everybody can read", `Slide ${n + 1}`]
    .forEach((line, i) => context.fillText(`•  ${line}`, 100, 230 + i * 60));
  context.fillStyle = "#17694a";
  [220, 310, 280, 400].forEach((height, i) => context.fillRect(760 + i * 110, 700 - height, 78, height));
}
