import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { findVexFiles, loadVexFiles } from "./load-vex-files.ts";
import { makeVex, plainStatement } from "./vex.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "ingot-vex-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(content: object | string, name = "web.json"): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return path;
}

async function mistakesOf(...paths: readonly string[]): Promise<readonly string[]> {
  try {
    await loadVexFiles(paths, { cwd: folder });
  } catch (error) {
    if (error instanceof IngotError && error.code === "vex-invalid") {
      return error.details;
    }
    throw error;
  }
  return [];
}

test("a statement carries owner, reason, expiry and the products that it is about", async () => {
  const path = write(
    makeVex(
      {
        vulnerability: { name: "CVE-2024-1000", aliases: ["GHSA-x"] },
        products: [
          {
            "@id": "shop/web",
            hashes: { "sha-256": "AB".repeat(32) },
            subcomponents: [{ identifiers: { purl: "pkg:deb/debian/openssl" } }],
          },
        ],
        impact_statement: "the module is not loaded",
        timestamp: "2026-11-02T10:00:00+02:00",
      },
      { role: "platform team" },
    ),
  );
  assert.deepEqual(await loadVexFiles([path], { cwd: folder }), [
    {
      document: "web.json",
      place: "statements[0]",
      vulnerabilities: ["CVE-2024-1000", "GHSA-x"],
      products: [{ ids: ["shop/web"], sha256: "ab".repeat(32), subcomponents: [{ ids: ["pkg:deb/debian/openssl"] }] }],
      status: "not_affected",
      reason: "vulnerable_code_not_present: the module is not loaded",
      owner: "Ana (platform team)",
      expires: "2027-01-31",
      timestamp: "2026-11-02T08:00:00.000Z",
    },
  ]);
});

test("an expiry is read from the statement, the document, or a line of status_notes, under both names", async () => {
  const none = { expires: undefined };
  const cases: readonly (readonly [object, object, string])[] = [
    [{ expires: "2027-01-31" }, { expires: "2030-01-01" }, "2027-01-31"],
    [{ ...none, "x-expires": "2027-02-01T10:00:00Z" }, {}, "2027-02-01T10:00:00Z"],
    [none, { expires: "2027-03-01" }, "2027-03-01"],
    [none, { "x-expires": "2027-04-01" }, "2027-04-01"],
    [{ ...none, status_notes: "looked at by two\nexpires: 2027-05-01\n" }, {}, "2027-05-01"],
  ];
  for (const [statement, document, expected] of cases) {
    const [read] = await loadVexFiles([write(makeVex(statement, document))], { cwd: folder });
    assert.equal(read?.expires, expected);
  }
});

test("a missing expiry, owner, reason or product refuses the document with the place", async () => {
  const path = write(
    makeVex(
      {},
      {
        author: " ",
        statements: [
          { ...plainStatement, expires: undefined },
          { ...plainStatement, justification: undefined },
          { ...plainStatement, products: [] },
          { ...plainStatement, status: "affected", justification: undefined },
          { ...plainStatement, status: "fixed", justification: undefined },
        ],
      },
    ),
  );
  assert.deepEqual(await mistakesOf(path), [
    "web.json:4:13: author: expected an owner: who answers for these statements (`author`, or `role`)",
    "web.json:8:5: statements[0].expires: expected an expiry: a day such as 2027-03-31, here or for the whole document",
    "web.json:20:5: statements[1].justification: expected a reason: `justification` or `impact_statement`",
    "web.json:36:19: statements[2].products: expected at least one product",
    "web.json:41:5: statements[3].action_statement: expected what to do, since the status is affected",
    "web.json:53:5: statements[4].impact_statement: expected a reason: `impact_statement`, `action_statement` or `status_notes`",
  ]);
});

test("what suppresses nothing needs no expiry, and a role alone is an owner", async () => {
  const investigated = { status: "under_investigation", justification: undefined, expires: undefined };
  const [read] = await loadVexFiles([write(makeVex(investigated, { author: undefined, role: "security" }))], {
    cwd: folder,
  });
  assert.equal(read?.expires, undefined);
  assert.equal(read?.owner, "security");
});

test("an expiry that is no date is refused, also a day that no month has", async () => {
  for (const expires of ["soon", "2027-02-30", "2027-13-01", "31.01.2027", "", "2027-01-31 or later"]) {
    const [mistake] = await mistakesOf(write(makeVex({ expires })));
    assert.match(mistake ?? "", /statements\[0\]\.expires: expected a day or a moment/, expires);
  }
});

test("what is no OpenVEX 0.2.0 is refused, each mistake with its place", async () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [
      makeVex({}, { "@context": "https://openvex.dev/ns/v0.0.1" }),
      /web\.json:2:15: @context: expected https:\/\/openvex\.dev\/ns\/v0\.2\.0/,
    ],
    [makeVex({ status: "wontfix" }), /statements\[0\]\.status: /],
    [makeVex({ justification: "because" }), /statements\[0\]\.justification: /],
    [makeVex({ vulnerability: "CVE-2024-1000" }), /statements\[0\]\.vulnerability: /],
    [makeVex({ products: ["pkg:deb/debian/openssl"] }), /statements\[0\]\.products\[0\]: /],
    [makeVex({ products: [{ hashes: { "sha-256": "abc" } }] }), /sha-256: expected 64 hex digits/],
    [makeVex({}, { timestamp: "yesterday" }), /timestamp: expected a date and time/],
    [makeVex({}, { statements: [] }), /statements: expected at least one statement/],
    [[], /web\.json:1:1: the document: /],
  ];
  for (const [content, expected] of cases) assert.match((await mistakesOf(write(content))).join("\n"), expected);
});

test("files that are no JSON, missing or too large are refused; all mistakes of all files are told at once", async () => {
  const cut = write('{"@context": ', "cut.json");
  const empty = write(makeVex({ expires: undefined }), "other.json");
  const mistakes = await mistakesOf(cut, empty);
  assert.match(mistakes[0] ?? "", /^cut\.json: expected JSON: /);
  assert.match(mistakes[1] ?? "", /^other\.json:\d+:\d+: statements\[0\]\.expires: /);
  await assert.rejects(loadVexFiles([join(folder, "nowhere.json")], { cwd: folder }), {
    code: "vex-invalid",
    message: /there is no file/,
  });
  await assert.rejects(loadVexFiles([folder], { cwd: folder }), { code: "vex-invalid" });
  const large = write(" ".repeat(9 * 1024 * 1024), "large.json");
  await assert.rejects(loadVexFiles([large], { cwd: folder }), { code: "vex-invalid", message: /more than 8388608/ });
});

test("a project's documents are the JSON files of its folder vex, by name", () => {
  assert.deepEqual(findVexFiles(folder), []);
  mkdirSync(join(folder, "vex"));
  for (const name of ["b.json", "a.json", "readme.md", ".hidden.json"]) writeFileSync(join(folder, "vex", name), "");
  assert.deepEqual(findVexFiles(folder), [join(folder, "vex/a.json"), join(folder, "vex/b.json")]);
});
