import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { processContext, type Context } from "../../ground/context.ts";
import { choosePassphrase, findPassphrase } from "./passphrase.ts";

function makeContext(t: TestContext, env: Context["env"] = {}, answers?: readonly string[]): Context {
  const home = mkdtempSync(join(tmpdir(), "ingot-passphrase-"));
  t.after(() => rmSync(home, { recursive: true }));
  const left = [...(answers ?? [])];
  const askSecret = async (): Promise<string> => left.shift() ?? assert.fail("asked once more than was answered");
  return processContext({ home, cwd: home, env, ...(answers === undefined ? {} : { askSecret }) });
}

test("a file comes before the environment, and that before a question", async (t) => {
  const ctx = makeContext(t, { INGOT_KEY_PASSPHRASE: "of the environment" }, ["typed"]);
  const file = join(ctx.cwd, "passphrase");
  writeFileSync(file, "of a file\n", { mode: 0o600 });
  assert.equal(await findPassphrase(ctx, "a key", { passphraseFile: "passphrase" }), "of a file");
  assert.equal(await findPassphrase({ ...ctx, env: { INGOT_KEY_PASSPHRASE_FILE: file } }, "a key"), "of a file");
  assert.equal(await findPassphrase(ctx, "a key"), "of the environment");
  assert.equal(await findPassphrase({ ...ctx, env: {} }, "a key"), "typed");
});

test("a new passphrase is typed twice, the same", async (t) => {
  assert.equal(await choosePassphrase(makeContext(t, {}, ["one", "one"]), "a key"), "one");
  await assert.rejects(choosePassphrase(makeContext(t, {}, ["one", "two"]), "a key"), {
    code: "passphrase-unusable",
    message: /differ/,
  });
});

test("an empty passphrase is refused wherever it comes from", async (t) => {
  const empty = { code: "passphrase-unusable", message: /empty/ };
  await assert.rejects(choosePassphrase(makeContext(t, {}, ["", ""]), "a key"), empty);
  await assert.rejects(findPassphrase(makeContext(t, {}, [""]), "a key"), empty);
  await assert.rejects(choosePassphrase(makeContext(t, { INGOT_KEY_PASSPHRASE: "" }), "a key"), empty);
  const ctx = makeContext(t);
  writeFileSync(join(ctx.cwd, "p"), "\n", { mode: 0o600 });
  await assert.rejects(findPassphrase(ctx, "a key", { passphraseFile: "p" }), empty);
});

test("a passphrase file that others can read, and one that is not there, are refused", async (t) => {
  const ctx = makeContext(t, { INGOT_KEY_PASSPHRASE: "not taken in its place" });
  const file = join(ctx.cwd, "passphrase");
  await assert.rejects(findPassphrase(ctx, "a key", { passphraseFile: file }), { code: "passphrase-missing" });
  writeFileSync(file, "secret");
  chmodSync(file, 0o644);
  await assert.rejects(findPassphrase(ctx, "a key", { passphraseFile: file }), {
    code: "key-exposed",
    message: /0644/,
  });
  await assert.rejects(findPassphrase(ctx, "a key", { passphraseFile: "/dev/null" }), { code: "key-exposed" });
});

test("without a terminal nobody is asked", async (t) => {
  await assert.rejects(findPassphrase(makeContext(t), "the key"), {
    code: "passphrase-missing",
    hint: /INGOT_KEY_PASSPHRASE/,
  });
});
