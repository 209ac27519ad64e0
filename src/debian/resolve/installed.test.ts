import assert from "node:assert/strict";
import { test } from "node:test";
import { nameAndVersion } from "./index.fixture.ts";
import { parseInstalledPackages } from "./installed.ts";

const stanza = (name: string, state: string) =>
  `Package: ${name}\nStatus: install ok ${state}\nVersion: 1\nArchitecture: amd64\nDepends: libc6 (>= 2)\n`;

test("installed packages are read, removed ones are left out", () => {
  const status = [stanza("a", "installed"), stanza("b", "config-files"), stanza("c", "installed")].join("\n");
  const packages = parseInstalledPackages(status, "status");
  assert.deepEqual(packages.map(nameAndVersion), ["a=1", "c=1"]);
  assert.deepEqual(packages[0]?.depends, [[{ name: "libc6", operator: ">=", version: "2" }]]);
});

test("a package in the middle of its installation is refused", () => {
  assert.throws(() => parseInstalledPackages(stanza("a", "half-configured"), "status"), {
    code: "control-malformed",
    message: "status: a is half-configured, not installed",
  });
});
