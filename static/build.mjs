// Fills vendor/: the media SDKs, the icon sprite and licences from node_modules, and of
// the message catalogue what scripts say.

import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";

const here = new URL("./", import.meta.url);
const modules = new URL("node_modules/", here);
const vendor = new URL("vendor/", here);

/** The Lucide icons that templates and scripts name. */
const icons = [
  "activity", "ban", "blocks", "check", "chevron-left", "chevron-right", "chevron-up", "circle-alert", "circle-check",
  "circle-x", "clock", "copy", "door-open", "download", "ellipsis", "eye-off", "file", "fingerprint", "hand",
  "hard-drive", "headphones", "key-round", "keyboard", "layout-dashboard", "layout-grid", "link", "list",
  "lock-keyhole", "lock-keyhole-open", "mail", "maximize", "message-square", "mic", "mic-off", "minimize", "minus",
  "monitor", "paperclip", "phone-off", "picture-in-picture-2", "pin", "plus", "radio-tower", "reply", "scan",
  "screen-share", "screen-share-off", "scroll-text", "search", "send-horizontal", "settings", "share",
  "sliders-horizontal", "smartphone", "smile", "star", "switch-camera", "user", "users", "video", "video-off",
  "volume-2", "webhook", "x", "zoom-in", "zoom-out",
];

/** What media/livekit.js imports from the SDK. */
const livekitNames = [
  "AudioPresets", "ConnectionError", "ConnectionState", "DisconnectReason", "LocalAudioTrack", "LocalVideoTrack", "Room",
  "RoomEvent", "Track", "VideoPresets", "setLogLevel",
];

/** What media/twilio.js uses of its SDK. */
const twilioNames = ["LocalAudioTrack", "LocalVideoTrack", "Logger", "connect"];

await mkdir(vendor, { recursive: true });
await Promise.all([livekit(), twilio(), sprite(), licences(), words("en")]);

/**
 * LiveKit ships its ES module with comments and long names (1.4 MB, 250 kB
 * compressed) and its script build minified (0.6 MB, 127 kB). The latter, given
 * the two names it looks for, is a module too: half the transfer and half the
 * parsing without a minifier of our own to keep.
 */
async function livekit() {
  const script = await readFile(new URL("livekit-client/dist/livekit-client.umd.js", modules), "utf8");
  const body = script.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "");
  const module = `const exports = {}, module = { exports };\n${body}\nexport const { ${livekitNames.join(", ")} } = exports;\n`;
  await writeFile(new URL("livekit.mjs", vendor), module);
  await writeFile(new URL("livekit.d.mts", vendor), `export * from "livekit-client";\n`);
}

/**
 * Twilio ships a script for AMD loaders or, where there is none, for the global
 * object. Given the loader's one function it is a module, and leaves the global
 * object alone. While it loads it makes a function from text, for a filter of
 * noise that pages may add: our content policy forbids that, so it gets the same
 * function written out.
 */
async function twilio() {
  const script = await readFile(new URL("twilio-video/dist/twilio-video.min.js", modules), "utf8");
  const fromText = 'new Function("url","return import(url);")';
  const parts = script.split(fromText);
  if (parts.length !== 2) throw new Error(`twilio-video does not say ${fromText} once: see what became of it`);
  const loader = "let sdk;\nconst define = (_needs, make) => { sdk = make(); };\ndefine.amd = true;\n";
  await writeFile(new URL("twilio.mjs", vendor), `${loader}${parts.join("((url)=>import(url))")}\nexport const { ${twilioNames.join(", ")} } = sdk;\n`);
  await writeFile(new URL("twilio.d.mts", vendor), `export * from "twilio-video";\n`);
}

/** One file of symbols, so that a page fetches its icons once. */
async function sprite() {
  const symbols = await Promise.all(icons.map(async (name) => {
    const svg = await readFile(new URL(`lucide-static/icons/${name}.svg`, modules), "utf8");
    const shapes = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  }));
  await writeFile(new URL("icons.svg", vendor), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`);
}

async function licences() {
  await copyFile(new URL("livekit-client/LICENSE", modules), new URL("livekit.LICENSE", vendor));
  await copyFile(new URL("twilio-video/LICENSE.md", modules), new URL("twilio.LICENSE", vendor));
  await copyFile(new URL("lucide-static/LICENSE", modules), new URL("icons.LICENSE", vendor));
}

/**
 * The areas of the catalogue that scripts name, as a module: keys are typed, so that
 * the check of types finds one that does not exist.
 * @param {string} language
 */
async function words(language) {
  const catalogue = JSON.parse(await readFile(new URL(`words/${language}.json`, here), "utf8"));
  const named = new Set();
  for (const file of await readdir(new URL("js/", here), { recursive: true })) {
    if (!file.endsWith(".js")) continue;
    const script = await readFile(new URL(`js/${file}`, here), "utf8");
    for (const [, area] of script.matchAll(/["`]([a-z_]+)\.(?=[a-z_$])/g)) named.add(area);
  }
  /** @type {Record<string, unknown>} */
  const messages = {};
  for (const [area, inIt] of Object.entries(catalogue)) {
    if (!named.has(area)) continue;
    for (const [name, message] of Object.entries(/** @type {Record<string, unknown>} */ (inIt))) messages[`${area}.${name}`] = message;
  }
  const keys = Object.keys(messages).map((key) => JSON.stringify(key)).join(" | ");
  await writeFile(new URL("words.mjs", vendor), `export const language = "${language}";\nexport const words = ${JSON.stringify(messages)};\n`);
  await writeFile(new URL("words.d.mts", vendor), `export type Key = ${keys || "never"};\nexport const language: string;\nexport const words: Record<Key, string | Partial<Record<Intl.LDMLPluralRule, string>>>;\n`);
}
