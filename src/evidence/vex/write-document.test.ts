import assert from "node:assert/strict";
import { test } from "node:test";
import { assertOpenVex } from "../../../test/support/report-schemas.ts";
import type { Finding, ScanResult } from "../scan/finding.ts";
import { makeFinding, makeInventory, makeSource, testDigest } from "../scan/scan.fixture.ts";
import { applyExceptions } from "./apply-exceptions.ts";
import { readVexDocument } from "./read-document.ts";
import { makeSubject } from "./subject.ts";
import { makeVex, plainStatement } from "./vex.fixture.ts";
import { writeVexDocument } from "./write-document.ts";

const inventory = makeInventory([
  { name: "libssl3", version: "3.0.11-1", source: "openssl" },
  { name: "zlib1g", version: "1:1.2.13.dfsg-1", source: "zlib" },
]);
const fixed = makeFinding({ state: "fixed", fixedVersion: "3.0.12-1", aliases: ["DSA-1-1"] });
const open = makeFinding({
  id: "CVE-2024-3000",
  package: { name: "zlib", version: "1:1.2.13.dfsg-1" },
  state: "no-dsa",
});

function resultOf(findings: readonly Finding[], name?: string): ScanResult {
  return {
    image: testDigest,
    ...(name === undefined ? {} : { name }),
    scanned: "2026-11-21T12:00:00.000Z",
    sources: [makeSource("osv")],
    packages: { deb: 2, npm: 0, pypi: 0, golang: 0 },
    gaps: [],
    findings,
    notes: [],
  };
}

test("the findings as OpenVEX are valid: affected with the action where there is a fix, else under investigation", () => {
  const document = writeVexDocument(resultOf([fixed, open], "registry.example:5000/shop/web:1"), {
    author: "Ana",
    role: "platform team",
  });
  assertOpenVex(document);
  const { statements, author, role } = document as { statements: object[]; author: string; role: string };
  assert.deepEqual([author, role], ["Ana", "platform team"]);
  const product = (purl: string) => [
    {
      "@id": "pkg:oci/web?repository_url=registry.example%3A5000%2Fshop%2Fweb",
      subcomponents: [{ "@id": purl }],
    },
  ];
  assert.deepEqual(statements, [
    {
      vulnerability: { name: "CVE-2024-1000", aliases: ["DSA-1-1"] },
      products: product("pkg:deb/debian/openssl@3.0.11-1?arch=source"),
      status: "affected",
      action_statement: "Update openssl to 3.0.12-1: ingot lock --update --security, then ingot build",
    },
    {
      vulnerability: { name: "CVE-2024-3000" },
      products: product("pkg:deb/debian/zlib@1:1.2.13.dfsg-1?arch=source"),
      status: "under_investigation",
      status_notes: "state of the fix: no-dsa",
    },
  ]);
});

for (const name of ["registry.example:5000/shop/web:1", "shop/web", undefined])
  test(`what was written about ${name ?? "a digest"} is read back, matches its findings, and suppresses none of them`, () => {
    const written = writeVexDocument(resultOf([fixed, open], name), { author: "Ana" });
    assertOpenVex(written);
    const read = readVexDocument(written, { document: "start.json", isAttached: false });
    assert.ok("statements" in read);
    const subject = makeSubject(inventory, name);
    const { findings, notes } = applyExceptions([fixed, open], read.statements, { subject, now: new Date() });
    assert.deepEqual(notes, []);
    assert.deepEqual(
      findings.map(({ exception }) => exception?.status),
      ["affected", "under_investigation"],
    );
  });

test("a finding that is excepted already is left out", () => {
  const exception = { status: "not_affected", reason: "r", owner: "o", expires: "2027-01-01", document: "d" } as const;
  const { statements } = writeVexDocument(resultOf([{ ...fixed, exception }, open]), { author: "Ana" }) as {
    statements: object[];
  };
  assert.equal(statements.length, 1);
});

test("the schema of this test refuses what OpenVEX refuses", () => {
  assertOpenVex(makeVex({ expires: undefined }));
  for (const wrong of [
    makeVex(),
    makeVex({ ...plainStatement, expires: undefined, status: "affected" }),
    makeVex({ expires: undefined, justification: undefined }),
    makeVex({ expires: undefined }, { author: undefined }),
    makeVex({ expires: undefined }, { statements: [] }),
  ])
    assert.throws(() => assertOpenVex(wrong));
});
