import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { asIngotError } from "./print-error.ts";

function caught(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

test("a full disk is disk-full and says where Ingot writes", () => {
  const error = asIngotError(caught(() => writeFileSync("/dev/full", "x")));
  assert.equal(error.code, "disk-full");
  assert.match(error.message, /no space is left for/);
});

test("a refused access is permission-denied and names the path", () => {
  const refused = Object.assign(new Error("EACCES: permission denied"), {
    code: "EACCES",
    syscall: "open",
    path: "/srv/x",
  });
  const error = asIngotError(refused);
  assert.equal(error.code, "permission-denied");
  assert.equal(error.message, "the system refuses open on /srv/x");
});

test("a path through a file is told with the path, and is no mistake in Ingot", () => {
  const error = asIngotError(caught(() => writeFileSync("/dev/null/state/x", "")));
  assert.equal(error.code, "permission-denied");
  assert.match(error.message, /\/dev\/null\/state\/x: a part of it is no folder/);
  assert.match(error.hint ?? "", /INGOT_HOME/);
});

test("anything else is a mistake in Ingot that asks to be reported", () => {
  const error = asIngotError(new TypeError("x is undefined"));
  assert.equal(error.code, "internal-error");
  assert.match(error.message, /TypeError: x is undefined/);
  assert.match(error.hint ?? "", /INGOT_DEBUG=1/);
  assert.equal(asIngotError("text").code, "internal-error");
});
