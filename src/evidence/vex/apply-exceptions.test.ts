import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../oci/digest.ts";
import type { Finding } from "../scan/finding.ts";
import { makeFinding, makeInventory, npmPackage, testDigest } from "../scan/scan.fixture.ts";
import { isSuppressed } from "../scan/suppressed.ts";
import type { EvidenceItem } from "../evidence.ts";
import { applyExceptions } from "./apply-exceptions.ts";
import { readAttachedVex } from "./read-attached.ts";
import { readVexDocument } from "./read-document.ts";
import type { VexStatement } from "./statement.ts";
import { makeSubject } from "./subject.ts";
import { makeVex, plainStatement } from "./vex.fixture.ts";

const inventory = makeInventory(
  [
    { name: "libssl3", version: "3.0.11-1", source: "openssl" },
    { name: "openssl", version: "3.0.11-1" },
    { name: "libc-bin", version: "2.36-9+b1", source: "glibc", sourceVersion: "2.36-9" },
    { name: "zlib1g", version: "1:1.2.13.dfsg-1", source: "zlib" },
  ],
  { language: [npmPackage("@scope/left-pad", "1.0.0")] },
);
const subject = makeSubject(inventory, "registry.example:5000/shop/web:1");
const now = new Date("2026-11-21T12:00:00Z");

const openssl = makeFinding();
const glibc = makeFinding({
  id: "CVE-2024-2000",
  package: { name: "glibc", version: "2.36-9", binaries: ["libc-bin=2.36-9+b1"] },
});
const zlib = makeFinding({ id: "CVE-2024-3000", package: { name: "zlib", version: "1:1.2.13.dfsg-1", binaries: [] } });
const leftPad = makeFinding({
  id: "GHSA-x",
  package: { ecosystem: "npm", name: "@scope/left-pad", version: "1.0.0", binaries: [] },
});

function statements(...written: readonly object[]): readonly VexStatement[] {
  const document = makeVex({}, { statements: written.map((one) => ({ ...plainStatement, ...one })) });
  const read = readVexDocument(document, { document: "vex/web.json", isAttached: false });
  assert.ok("statements" in read, JSON.stringify(read));
  return read.statements;
}

function apply(written: readonly object[], findings: readonly Finding[] = [openssl]) {
  const { findings: after, notes } = applyExceptions(findings, statements(...written), { subject, now });
  return { suppressed: after.filter(isSuppressed).map(({ id }) => id), findings: after, notes };
}

/** Whether a statement about this product covers the finding. */
function covers(product: object | string, finding: Finding = openssl): boolean {
  const products = [typeof product === "string" ? { "@id": product } : product];
  return apply([{ vulnerability: { name: finding.id }, products }], [finding]).suppressed.length === 1;
}

test("a product is a source package: by its name, with its version, release and architecture `source`", () => {
  assert.ok(covers("pkg:deb/debian/openssl"));
  assert.ok(covers("pkg:deb/debian/openssl@3.0.11-1"));
  assert.ok(covers("pkg:deb/debian/openssl@3.0.11-1?arch=source&distro=bookworm"));
  assert.ok(covers("pkg:deb/debian/openssl?distro=debian-12"));
  assert.ok(covers({ identifiers: { purl: "pkg:deb/debian/openssl" } }));
  assert.ok(covers("pkg:deb/debian/zlib@1:1.2.13.dfsg-1", zlib));
  assert.ok(covers("pkg:deb/debian/zlib@1%3A1.2.13.dfsg-1", zlib));
});

test("another version, release, distribution, type or name is another product", () => {
  assert.ok(!covers("pkg:deb/debian/openssl@3.0.12-1"));
  assert.ok(!covers("pkg:deb/debian/openssl?distro=trixie"));
  assert.ok(!covers("pkg:deb/ubuntu/openssl"));
  assert.ok(!covers("pkg:rpm/debian/openssl"));
  assert.ok(!covers("pkg:deb/debian/openssl1"));
  assert.ok(!covers("openssl"));
});

test("a binary package is matched by its own version and architecture, and covers a finding only with its siblings", () => {
  assert.ok(covers("pkg:deb/debian/libc-bin@2.36-9%2Bb1?arch=amd64", glibc));
  assert.ok(!covers("pkg:deb/debian/libc-bin@2.36-9", glibc));
  assert.ok(!covers("pkg:deb/debian/libc-bin?arch=arm64", glibc));
  const half = apply([{ products: [{ "@id": "pkg:deb/debian/libssl3" }] }]);
  assert.deepEqual(half.suppressed, []);
  assert.deepEqual(half.notes, [
    "vex/web.json: statements[0]: CVE-2024-1000 in openssl still counts: the statement leaves out openssl",
  ]);
  const products = [{ "@id": "pkg:deb/debian/libssl3" }, { "@id": "pkg:deb/debian/openssl?arch=amd64" }];
  assert.deepEqual(apply([{ products }]).suppressed, ["CVE-2024-1000"]);
});

test("a product is the image: by digest, name, hash or purl; its subcomponents narrow it to packages", () => {
  const purl = `pkg:oci/web@${testDigest.replace(":", "%3A")}`;
  const names = [
    "registry.example:5000/shop/web:1",
    "registry.example:5000/shop/web",
    testDigest,
    `x@${testDigest}`,
    purl,
  ];
  for (const name of names) assert.ok(covers(name), name);
  assert.ok(covers({ hashes: { "sha-256": testDigest.slice(7) } }));
  assert.ok(covers("pkg:oci/web"));
  assert.ok(covers("pkg:oci/web?repository_url=registry.example:5000/shop/web"));
  assert.ok(covers({ "@id": purl, subcomponents: [{ "@id": "pkg:deb/debian/openssl" }] }));
  assert.ok(!covers({ "@id": purl, subcomponents: [{ "@id": "pkg:deb/debian/glibc" }] }));
  const other = `sha256:${"cd".repeat(32)}`;
  for (const name of [
    "shop/web",
    "pkg:oci/api",
    "pkg:oci/web?repository_url=elsewhere/web",
    other,
    `pkg:oci/web@${other}`,
  ])
    assert.ok(!covers(name), name);
  // The hash decides, whatever the name says.
  assert.ok(!covers({ "@id": "registry.example:5000/shop/web", hashes: { "sha-256": "cd".repeat(32) } }));
});

test("a tag or an architecture narrows an image, and of several names none may be about another one", () => {
  assert.ok(covers("pkg:oci/web?tag=1"));
  assert.ok(covers("pkg:oci/web?repository_url=registry.example:5000/shop/web&tag=1&arch=amd64"));
  assert.ok(!covers("pkg:oci/web?tag=2"));
  assert.ok(!covers("pkg:oci/web?repository_url=registry.example:5000/shop/web&tag=2"));
  assert.ok(!covers("pkg:oci/web?arch=arm64"));
  assert.ok(!covers(`pkg:oci/web@${testDigest.replace(":", "%3A")}?arch=arm64`));
  const name = "registry.example:5000/shop/web";
  assert.ok(covers({ "@id": "https://shop.example/products/web", identifiers: { purl: "pkg:oci/web" } }));
  assert.ok(!covers({ "@id": name, identifiers: { purl: `pkg:oci/web@sha256%3A${"cd".repeat(32)}` } }));
  assert.ok(!covers({ "@id": "pkg:deb/debian/openssl@3.0.12-1", identifiers: { purl: "pkg:deb/debian/openssl" } }));
  assert.ok(!covers("pkg:deb/debian/openssl@"));
});

test("a language package is matched with its scope, escaped or not", () => {
  for (const purl of ["pkg:npm/%40scope/left-pad", "pkg:npm/@scope/left-pad@1.0.0"])
    assert.ok(covers(purl, leftPad), purl);
  for (const purl of ["pkg:npm/left-pad", "pkg:npm/%40scope/left-pad@1.0.1"]) assert.ok(!covers(purl, leftPad), purl);
});

test("a vulnerability is matched by any of its names", () => {
  const ghsa = makeFinding({ aliases: ["GHSA-x"] });
  assert.deepEqual(apply([{ vulnerability: { name: "GHSA-x" } }], [ghsa]).suppressed, ["CVE-2024-1000"]);
  assert.deepEqual(apply([{ vulnerability: { name: "INTERNAL-7", aliases: ["CVE-2024-1000"] } }]).suppressed, [
    "CVE-2024-1000",
  ]);
});

test("not_affected and fixed suppress; affected and under_investigation are shown and do not", () => {
  const of = (status: string) => apply([{ status, action_statement: "wait", impact_statement: "x" }]);
  assert.deepEqual(of("not_affected").suppressed, ["CVE-2024-1000"]);
  assert.deepEqual(of("fixed").suppressed, ["CVE-2024-1000"]);
  for (const status of ["affected", "under_investigation"]) {
    const { suppressed, findings } = of(status);
    assert.deepEqual(suppressed, []);
    assert.equal(findings[0]?.exception?.status, status);
  }
});

test("an exception counts to the end of its day and no longer; then a note names its owner", () => {
  assert.deepEqual(apply([{ expires: "2026-11-21" }]).suppressed, ["CVE-2024-1000"]);
  assert.deepEqual(apply([{ expires: "2026-11-21T12:00:01Z" }]).suppressed, ["CVE-2024-1000"]);
  for (const expires of ["2026-11-20", "2026-11-21T12:00:00Z"]) {
    const { suppressed, findings, notes } = apply([{ expires }]);
    assert.deepEqual(suppressed, []);
    assert.equal(findings[0]?.exception, undefined);
    assert.deepEqual(notes, [
      `vex/web.json: statements[0]: the exception for CVE-2024-1000 expired on ${expires} and no longer counts (owner: Ana)`,
    ]);
  }
});

test("of two statements the later one counts, whatever their order in the file; an expired one never does", () => {
  const later = { status: "affected", action_statement: "update", timestamp: "2026-11-10T00:00:00Z" };
  const earlier = { timestamp: "2026-11-05T00:00:00Z" };
  assert.deepEqual(apply([later, earlier]).suppressed, []);
  assert.deepEqual(apply([earlier, later]).suppressed, []);
  assert.deepEqual(apply([{ ...later, expires: "2026-11-11" }, earlier]).suppressed, ["CVE-2024-1000"]);
});

test("products and vulnerabilities that match nothing are named in a note", () => {
  const { notes } = apply([
    { products: [{ "@id": "pkg:deb/debian/nginx" }, { "@id": "shop/api" }] },
    { vulnerability: { name: "CVE-1999-1" } },
    { products: [{ "@id": "pkg:deb/debian/glibc" }] },
  ]);
  assert.deepEqual(notes, [
    "vex/web.json: statements[0]: the image has none of its products: pkg:deb/debian/nginx, shop/api",
    "vex/web.json: statements[1]: the image has no finding CVE-1999-1 there",
    "vex/web.json: statements[2]: the image has no finding CVE-2024-1000 there",
  ]);
});

test("of attached statements only checked ones count; without a product they are about the image", () => {
  const manifest = `sha256:${"11".repeat(32)}` as Digest;
  const predicate = makeVex({ products: undefined });
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [],
    predicateType: "https://openvex.dev/ns",
    predicate,
  } as const;
  const common = { manifest, predicateType: statement.predicateType, kind: "vex" } as const;
  const key = { id: "00", role: "scanner", pem: "", from: "scanner.pub" } as const;
  const checked: EvidenceItem = { ...common, status: "checked", statement, key };
  const { statements: trusted } = readAttachedVex([checked]);
  const { findings } = applyExceptions([openssl], trusted, { subject, now });
  assert.ok(findings.every(isSuppressed));
  assert.equal(findings[0]?.exception?.document, `attached ${manifest}`);

  const stranger = readAttachedVex([{ ...common, status: "untrusted", reason: "no trusted key" }]);
  assert.deepEqual(stranger.statements, []);
  assert.deepEqual(stranger.notes, [`the VEX statement ${manifest} is not used: no trusted key`]);

  const endless = { ...statement, predicate: makeVex({ expires: undefined }) };
  const refused = readAttachedVex([{ ...checked, statement: endless }]);
  assert.deepEqual(refused.statements, []);
  assert.match(refused.notes[0] ?? "", /is not used: statements\[0\]\.expires: expected an expiry/);
});
