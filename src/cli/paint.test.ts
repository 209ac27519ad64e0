import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { paint } from "./paint.ts";

function pretendTerminal(t: TestContext, env: { NO_COLOR?: string; TERM?: string }): void {
  const before = { isTTY: process.stderr.isTTY, NO_COLOR: process.env.NO_COLOR, TERM: process.env.TERM };
  const setEnv = (name: "NO_COLOR" | "TERM", value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  process.stderr.isTTY = true;
  setEnv("NO_COLOR", env.NO_COLOR);
  setEnv("TERM", env.TERM ?? "xterm");
  t.after(() => {
    process.stderr.isTTY = before.isTTY;
    setEnv("NO_COLOR", before.NO_COLOR);
    setEnv("TERM", before.TERM);
  });
}

test("a terminal gets colours", (t) => {
  pretendTerminal(t, {});
  assert.equal(paint("red", "x"), "\u001b[31mx\u001b[0m");
});

test("NO_COLOR takes them away, an empty one does not count", (t) => {
  pretendTerminal(t, { NO_COLOR: "1" });
  assert.equal(paint("red", "x"), "x");
  process.env.NO_COLOR = "";
  assert.notEqual(paint("red", "x"), "x");
});

test("a dumb terminal gets none", (t) => {
  pretendTerminal(t, { TERM: "dumb" });
  assert.equal(paint("red", "x"), "x");
});
