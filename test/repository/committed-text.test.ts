import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { listFiles, root } from "./repository-files.ts";

// Joined here, so that this file does not contain what it looks for.
const packageHosts = [
  ["deb", "debian", "org"],
  ["security", "debian", "org"],
  ["ftp", "debian", "org"],
  ["snapshot", "debian", "org"],
  ["archive", "ubuntu", "com"],
  ["registry", "npmjs", "org"],
  ["registry", "yarnpkg", "com"],
  ["pypi", "org"],
  ["files", "pythonhosted", "org"],
  ["proxy", "golang", "org"],
  ["static", "crates", "io"],
  ["index", "docker", "io"],
  ["registry-1", "docker", "io"],
  ["ghcr", "io"],
  ["quay", "io"],
  ["gcr", "io"],
  ["pkg", "dev"],
].map((parts) => parts.join("."));

const secrets: Readonly<Record<string, RegExp>> = {
  "a private key": new RegExp(`-----BEGIN ${"[A-Z ]*PRIVATE KEY"}`),
  "a registry token": new RegExp(`_auth${"Token"}=|npm_[A-Za-z0-9]{36}`),
  "a forge token": new RegExp("\\bgh[pousr]_[A-Za-z0-9]{36}\\b|\\bglpat-[A-Za-z0-9_-]{20}\\b"),
  "a cloud access key": new RegExp("\\bAKIA[A-Z0-9]{16}\\b"),
};

// No mirror or registry is hard-coded: the host's own configuration, the definition or the environment names it.
test("no file names a package host", () => {
  assert.deepEqual(
    findLines((line) => packageHosts.some((host) => line.includes(host))),
    [],
  );
});

test("no file contains a secret", () => {
  for (const [what, pattern] of Object.entries(secrets))
    assert.deepEqual(
      findLines((line) => pattern.test(line)),
      [],
      what,
    );
});

test("no file names a home folder or a temporary folder of a machine it was written on", () => {
  const personal = new RegExp(`/home/${"[a-z]"}|/${"Users"}/|${"/work"}/`);
  assert.deepEqual(
    findLines((line) => personal.test(line)),
    [],
  );
});

function findLines(isWrong: (line: string) => boolean): readonly string[] {
  return listFiles().flatMap((file) => {
    const data = readFileSync(join(root, file));
    if (data.includes(0)) return [];
    return data
      .toString()
      .split("\n")
      .flatMap((line, index) => (isWrong(line) ? [`${file}:${index + 1}`] : []));
  });
}
