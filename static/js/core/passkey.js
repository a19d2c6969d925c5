// Passkeys: what the server asks for, in the form that the browser takes, and back.

import { post } from "./post.js";

/**
 * @typedef {object} Begun
 * @property {string} ceremony
 * @property {{challenge: string, rpId?: string, user?: {id: string}, excludeCredentials?: Descriptor[], allowCredentials?: Descriptor[]}} options
 *
 * @typedef {{id: string, type: "public-key", transports?: AuthenticatorTransport[]}} Descriptor
 */

/** Whether this browser knows passkeys, at this address. */
export function known() {
  return "PublicKeyCredential" in globalThis && Boolean(navigator.credentials);
}

/**
 * Has the server say what to sign, the person agree, and the server take the
 * answer. Resolves with the path to go on to. Rejects as core/post.js does,
 * and with a DOMException when the person or the browser says no.
 * @param {string} path of the server
 * @param {{name?: string, next?: string}} about
 * @returns {Promise<string>}
 */
export async function usePasskey(path, { name = "", next = "" }) {
  /** @type {Begun} */
  const { ceremony, options } = await post(`${path}/begin`, {});
  const credential = options.user ? await create(options) : await get(options);
  const answer = await post(path, { ceremony, credential: JSON.stringify(credential), name, next });
  return answer.next;
}

/** @param {Begun["options"]} options */
async function create(options) {
  const asked = /** @type {PublicKeyCredentialCreationOptions} */ (/** @type {unknown} */ ({
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user?.id ?? "") },
    excludeCredentials: descriptors(options.excludeCredentials),
  }));
  const credential = checked(await navigator.credentials.create({ publicKey: asked }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  return {
    ...named(credential),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports(),
    },
  };
}

/** @param {Begun["options"]} options */
async function get(options) {
  const asked = /** @type {PublicKeyCredentialRequestOptions} */ (/** @type {unknown} */ ({
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  }));
  const credential = checked(await navigator.credentials.get({ publicKey: asked }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return {
    ...named(credential),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      ...(response.userHandle && { userHandle: text(response.userHandle) }),
    },
  };
}

/** @param {Credential | null} credential */
function checked(credential) {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("no passkey", "NotAllowedError");
  return credential;
}

/** @param {PublicKeyCredential} credential */
function named(credential) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: credential.getClientExtensionResults() };
}

/** @param {Descriptor[]} [list] */
function descriptors(list = []) {
  return list.map((descriptor) => ({ ...descriptor, id: bytes(descriptor.id) }));
}

/** @param {string} base64url */
export function bytes(base64url) {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
export function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
