import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { DebDescription } from "../../../test/support/build-deb.ts";
import { makeTestMirror } from "../../../test/support/test-mirror.ts";
import type { Advisories, Finding } from "./finding.ts";
import { openSecuritySuite } from "./security-suite.ts";

const { archive, contextOf } = await makeTestMirror({ after });

async function openSuite(ctx = contextOf(), release = "bookworm"): Promise<Advisories> {
  const suite = await openSecuritySuite(ctx, { release, architecture: "amd64", keyring: archive.keyring });
  assert.ok(suite);
  return suite;
}

/** An entry of a changelog: `1.0-1+deb12u1 2026-01-02: a change; another`. */
function changelogOf(source: string, ...entries: readonly string[]): string {
  const written = entries.map((text) => {
    const [head = "", changes = ""] = text.split(/: (.*)/s);
    const [version = "", date = "2026-01-01"] = head.split(" ");
    const lines = changes.split("; ").map((change) => `  * ${change}`);
    const at = new Date(date).toUTCString().replace("GMT", "+0000");
    return `${source} (${version}) bookworm-security; urgency=high\n\n${lines.join("\n")}\n\n -- A <a@b.test>  ${at}\n`;
  });
  return written.join("\n");
}

function packageOf(
  name: string,
  version: string,
  changelog: string,
  more: Partial<DebDescription> = {},
): DebDescription {
  const file = { content: gzipSync(changelog) };
  return { name, version, files: { [`usr/share/doc/${name}/changelog.Debian.gz`]: file }, ...more };
}

/** Content that does not compress. */
function filler(kilobytes: number): string {
  const blocks = Array.from({ length: kilobytes * 16 }, (_, number) => hash("sha256", String(number)));
  return blocks.join("");
}

const sourceOf = (name: string, version: string, more: { binaries?: readonly string[]; release?: string } = {}) => ({
  ecosystem: "deb" as const,
  name,
  version,
  binaries: [`${name}=${version}`],
  release: "bookworm",
  ...more,
});

const brief = ({ id, fixedVersion, fixedSince }: Finding) => [id, fixedVersion, fixedSince?.slice(0, 10)];

test("each CVE that the changelog names after the installed version is a finding, with its line as evidence", async () => {
  const changelog = changelogOf(
    "tool",
    "1.0-1+deb12u3 2026-03-01: CVE-2026-3333: third; fix regression of CVE-2026-2222",
    "1.0-1+deb12u2 2026-02-01: CVE-2026-2222/2223: second; CVE-2026-2224 (not affected)",
    "1.0-1+deb12u1 2026-01-01: CVE-2026-1111: first",
    "1.0-1: initial",
  );
  await archive.publish({ security: [packageOf("tool", "1.0-1+deb12u3", changelog)] });
  const suite = await openSuite();
  const findings = await suite.find([sourceOf("tool", "1.0-1+deb12u1")]);
  assert.deepEqual(findings.map(brief), [
    ["CVE-2026-3333", "1.0-1+deb12u3", "2026-03-01"],
    ["CVE-2026-2222", "1.0-1+deb12u2", "2026-02-01"],
    ["CVE-2026-2223", "1.0-1+deb12u2", "2026-02-01"],
    ["CVE-2026-2224", "1.0-1+deb12u2", "2026-02-01"],
  ]);
  assert.deepEqual(findings[1], {
    id: "CVE-2026-2222",
    aliases: [],
    package: { ecosystem: "deb", name: "tool", version: "1.0-1+deb12u1", binaries: ["tool=1.0-1+deb12u1"] },
    state: "fixed",
    fixedVersion: "1.0-1+deb12u2",
    fixedSince: "2026-02-01T00:00:00.000Z",
    severity: "unknown",
    title: "CVE-2026-2222/2223: second",
    evidence: [
      { source: "security-suite", text: "tool 1.0-1+deb12u3: fix regression of CVE-2026-2222" },
      { source: "security-suite", text: "tool 1.0-1+deb12u2: CVE-2026-2222/2223: second" },
    ],
  });
  assert.match(findings[3]?.evidence[0]?.text ?? "", /not affected/);
  assert.deepEqual(await suite.find([sourceOf("tool", "1.0-1+deb12u3")]), []);
  assert.deepEqual(await suite.find([sourceOf("tool", "1.0-2")]), [], "newer by a point release");
  assert.match(suite.source.digest, /^sha256:/);
  assert.deepEqual(suite.notes?.(), [
    "bookworm-security tells which fixes are there to be had; a vulnerability that it does not name may still be open",
  ]);
});

test("the fix of a fix that the installed version has counts, and says so", async () => {
  const changelog = changelogOf(
    "tool",
    "1.0-1+deb12u2 2026-02-01: complete the fix of CVE-2026-1111",
    "1.0-1+deb12u1 2026-01-01: CVE-2026-1111: first",
  );
  await archive.publish({ security: [packageOf("tool", "1.0-1+deb12u2", changelog)] });
  const [finding, none] = await (await openSuite()).find([sourceOf("tool", "1.0-1+deb12u1")]);
  assert.equal(none, undefined);
  assert.deepEqual(
    finding?.evidence.map(({ text }) => text),
    [
      "tool 1.0-1+deb12u2: complete the fix of CVE-2026-1111",
      "already named in tool 1.0-1+deb12u1: CVE-2026-1111: first",
    ],
  );
});

test("an update without any CVE is one finding with an id of its own", async () => {
  const changelog = changelogOf(
    "tool",
    "1.1-1 2026-02-01: [ A Person ]; Non-maintainer upload.; New rules of time",
    "1.0-1: initial",
  );
  await archive.publish({ security: [packageOf("tool", "1.1-1", changelog)] });
  const [finding, none] = await (await openSuite()).find([sourceOf("tool", "1.0-1")]);
  assert.equal(none, undefined);
  assert.deepEqual(finding && brief(finding), ["SECURITY-UPDATE-tool-1.1-1", "1.1-1", "2026-02-01"]);
  assert.equal(finding?.title, "New rules of time");
  assert.ok(finding?.evidence.some(({ text }) => text === "tool 1.1-1: New rules of time"));
});

test("versions of binary packages make no finding", async () => {
  const changelog = changelogOf("tool", "2:1.0-1: CVE-2026-1111", "2:0.9-1: initial");
  const fields = { Source: "tool (2:1.0-1)" };
  // The binary's own version is far below its source's, and a binNMU is above it.
  await archive.publish({
    security: [
      packageOf("libtool0", "0.1-1", changelog, { fields }),
      packageOf("tool", "2:1.0-1+b5", changelog, { fields }),
    ],
  });
  const suite = await openSuite();
  assert.deepEqual(
    await suite.find([sourceOf("tool", "2:1.0-1", { binaries: ["libtool0=0.1-1", "tool=2:1.0-1"] })]),
    [],
  );
  const found = await suite.find([sourceOf("tool", "2:0.9-1", { binaries: ["libtool0=9.9-1"] })]);
  assert.deepEqual(found.map(brief), [["CVE-2026-1111", "2:1.0-1", "2026-01-01"]]);
});

test("the smallest package of the source that has the changelog is taken, links to another one's folder are followed", async () => {
  const changelog = changelogOf("tool", "1.1-1: CVE-2026-1111", "1.0-1: initial");
  const fields = { Source: "tool" };
  const has = packageOf("tool-common", "1.1-1", changelog, { fields });
  const huge = packageOf("tool-huge", "1.1-1", changelog, { fields });
  const security: DebDescription[] = [
    { name: "tool", version: "1.1-1", fields, files: { "usr/share/doc/tool": { link: "tool-common" } } },
    {
      name: "tool-none",
      version: "1.1-1",
      fields,
      files: { "usr/share/doc/tool-none/changelog.gz": { link: "NEWS.gz" } },
    },
    { ...has, files: { ...has.files, "usr/share/tool-common": filler(20) } },
    { ...huge, files: { ...huge.files, filler: filler(500) } },
  ];
  await archive.publish({ security });
  const ctx = contextOf();
  const found = await (await openSuite(ctx)).find([sourceOf("tool", "1.0-1")]);
  assert.deepEqual(
    found.map(({ id }) => id),
    ["CVE-2026-1111"],
  );
  const fetched = readdirSync(join(ctx.home, "vault/sha256"), { recursive: true, encoding: "utf8" });
  assert.ok(fetched.filter((name) => name.endsWith(".deb")).length < security.length, "not every package is fetched");
});

test("a native package's changelog is found, an upstream one's is not taken for Debian's", async () => {
  const changelog = changelogOf("tool", "1.1: CVE-2026-1111", "1.0: initial");
  const native = { "usr/share/doc/tool/changelog.gz": { content: gzipSync(changelog) } };
  const upstream = {
    "usr/share/doc/other/changelog.gz": { content: gzipSync(changelogOf("other", "9: CVE-2026-9999")) },
  };
  const own = packageOf("other", "1.1-1", changelogOf("other", "1.1-1: CVE-2026-2222", "1.0-1: initial"));
  await archive.publish({
    security: [
      { name: "tool", version: "1.1", files: native },
      { ...own, files: { ...own.files, ...upstream } },
    ],
  });
  const found = await (await openSuite()).find([sourceOf("tool", "1.0"), sourceOf("other", "1.0-1")]);
  assert.deepEqual(
    found.map(({ id }) => id),
    ["CVE-2026-1111", "CVE-2026-2222"],
  );
});

test("an update that comes from another branch does not bring up what the installed version has fixed long since", async () => {
  const branch = changelogOf(
    "tool",
    "2.0-0+deb12u1 2026-06-01: New upstream version, fixes CVE-2026-2222",
    "1.9-1 2025-01-01: CVE-2025-1111: as upstream",
    "1.0-1 2024-01-01: initial",
  );
  const installed = changelogOf(
    "tool",
    "1.0-1+deb12u1 2025-02-01: backport the fix of CVE-2025-1111",
    "1.0-1 2024-01-01: initial",
  );
  const security = [packageOf("tool", "2.0-0+deb12u1", branch)];
  await archive.publish({ security, main: [packageOf("tool", "1.0-1+deb12u1", installed)] });
  const known = await openSuite();
  assert.deepEqual(
    (await known.find([sourceOf("tool", "1.0-1+deb12u1")])).map(({ id }) => id),
    ["CVE-2026-2222"],
  );
  assert.equal(known.notes?.().length, 1);
  await archive.publish({ security });
  const forgotten = await openSuite();
  const found = await forgotten.find([sourceOf("tool", "1.0-1+deb12u1")]);
  assert.deepEqual(
    found.map(({ id }) => id),
    ["CVE-2026-2222", "CVE-2025-1111"],
  );
  assert.match(
    forgotten.notes?.()[1] ?? "",
    /tool 2\.0-0\+deb12u1 does not have the installed version 1\.0-1\+deb12u1/,
  );
});

test("an update whose packages carry no changelog is a finding all the same", async () => {
  await archive.publish({ security: [{ name: "tool", version: "1.1-1" }] });
  const suite = await openSuite();
  const found = await suite.find([sourceOf("tool", "1.0-1")]);
  assert.deepEqual(found.map(brief), [["SECURITY-UPDATE-tool-1.1-1", "1.1-1", undefined]]);
  assert.deepEqual(suite.notes?.()[1], "no package of tool 1.1-1 carries its changelog: what it fixes is not known");
});

test("packages of another release and of languages are not asked about", async () => {
  await archive.publish({ security: [{ name: "tool", version: "1.1-1" }] });
  const suite = await openSuite();
  const others = [
    sourceOf("tool", "1.0-1", { release: "trixie" }),
    { ...sourceOf("tool", "1.0-1"), ecosystem: "npm" as const },
  ];
  assert.deepEqual(await suite.find(others), []);
});

test("an installed version that is none is noted, and keeps no other package from being looked at", async () => {
  const changelog = changelogOf("tool", "1.1-1: CVE-2026-1111", "1.0-1: initial");
  await archive.publish({
    security: [packageOf("tool", "1.1-1", changelog), packageOf("other", "1.1-1", changelogOf("other", "1.1-1: x"))],
  });
  const suite = await openSuite();
  const found = await suite.find([sourceOf("other", "v1.0"), sourceOf("tool", "1.0-1")]);
  assert.deepEqual(
    found.map(({ id }) => id),
    ["CVE-2026-1111"],
  );
  assert.equal(suite.notes?.()[1], 'other was not looked at: "v1.0" is no version');
});

test("a release without a security suite has no such source", async () => {
  const request = { release: "sid", architecture: "amd64", keyring: archive.keyring };
  assert.equal(await openSecuritySuite(contextOf(), request), undefined);
});

test("a mirror that cannot be read is an error, never an absence of findings", async () => {
  await archive.publish({ security: [{ name: "tool", version: "1.1-1" }] });
  const ctx = contextOf();
  const suite = await openSuite(ctx);
  rmSync(join(archive.folder, "debian-security/pool"), { recursive: true });
  await assert.rejects(suite.find([sourceOf("tool", "1.0-1")]), { code: "download-missing" });
  await archive.publish({ signature: "altered", security: [{ name: "tool", version: "1.1-1" }] });
  await assert.rejects(openSuite(ctx), { code: "archive-signature-bad" });
  rmSync(join(archive.folder, "debian-security"), { recursive: true });
  await assert.rejects(openSuite(ctx), { code: "download-missing" });
});

test("a changelog that unpacks without end is refused", async () => {
  const files = { "usr/share/doc/tool/changelog.Debian.gz": { content: gzipSync(Buffer.alloc((32 << 20) + 1)) } };
  await archive.publish({ security: [{ name: "tool", version: "1.1-1", files }] });
  await assert.rejects((await openSuite()).find([sourceOf("tool", "1.0-1")]), { code: "deb-malformed" });
});
