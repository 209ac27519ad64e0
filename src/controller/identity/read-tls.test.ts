import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { processContext } from "../../ground/context.ts";
import { readSettings } from "../read-settings.ts";
import type { Settings } from "../settings.ts";
import { hasOpenssl, makeCertificate } from "./certificate.fixture.ts";
import { readTls } from "./read-tls.ts";

function prepare(t: TestContext): { readonly folder: string; readonly settings: Settings } {
  const folder = mkdtempSync(join(tmpdir(), "ingot-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return { folder, settings: readSettings(processContext({ home: folder, cwd: folder, env: {} })) };
}

test("certificate and key are read, and one that ends soon is warned of", (t) => {
  if (!hasOpenssl()) return t.skip("needs openssl: not installed");
  const { folder, settings } = prepare(t);
  assert.equal(readTls(settings), undefined);
  const tls = makeCertificate(folder, 20);
  const warnings: string[] = [];
  const report = { warn: (line: string) => void warnings.push(line) };
  assert.match(readTls({ ...settings, tls }, { report })?.key ?? "", /PRIVATE KEY/);
  assert.deepEqual(warnings, []);
  const inAWeek = new Date(Date.now() + 7 * 86_400_000);
  assert.ok(readTls({ ...settings, tls }, { report, now: inAWeek }));
  assert.match(warnings[0] ?? "", /tls\.crt expires on \d{4}-/);
  const inAMonth = new Date(Date.now() + 30 * 86_400_000);
  assert.throws(() => readTls({ ...settings, tls }, { now: inAMonth }), {
    code: "tls-unusable",
    message: /expired on/,
  });
});

test("a key that everybody may read, and one that is not the certificate's, are refused, and never quoted", (t) => {
  if (!hasOpenssl()) return t.skip("needs openssl: not installed");
  const { folder, settings } = prepare(t);
  const tls = makeCertificate(folder);
  for (const mode of [0o644, 0o602]) {
    chmodSync(tls.key, mode);
    assert.throws(() => readTls({ ...settings, tls }), { code: "key-exposed", hint: /chmod o=/ });
  }
  chmodSync(tls.key, 0o600);
  const other = mkdtempSync(join(folder, "other-"));
  const foreign = { ...tls, key: makeCertificate(other).key };
  assert.throws(() => readTls({ ...settings, tls: foreign }), { code: "tls-unusable", message: /is not the key of/ });
  for (const [file, content] of [
    [tls.key, "secret-stuff"],
    [tls.certificate, "secret-stuff"],
  ] as const) {
    writeFileSync(file, content);
    assert.throws(
      () => readTls({ ...settings, tls }),
      (error: Error & { code?: string }) => error.code === "tls-unusable" && !error.message.includes("secret-stuff"),
    );
    Object.assign(tls, makeCertificate(folder));
  }
  rmSync(tls.key);
  assert.throws(() => readTls({ ...settings, tls }), { code: "tls-unusable", message: /ENOENT/ });
});

test("plain HTTP is for loopback alone", (t) => {
  const { folder } = prepare(t);
  const ctx = processContext({ home: folder, cwd: folder, env: {} });
  for (const listen of ["0.0.0.0:8700", "10.0.0.1:8700", "[::]:8700"]) {
    assert.throws(() => readSettings(ctx, { listen }), { code: "tls-required" });
  }
  for (const listen of ["127.0.0.1:8700", "127.0.0.2:8700", "[::1]:8700"]) assert.ok(readSettings(ctx, { listen }));
});
