import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { licenceListVersion } from "../../../test/support/cyclonedx-schema.ts";
import { newerPython } from "../../../test/support/newer-tools.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { isSpdxExpression } from "../inventory/spdx-licence.ts";
import { bareInventory, inventory } from "./sbom.fixture.ts";
import { makeSpdx } from "./spdx.ts";

const document = makeSpdx(inventory);
const find = (name: string) => document.packages.find((one) => one.name === name) ?? assert.fail(name);

/** What the SPDX project's own reader finds wrong with each document by the specification, and how many packages it sees. */
function validate(
  t: TestContext,
  python: string,
  documents: readonly object[],
): readonly (readonly [number, string[]])[] {
  const folder = mkdtempSync(join(tmpdir(), "ingot-spdx-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = documents.map((content, at) => {
    writeFileSync(join(folder, `${at}.spdx.json`), JSON.stringify(content));
    return join(folder, `${at}.spdx.json`);
  });
  const program = `import json, sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
documents = [parse_file(path) for path in sys.argv[1:]]
print(json.dumps([[len(one.packages), [m.validation_message for m in validate_full_spdx_document(one)]] for one in documents]))`;
  const env = { PATH: process.env.PATH, PYTHONPATH: python, PYTHONDONTWRITEBYTECODE: "1" };
  return JSON.parse(execFileSync("python3", ["-c", program, ...paths], { encoding: "utf8", env })) as [
    number,
    string[],
  ][];
}

test("the SPDX project's own reader finds nothing wrong, in a full document and in an empty one", (t) => {
  const python = newerPython();
  if (python === undefined) return t.skip("needs python3-spdx-tools: not installed");
  const [image = assert.fail(), ...rest] = document.packages;
  const wrong = { ...document, packages: [{ ...image, SPDXID: "SPDXRef-a_b" }, ...rest] };
  const [full, bare, refused] = validate(t, python, [document, makeSpdx(bareInventory), wrong]);
  assert.deepEqual(full, [2 + 3 + 4 + 2, []]);
  assert.deepEqual(bare, [1, []]);
  assert.match(refused?.[1].join("\n") ?? "", /SPDXRef-a_b/, "the reader checks nothing");
});

test("the members and words of a document are those of the format's JSON schema", () => {
  // What the reader above lets through and the schema (which no package ships) does not.
  const members: Readonly<Record<string, RegExp>> = {
    SPDXID: /^SPDXRef-[A-Za-z0-9.-]+$/,
    primaryPackagePurpose: /^(CONTAINER|FILE|OPERATING_SYSTEM)$/,
    filesAnalyzed: /^false$/,
    versionInfo: /./,
    homepage: /^https?:\/\/\S+$/,
    supplier: /^(Person|Organization): [^()]+( \([^()]+\))?$/,
  };
  for (const item of document.packages)
    for (const [name, value] of Object.entries(item))
      assert.match(
        typeof value === "object" ? JSON.stringify(value) : String(value),
        members[name] ?? /^/,
        `${item.name} ${name}`,
      );
  assert.match(document.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

test("the same image gives the same bytes, and another image another name space", () => {
  assert.deepEqual(canonicalJson(makeSpdx(inventory)), canonicalJson(document));
  assert.equal(document.creationInfo.created, "2026-01-02T03:04:05Z");
  assert.equal(makeSpdx(bareInventory).creationInfo.created, "1970-01-01T00:00:00Z");
  assert.notEqual(makeSpdx(bareInventory).documentNamespace, document.documentNamespace);
});

test("names that differ only in characters that an id cannot have get different ids", () => {
  const ids = document.packages.map(({ SPDXID }) => SPDXID);
  assert.equal(new Set(ids).size, ids.length);
  assert.notEqual(find("g++").SPDXID, find("g--").SPDXID);
});

test("a package has its supplier, source and licences; no file or archive is claimed to have been looked into", () => {
  const { supplier, sourceInfo, licenseDeclared, filesAnalyzed, checksums } = find("g++");
  assert.deepEqual(
    [supplier, sourceInfo, filesAnalyzed, checksums],
    [
      "Organization: Debian GCC Maintainers (debian-gcc@lists.debian.org)",
      "built from the source package gcc-defaults 1.203",
      false,
      undefined,
    ],
  );
  assert.match(
    licenseDeclared,
    /^\(GPL-2.0-or-later OR MIT\) AND LicenseRef-GPL-3-with-GCC-exception-\w+ AND MIT AND LicenseRef-permissive-\w+$/,
  );
  assert.equal(find("g--").supplier, "Person: Ann a person (ann@example.org)");
  assert.equal(find("g--").homepage, undefined, "what is no address is left out");
});

test("every reference to a licence is explained, and every other one is listed", () => {
  const explained = new Set(document.hasExtractedLicensingInfos.map(({ licenseId }) => licenseId));
  const declared = document.packages.map((one) => one.licenseDeclared).filter((text) => text !== "NOASSERTION");
  const references = declared.flatMap((text) => text.match(/LicenseRef-[\w.-]+/g) ?? []);
  assert.deepEqual(new Set(references), explained);
  for (const text of declared) assert.ok(isSpdxExpression(text.replaceAll(/LicenseRef-[\w.-]+/g, "MIT")), text);
  assert.equal(document.creationInfo.licenseListVersion, licenceListVersion().replace(/\.\d+$/, ""));
});

test("the image contains its packages and files, and a Debian package what it brings", () => {
  const related = (id: string, type: string): readonly string[] =>
    document.relationships
      .filter((one) => one.spdxElementId === id && one.relationshipType === type)
      .map((one) => one.relatedSpdxElement);
  assert.deepEqual(related("SPDXRef-DOCUMENT", "DESCRIBES"), ["SPDXRef-image"]);
  assert.deepEqual(related(find("node-semver").SPDXID, "CONTAINS"), [find("@types/semver").SPDXID]);
  assert.equal(related("SPDXRef-image", "CONTAINS").length, 1 + 3 + 3 + 2);
  assert.deepEqual(find("/etc/a b").checksums, [{ algorithm: "SHA256", checksumValue: "c".repeat(64) }]);
});
