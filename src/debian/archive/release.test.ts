import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRelease, type ReleaseRequest } from "./release.ts";

const hash = "a".repeat(64);
const fields: Record<string, string | undefined> = {
  Suite: "oldstable-security",
  Codename: "bookworm-security",
  Date: "Fri, 20 Nov 2026 00:12:41 UTC",
  "Valid-Until": "Fri, 27 Nov 2026 00:12:41 UTC",
  "Acquire-By-Hash": "yes",
  Architectures: "amd64 arm64",
  Components: "updates/main updates/contrib",
  SHA256: `\n ${hash}  123 main/binary-amd64/Packages\n ${hash} 45 main/binary-amd64/Packages.xz`,
};

function parse(changes: Record<string, string | undefined> = {}, request: Partial<ReleaseRequest> = {}) {
  const lines = Object.entries({ ...fields, ...changes }).filter(([, value]) => value !== undefined);
  return parseRelease(lines.map(([name, value]) => `${name}: ${value}\n`).join(""), {
    suite: "bookworm-security",
    components: ["main"],
    architecture: "amd64",
    now: new Date("2026-11-21T00:00:00Z"),
    enforceValidUntil: true,
    where: "InRelease",
    ...request,
  });
}

test("a Release gives its dates and its files", () => {
  const release = parse();
  assert.equal(release.date.toISOString(), "2026-11-20T00:12:41.000Z");
  assert.equal(release.validUntil?.toISOString(), "2026-11-27T00:12:41.000Z");
  assert.equal(release.byHash, true);
  assert.deepEqual(release.files.get("main/binary-amd64/Packages.xz"), { sha256: hash, size: 45 });
});

test("the suite may be asked for by codename or by suite, and another one is refused (R1)", () => {
  assert.ok(parse({}, { suite: "oldstable-security" }));
  assert.throws(() => parse({}, { suite: "trixie-security" }), {
    code: "archive-suite-mismatch",
    message: /bookworm-security or oldstable-security, not of trixie-security/,
  });
  assert.throws(() => parse({ Suite: undefined, Codename: undefined }), { code: "archive-suite-mismatch" });
});

test("a missing architecture or component is named (R2)", () => {
  assert.throws(() => parse({}, { architecture: "riscv64" }), {
    code: "archive-incomplete",
    message: /riscv64.*amd64 arm64/,
  });
  assert.throws(() => parse({}, { components: ["non-free"] }), { code: "archive-incomplete", message: /non-free/ });
});

test("a date in the future is refused, beyond ten minutes (R3)", () => {
  assert.ok(parse({ Date: "Sat, 21 Nov 2026 00:09:00 UTC" }));
  assert.throws(() => parse({ Date: "Sat, 21 Nov 2026 00:11:00 UTC" }), { code: "archive-from-future" });
});

test("an expired list is refused when locking, not when replaying (R4)", () => {
  const now = new Date("2026-11-28T00:00:00Z");
  assert.throws(() => parse({}, { now }), { code: "archive-expired", message: /2026-11-27T00:12:41/ });
  assert.ok(parse({}, { now, enforceValidUntil: false }));
  assert.ok(parse({ "Valid-Until": undefined }, { now }));
});

test("SHA-256 sums must be there and well-formed (R5)", () => {
  assert.throws(() => parse({ SHA256: undefined, MD5Sum: "\n x 1 main/binary-amd64/Packages" }), {
    code: "archive-incomplete",
  });
  assert.throws(() => parse({ SHA256: `\n ${hash} 1x Packages` }), { code: "control-malformed" });
  assert.throws(() => parse({ SHA256: `\n abc 1 Packages` }), { code: "control-malformed" });
});

test("an unreadable date is refused, so that it cannot stand for no date", () => {
  assert.throws(() => parse({ Date: "soon" }), { code: "control-malformed" });
  assert.throws(() => parse({ "Valid-Until": "never" }), { code: "control-malformed" });
  assert.throws(() => parse({ Date: undefined }), { code: "control-malformed" });
});
