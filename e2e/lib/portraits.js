// Drawn people for the cameras of the screenshots: each nods a little and talks.

const width = 960;
const height = 540;

/**
 * @typedef {object} Looks
 * @property {string} room the background, as SVG
 * @property {string} skin
 * @property {string} shade of the skin
 * @property {string} hair
 * @property {string} back hair behind the head, as SVG
 * @property {string} front hair before it, and what is worn in the face
 * @property {string} top what they wear
 * @property {string} collar
 */

/** @type {Record<string, Looks>} */
export const portraits = {
  ana: {
    room: `
      <rect width="960" height="540" fill="#e9ddcb"/><rect y="430" width="960" height="110" fill="#cdb99d"/>
      <rect x="60" y="40" width="250" height="300" rx="6" fill="#fbf6ec"/><rect x="76" y="56" width="102" height="268" fill="#bcd9e6"/><rect x="192" y="56" width="102" height="268" fill="#c9e2ec"/>
      <circle cx="250" cy="120" r="34" fill="#f7e3a9"/><path d="M76 280q50-60 102-14v58H76z" fill="#9fc09a"/><path d="M192 268q60-40 102 10v46H192z" fill="#8fb58c"/>
      <path d="M770 430l14-90h76l14 90z" fill="#b9674a"/><g fill="#4c7f5c"><ellipse cx="822" cy="250" rx="22" ry="96"/><ellipse cx="780" cy="280" rx="18" ry="74" transform="rotate(-28 780 280)"/><ellipse cx="866" cy="280" rx="18" ry="74" transform="rotate(28 866 280)"/></g>`,
    skin: "#e8b793", shade: "#d69c76", hair: "#3a2720",
    back: `<path d="M352 250c0-120 60-168 128-168s128 48 128 168v108c0 26-22 30-40 30H392c-18 0-40-4-40-30z"/>`,
    front: `<path d="M376 236c4-84 50-116 106-116 60 0 100 40 102 116-30-14-54-40-66-70-24 40-84 62-142 70z"/>`,
    top: "#2f7f79", collar: "#246660",
  },
  ben: {
    room: `
      <rect width="960" height="540" fill="#ccd5db"/>
      <g fill="#8a6f57"><rect x="590" y="60" width="330" height="14"/><rect x="590" y="200" width="330" height="14"/><rect x="590" y="340" width="330" height="14"/></g>
      <g><rect x="610" y="100" width="26" height="100" fill="#a5493d"/><rect x="640" y="88" width="22" height="112" fill="#e0c07a"/><rect x="666" y="110" width="30" height="90" fill="#3f6c8c"/><rect x="700" y="96" width="20" height="104" fill="#f2efe6"/><rect x="760" y="120" width="90" height="80" rx="8" fill="#5c8a6a"/>
      <rect x="620" y="236" width="24" height="104" fill="#f2efe6"/><rect x="648" y="246" width="30" height="94" fill="#6c5b86"/><rect x="682" y="230" width="22" height="110" fill="#c8804a"/><rect x="850" y="240" width="26" height="100" fill="#3f6c8c"/><rect x="820" y="252" width="26" height="88" fill="#a5493d"/></g>
      <circle cx="170" cy="150" r="86" fill="#f4f1ea"/><circle cx="170" cy="150" r="74" fill="#fff"/><path d="M170 150V96M170 150l38 22" stroke="#444" stroke-width="7" stroke-linecap="round"/>`,
    skin: "#c98e68", shade: "#b3774f", hair: "#241c19",
    back: "",
    front: `<path d="M380 214c-8-84 46-112 102-112 60 0 108 30 98 112-10-22-16-36-22-48-50 8-110 6-152-4-8 14-18 30-26 52z"/>
      <path d="M386 268c4 96 44 136 94 136s90-40 94-136c-12 40-30 56-52 58-20-12-64-12-84 0-22-2-40-18-52-58zm64 80c12-10 48-10 60 0-12 12-48 12-60 0z"/>`,
    top: "#d79a3a", collar: "#b97f27",
  },
  cleo: {
    room: `
      <rect width="960" height="540" fill="#c7d6c4"/><rect y="450" width="960" height="90" fill="#a9bda6"/>
      <rect x="90" y="70" width="170" height="220" fill="#fbfaf5" stroke="#6b5a47" stroke-width="10"/><path d="M112 268l50-90 34 54 22-30 30 66z" fill="#e09f7d"/><circle cx="212" cy="126" r="18" fill="#e9c46a"/>
      <path d="M800 540V280" stroke="#5a4a3c" stroke-width="10"/><path d="M730 280l30-110h80l30 110z" fill="#f6e2b3"/><ellipse cx="800" cy="282" rx="70" ry="12" fill="#fdf3d6"/>`,
    skin: "#8a5a3c", shade: "#744a30", hair: "#1f1614",
    back: `<circle cx="480" cy="92" r="60"/><circle cx="394" cy="176" r="50"/><circle cx="566" cy="176" r="50"/><circle cx="430" cy="126" r="54"/><circle cx="530" cy="126" r="54"/><circle cx="376" cy="232" r="36"/><circle cx="584" cy="232" r="36"/>`,
    front: `<path d="M388 216c10-80 46-104 92-104s82 24 92 104c-24-30-52-46-92-46s-68 16-92 46z"/>
      <g fill="none" stroke="#f3d9a4" stroke-width="7"><circle cx="438" cy="250" r="32"/><circle cx="522" cy="250" r="32"/><path d="M470 246q10-8 20 0"/></g>`,
    top: "#d5604f", collar: "#b74a3b",
  },
};

/**
 * One picture of somebody.
 * @param {Looks} looks
 * @param {number} time from 0 to 1, where it begins again
 */
export function draw({ room, skin, shade, hair, back, front, top, collar }, time) {
  const nod = Math.sin(time * 2 * Math.PI) * 5;
  const tilt = Math.sin(time * 2 * Math.PI + 1) * 1.4;
  const talk = 5 + 4 * Math.sin(time * 10 * Math.PI);
  const eye = (/** @type {number} */ x) => `<ellipse cx="${x}" cy="250" rx="9" ry="11" fill="#2a211d"/><path d="M${x - 20} 224q20-14 40 0" fill="none" stroke="${hair}" stroke-width="7" stroke-linecap="round"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    ${room}
    <g transform="translate(0 ${nod / 2})">
      <path d="M216 540c6-118 104-150 190-162h148c86 12 184 44 190 162z" fill="${top}"/>
      <path d="M404 378q76 70 152 0l16 4q-92 110-184 0z" fill="${collar}"/>
    </g>
    <g transform="translate(0 ${nod}) rotate(${tilt} 480 380)">
      <g fill="${hair}">${back}</g>
      <path d="M436 330h88v62q-44 42-88 0z" fill="${shade}"/>
      <ellipse cx="386" cy="262" rx="17" ry="26" fill="${shade}"/><ellipse cx="574" cy="262" rx="17" ry="26" fill="${shade}"/>
      <path d="M388 240c0-80 40-116 92-116s92 36 92 116c0 96-44 140-92 140s-92-44-92-140z" fill="${skin}"/>
      ${eye(438)}${eye(522)}
      <path d="M480 262q-12 30 4 34" fill="none" stroke="${shade}" stroke-width="6" stroke-linecap="round"/>
      <g fill="${hair}">${front}</g>
      <path d="M446 328q34 ${16 + talk} 68 0q-34 ${34 + talk * 2} -68 0z" fill="#8c3b36"/>
    </g></svg>`;
}

export const size = { width, height };
