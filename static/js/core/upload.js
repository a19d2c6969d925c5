// Uploading a file. XMLHttpRequest, since fetch does not tell how far it is.

import { Refusal } from "./attachments.js";

/**
 * @param {string} path
 * @param {File} file
 * @param {(part: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<import("./chat.js").ChatFile>} rejects with Refusal when the server says no
 */
export function upload(path, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${path}?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    request.addEventListener("load", () => {
      if (request.status === 200 && request.response) {
        resolve(request.response);
        return;
      }
      const { reason = "", message = "", fields = {} } = request.response?.error ?? {};
      // Who is out of the call for a moment may again when they are back.
      const passes = request.status === 429 || request.status === 400 || reason === "not_in_call";
      const again = request.status >= 500 && request.status !== 507 || passes;
      reject(new Refusal(String(Object.values(fields)[0] ?? message), again));
    });
    for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => reject(new Error(end)));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
