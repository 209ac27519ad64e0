import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findCredentials, type Credentials } from "./docker-config.ts";
import { dockerHub } from "../reference.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The credentials found with this config.json and these credential helpers (shell scripts by name). */
async function find(
  t: TestContext,
  registry: string,
  setup: { config: object | string; helpers?: Record<string, string> },
): Promise<Credentials | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-docker-config-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { config, helpers = {} } = setup;
  writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  for (const [name, script] of Object.entries(helpers)) {
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, `docker-credential-${name}`), 0o755);
  }
  const env = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` };
  return findCredentials({ env, signal: new AbortController().signal }, registry);
}

const password = (username: string, text: string) => ({ kind: "password", username, password: text });

test("a login is found under the host, or under a URL as older clients wrote it", async (t) => {
  const config = {
    auths: {
      "a.example": { auth: base64("me:with:colon") },
      "https://b.example/v1/": { username: "me", password: "b" },
      [`https://index.${dockerHub}/v1/`]: { auth: base64("me:hub") },
      "c.example:5000": { identitytoken: "token" },
      "empty.example": {},
    },
  };
  assert.deepEqual(await find(t, "a.example", { config }), password("me", "with:colon"));
  assert.deepEqual(await find(t, "b.example", { config }), password("me", "b"));
  assert.deepEqual(await find(t, "docker.io", { config }), password("me", "hub"));
  assert.deepEqual(await find(t, "c.example:5000", { config }), { kind: "identity-token", token: "token" });
  for (const registry of ["c.example", "empty.example", "example"]) {
    assert.equal(await find(t, registry, { config }), undefined);
  }
});

test("a credential helper is asked, the registry's own before the common one", async (t) => {
  const helpers = {
    own: `read host; echo "{\\"ServerURL\\":\\"$host\\",\\"Username\\":\\"$host\\",\\"Secret\\":\\"own\\"}"`,
    common: `echo '{"ServerURL":"x","Username":"<token>","Secret":"refresh"}'`,
  };
  const config = { credHelpers: { "a.example": "own" }, credsStore: "common", auths: { "b.example": {} } };
  assert.deepEqual(await find(t, "a.example", { config, helpers }), password("a.example", "own"));
  assert.deepEqual(await find(t, "b.example", { config, helpers }), { kind: "identity-token", token: "refresh" });
});

test("a helper that knows no login leaves it to the file", async (t) => {
  const helpers = { none: "echo credentials not found in native keychain; exit 1" };
  const config = { credsStore: "none", auths: { "a.example": { auth: base64("me:file") } } };
  assert.deepEqual(await find(t, "a.example", { config, helpers }), password("me", "file"));
  assert.equal(await find(t, "b.example", { config, helpers }), undefined);
});

test("a helper that fails, prints nonsense or is missing is an error that shows no secret", async (t) => {
  const secret = "s3cret";
  const scripts = [`echo ${secret}; exit 1`, `echo '{"Secret":"${secret}"'`];
  for (const script of scripts) {
    await assert.rejects(
      find(t, "a.example", { config: { credsStore: "bad" }, helpers: { bad: script } }),
      (error: Error) => {
        assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes(secret));
        assert.equal((error as Error & { code: string }).code, "registry-credentials-unusable");
        return true;
      },
    );
  }
  await assert.rejects(find(t, "a.example", { config: { credsStore: "absent" } }), { code: "command-missing" });
});

test("a file that is no configuration is an error that does not quote it", async (t) => {
  for (const config of ['{"auths": {"a.example": {"auth": "c2VjcmV0"', '{"auths": "c2VjcmV0"}']) {
    await assert.rejects(find(t, "a.example", { config }), (error: Error & { code: string }) => {
      assert.equal(error.code, "registry-credentials-unusable");
      assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes("c2VjcmV0"));
      return true;
    });
  }
  const noColon = { auths: { "a.example": { auth: base64("secret") } } };
  await assert.rejects(find(t, "a.example", { config: noColon }), { code: "registry-credentials-unusable" });
});

test("without a configuration there is no login", async () => {
  const env = { DOCKER_CONFIG: "/nonexistent" };
  assert.equal(await findCredentials({ env, signal: new AbortController().signal }, "a.example"), undefined);
});
