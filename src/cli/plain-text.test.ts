import assert from "node:assert/strict";
import { test } from "node:test";
import { asIngotError, formatError } from "./print-error.ts";
import { IngotError } from "../ground/error.ts";
import { plainJson, plainText } from "./plain-text.ts";

test("control characters and turned text are written as escapes, everything else stays", () => {
  assert.equal(plainText("a\u001b[2Jb\u0007\r\u009b1m\u202ec"), String.raw`a\x1b[2Jb\x07\x0d\x9b1m\u202ec`);
  assert.equal(plainText("é\t…\n日本 🙂"), "é\t…\n日本 🙂");
});

test("an error never sends a control character of its values to the terminal", () => {
  const error = new IngotError("image-unknown", "no \u001b[31mimage", {
    details: ["\u0007one\ntwo"],
    hint: "\u001b]0;x",
  });
  const text = formatError(asIngotError(error));
  assert.equal(text.includes("\u001b"), false);
  assert.match(text, /\n {2}\\x07one\n {2}two\n/);
});

test("JSON for a terminal is the same value, and stays as it is", () => {
  const value = { "a\u009b1m": "\u202eb\u007f\u001b é\\" };
  const text = plainJson(JSON.stringify(value));
  assert.equal(plainText(text), text);
  assert.deepEqual(JSON.parse(text), value);
});
