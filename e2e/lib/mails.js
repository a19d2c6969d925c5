// Mails in the outbox, written as Foyer writes them, and read as its recipients do.

import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from "node:crypto";
import { expect } from "@playwright/test";

/** @typedef {import("./foyer.js").Foyer} Foyer */

let minutes = 0;

/**
 * @param {Foyer} foyer
 * @param {object} mail
 * @param {string} mail.state
 * @param {string} mail.to
 * @param {string} mail.subject
 * @param {string} [mail.name]
 * @param {string} [mail.text] empty once it is erased
 * @param {string} [mail.error]
 * @param {number} [mail.attempts]
 * @returns {Promise<string>} the path of its page
 */
export async function writeMail(foyer, { state, to, subject, name = "", text = "", error = "", attempts = 0 }) {
  // Asked for by the first mail that Foyer writes; the same for all.
  const { rows: [{ value: key }] } = await foyer.sql(
    "insert into keys (name, value) values ('mail', $1) on conflict (name) do update set value = keys.value returning value", [randomBytes(32)]);
  minutes++;
  const time = (Date.UTC(2026, 0, 1) + minutes * 60_000).toString(16).padStart(12, "0");
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
  await foyer.sql(`
    insert into mails (id, kind, state, recipient, recipient_name, subject, body, attempts, error, created_at, next_at, handed_at, sent_at, lapses_at)
    values ($1, 'invitation', $2, $3, $4, $5, $6, $7, $8, now() - interval '2 hours' + $9 * interval '1 minute',
      case when $2 = 'waiting' then now() + interval '1 hour' end, case when $2 in ('handed', 'uncertain') then now() end,
      case when $2 = 'sent' then now() end, now() + interval '6 days')`,
  [id, state, to, name, subject, text && seal(key, id, text) || null, attempts, error, minutes]);
  return `/admin/mail/${id}`;
}

/**
 * AES-256-GCM: the nonce, what is sealed, and its tag.
 * @param {Buffer} key
 * @param {string} id
 * @param {string} text
 */
function seal(key, id, text) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(id));
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Waits for a mail of a kind to somebody, and returns the path of the link in the
 * newest.
 * @param {Foyer} foyer
 * @param {string} kind
 * @param {string} to
 */
export async function linkMailed(foyer, kind, to) {
  let path = "";
  await expect.poll(async () => {
    const { rows: [mail] } = await foyer.sql("select id, body from mails where kind = $1 and recipient = $2 order by id desc limit 1", [kind, to]);
    if (!mail) return "no mail";
    const { rows: [{ value: key }] } = await foyer.sql("select value from keys where name = 'mail'");
    path = /^https?:\/\/[^/]+(\/\S+)$/m.exec(open(key, mail.id, mail.body))?.[1] ?? "";
    return path;
  }, { message: `a mail of kind ${kind} to ${to} with a link` }).toContain("/");
  return path;
}

/**
 * The opposite of seal.
 * @param {Buffer} key
 * @param {string} id
 * @param {Buffer} sealed
 */
function open(key, id, sealed) {
  const [nonce, tag] = [12, 16];
  const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonce)).setAAD(Buffer.from(id)).setAuthTag(sealed.subarray(-tag));
  return cipher.update(sealed.subarray(nonce, -tag), undefined, "utf8") + cipher.final("utf8");
}
