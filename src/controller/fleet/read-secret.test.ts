import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { thrownBy } from "../../../test/support/thrown-error.ts";
import { processContext } from "../../ground/context.ts";
import type { Settings } from "../settings.ts";
import { readSecret } from "./read-secret.ts";

const settings = {
  secrets: {
    production: {
      binary: { command: ["printf", "\\377\\000a"] },
      failing: { command: ["sh", "-c", "echo hunter2; echo hunter2 >&2; exit 1"] },
      passphrase: { command: ["sh", "-c", "echo $INGOT_KEY_PASSPHRASE$ORDINARY"] },
      huge: { command: ["head", "-c", "2000000", "/dev/zero"] },
      lost: { file: "/nowhere/at/all" },
    },
  },
} as unknown as Settings;
const env = { PATH: process.env.PATH, INGOT_KEY_PASSPHRASE: "secret", ORDINARY: "known" };
const read = (name: string, environment = "production") =>
  readSecret(processContext({ env }), settings, { environment, name });

test("a secret is what its file holds or its command prints, byte for byte, and its command is told no secret of the controller's", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ingot-secret-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "one"), "hunter2\n");
  const withFile = { secrets: { testing: { one: { file: join(folder, "one") } } } } as unknown as Settings;
  const ctx = processContext();
  assert.equal(String(await readSecret(ctx, withFile, { environment: "testing", name: "one" })), "hunter2\n");
  assert.deepEqual([...(await read("binary"))], [255, 0, 97]);
  assert.equal(String(await read("passphrase")), "known\n");
});

test("a secret of another environment, one that nobody named and one that cannot be read are missing", async () => {
  for (const name of ["unknown", "lost", "huge", "constructor", "toString"])
    await assert.rejects(read(name), { code: "secret-missing" }, name);
  for (const environment of ["staging", "constructor"])
    await assert.rejects(read("name", environment), { code: "secret-missing" });
});

test("what a command printed before it failed is in no error", async () => {
  const error = await thrownBy(read("failing"));
  assert.equal(error?.code, "secret-missing");
  assert.ok(!inspect(error, { depth: 10 }).includes("hunter2"));
});
