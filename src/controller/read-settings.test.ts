import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { IngotError } from "../ground/error.ts";
import { readSettings, type SettingOptions } from "./read-settings.ts";
import type { Settings } from "./settings.ts";

test("without a file a controller listens on loopback, and is known by that address", (t) => {
  const settings = read(t);
  assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 8700 });
  assert.equal(settings.baseUrl, "http://127.0.0.1:8700");
  assert.deepEqual(settings.mutableTags, []);
});

test("the command line goes before the file", (t) => {
  const settings = read(t, "listen: 127.0.0.1:9000\nbase_url: https://ingot.example\n", { listen: "[::1]:9001" });
  assert.deepEqual(settings.listen, { host: "::1", port: 9001 });
  assert.equal(settings.baseUrl, "https://ingot.example");
});

test("every mistake is told with its line and column", (t) => {
  const error = refused(t, "listen: 127.0.0.1:9000\nlisten_on: x\nissuers:\n  - url: not a url\n    audience: 3\n");
  assert.equal(error.code, "settings-malformed");
  const all = [error.message, ...error.details].join("\n");
  assert.match(all, /controller\.yaml:2:12: there is no setting listen_on/);
  assert.match(all, /controller\.yaml:4:10: issuers\.0\.url/);
  assert.match(all, /controller\.yaml:5:15: issuers\.0\.audience/);
});

test("a setting that is written wrongly is asked back about, at its place, on every level", (t) => {
  const all = refused(t, "listn: 127.0.0.1:9000\nwitnesses: {requird: 1}\n");
  assert.deepEqual(
    [all.message, ...all.details].map((line) => line.replace(/^.*controller\.yaml/, "")),
    [
      ":2:22: there is no setting witnesses.requird; did you mean required?",
      ":1:8: there is no setting listn; did you mean listen?",
    ],
  );
});

test("what runs is scanned anew four times a day, as often as it is written, or never", (t) => {
  assert.deepEqual(read(t).rescan, { every: 6 * 3_600_000 });
  assert.deepEqual(read(t, "rescan: {every: 90m}\n").rescan, { every: 90 * 60_000 });
  assert.equal(read(t, "rescan: off\n").rescan, undefined);
  assert.equal(read(t, "rescan: {every: 90m}\n", { rescan: false }).rescan, undefined, "--no-rescan");
  const error = refused(t, "rescan: {every: 1s}\n");
  assert.match(error.message, /controller\.yaml:1:\d+: .*at least a minute/);
});

test("text that is no YAML is refused with its place", (t) => {
  const error = refused(t, "listen: [\n");
  assert.equal(error.code, "settings-malformed");
  assert.match(error.message, /line 2/);
});

test("without TLS it listens on loopback only", (t) => {
  const error = refused(t, "listen: 0.0.0.0:8700\n");
  assert.equal(error.code, "tls-required");
  assert.match(error.hint ?? "", /tls:/);
  const settings = read(t, "listen: 0.0.0.0:8700\nbase_url: https://ingot.example\ntls: {certificate: c, key: k}\n");
  assert.ok(settings.tls?.certificate.startsWith("/"));
});

test("a name that begins as a loopback address does is none", (t) => {
  assert.equal(refused(t, "", { listen: "127.attacker.example:8700" }).code, "settings-malformed");
  assert.equal(refused(t, "", { listen: "128.0.0.1:8700" }).code, "tls-required");
});

test("more witnesses cannot be required than are known", (t) => {
  assert.match(refused(t, "witnesses: {required: 1}\n").message, /more witnesses are required than are known/);
});

test("an address that is none, and a base URL with a path, are refused", (t) => {
  for (const options of [
    { listen: "localhost" },
    { listen: "127.0.0.1:99999" },
    { listen: "127.0.0.1:0" },
    { baseUrl: "https://ingot.example/x" },
  ]) {
    assert.equal(refused(t, "", options).code, "settings-malformed");
  }
});

function read(t: TestContext, text?: string, options: SettingOptions = {}): Settings {
  const home = mkdtempSync(join(tmpdir(), "ingot-settings-"));
  t.after(() => rmSync(home, { recursive: true }));
  if (text !== undefined) writeFileSync(join(home, "controller.yaml"), text);
  return readSettings({ cwd: home, home }, options);
}

function refused(t: TestContext, text: string, options: SettingOptions = {}): IngotError {
  try {
    read(t, text, options);
  } catch (error) {
    assert.ok(error instanceof IngotError, String(error));
    return error;
  }
  return assert.fail("the settings were taken");
}
