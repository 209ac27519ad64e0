import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "./run-command.ts";

const shell = (script: string) => ["-c", script];

test("output and exit code are returned, input and environment are handed over", async () => {
  const result = await runCommand("sh", shell('cat; printf %s "$NAME" >&2'), { input: "text", env: { NAME: "value" } });
  assert.deepEqual(result, { code: 0, stdout: "text", stderr: "value" });
});

test("the environment is the given one alone: nothing of this process leaks", async () => {
  process.env.INGOT_TEST_LEAK = "leaked";
  const { stdout } = await runCommand("/usr/bin/env", [], { env: { ONLY: "this" } });
  delete process.env.INGOT_TEST_LEAK;
  assert.equal(stdout, "ONLY=this\n");
});

test("a program is never given the passphrase of a key, whatever environment is handed on", async () => {
  const env = { INGOT_KEY_PASSPHRASE: "correct horse", INGOT_KEY_PASSPHRASE_FILE: "/x", ONLY: "this" };
  const { stdout } = await runCommand("/usr/bin/env", [], { env });
  assert.equal(stdout, "INGOT_KEY_PASSPHRASE_FILE=/x\nONLY=this\n");
});

test("a program that fails is told with its command line and the end of what it said", async () => {
  await assert.rejects(runCommand("sh", shell("seq 30 >&2; exit 7")), (error: { code: string; details: string[] }) => {
    assert.equal(error.code, "command-failed");
    assert.equal(error.details[0], "sh -c seq 30 >&2; exit 7");
    assert.deepEqual([error.details.length, error.details.at(1), error.details.at(-1)], [21, "11", "30"]);
    return true;
  });
});

test("a failure that is allowed is an answer; a signal is 128 and its number", async () => {
  assert.equal((await runCommand("sh", shell("exit 7"), { allowFailure: true })).code, 7);
  assert.equal((await runCommand("sh", shell("kill -TERM $$"), { allowFailure: true })).code, 143);
});

test("a program that is not installed names its Debian package", async () => {
  await assert.rejects(runCommand("ingot-no-such-program", [], { package: "no-such" }), {
    code: "command-missing",
    hint: "apt-get install no-such",
  });
});

test("a file that is no program is command-failed, and not said to be missing", async () => {
  await assert.rejects(runCommand("/etc/passwd", []), { code: "command-failed" });
});

test("an aborted signal ends the program", async () => {
  const controller = new AbortController();
  const running = runCommand("sleep", ["60"], { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(running, { code: "cancelled" });
});

test("a program that does not read its input is judged by its exit code alone", async () => {
  assert.equal((await runCommand("true", [], { input: Buffer.alloc(1 << 20) })).code, 0);
});
