import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../js/core/links.js";

/** @param {string} text */
function marked(text) {
  return pieces(text).map((piece) => (piece.href ? `[${piece.text}]` : piece.text)).join("");
}

test("addresses are found where they end", () => {
  for (const [text, want] of [
    ["none here", "none here"],
    ["https://example.org", "[https://example.org]"],
    ["see https://example.org/a?b=c#d, and more", "see [https://example.org/a?b=c#d], and more"],
    ["(https://example.org/a)", "([https://example.org/a])"],
    ["https://example.org/a_(b)", "[https://example.org/a_(b)]"],
    ["http://a.example and HTTPS://b.example!", "[http://a.example] and [HTTPS://b.example]!"],
    ["https://[::1]:8080/x", "[https://[::1]:8080/x]"],
    ["<https://example.org>", "<[https://example.org]>"],
  ]) assert.equal(marked(text ?? ""), want);
});

test("what could do harm is plain text", () => {
  for (const text of [
    "javascript:alert(1)", "data:text/html,x", "https://", "https://user:pw@example.org/", "https://bank.example@evil.example/",
    "ftp://example.org", "xhttps://example.org", "file:///etc/passwd",
  ]) assert.ok(pieces(text).every((piece) => piece.href === ""), text);
});

test("nothing of a text is lost", () => {
  for (const text of ["", "a\nb https://x.example.\n\nc", "https://x.example...", "https://ä.example/ü"]) {
    assert.equal(pieces(text).map((piece) => piece.text).join(""), text);
  }
});
