import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { cycloneDxValidator } from "../../../test/support/cyclonedx-schema.ts";
import { newerPython } from "../../../test/support/newer-tools.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { makeCycloneDx } from "./cyclonedx.ts";
import { bareInventory, inventory } from "./sbom.fixture.ts";

type Component = {
  readonly "bom-ref": string;
  readonly type: string;
  readonly name: string;
  readonly group?: string;
  readonly version?: string;
  readonly supplier?: { readonly name: string };
  readonly licenses?: readonly {
    readonly expression?: string;
    readonly license?: { readonly id?: string; readonly name?: string };
  }[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
};
type Document = {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components?: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
};

const document = makeCycloneDx(inventory) as Document;
const find = (ref: string): Component =>
  document.components?.find((one) => one["bom-ref"].includes(ref)) ?? assert.fail(ref);

test("a document is valid by CycloneDX 1.6's own schema, of a full image and of an empty one", () => {
  const validate = cycloneDxValidator();
  validate(document);
  validate(makeCycloneDx(bareInventory));
  assert.throws(() => validate({ ...document, serialNumber: "1" }), "the schema checks nothing");
  assert.throws(() => validate({ ...document, metadata: { ...document.metadata, timestamp: "yesterday" } }));
});

test("whatever a maintainer wrote as the home page, the document stays valid", () => {
  const validate = cycloneDxValidator();
  const [first = assert.fail()] = inventory.debian;
  const placesOf = (homepage: string) => {
    const made = makeCycloneDx({ ...inventory, debian: [{ ...first, homepage }], language: [] });
    validate(made);
    return JSON.stringify(made).includes('"website"');
  };
  for (const good of ["https://gcc.gnu.org/", "http://x.org/a%20b?c=d#e", "https://\u00fc.example/"])
    assert.ok(placesOf(good), good);
  for (const bad of [
    "http://[bad",
    "ftp://ex ample/",
    "http://x/%zz",
    "http://x/a|b",
    "javascript:alert(1)",
    "not a place",
  ])
    assert.ok(!placesOf(bad), bad);
});

test("the same image gives the same bytes, and another image another serial number", () => {
  assert.deepEqual(canonicalJson(makeCycloneDx(inventory)), canonicalJson(document));
  assert.notEqual((makeCycloneDx(bareInventory) as Document).serialNumber, document.serialNumber);
  assert.match(document.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(document.metadata.timestamp, "2026-01-02T03:04:05.000Z");
  assert.equal((makeCycloneDx(bareInventory) as Document).metadata.timestamp, undefined);
});

test("a Debian package has its supplier, source and licences, and no hash that is not its own", () => {
  const { supplier, licenses, hashes, properties, version } = find("g%2B%2B");
  assert.deepEqual([supplier?.name, hashes, version], ["Debian GCC Maintainers", undefined, "4:12.2.0-3"]);
  assert.deepEqual(Object.fromEntries(properties.map(({ name, value }) => [name, value])), {
    "ingot:architecture": "amd64",
    "ingot:source": "gcc-defaults",
    "ingot:source-version": "1.203",
    "ingot:contents-sha256": "a".repeat(64),
    "ingot:copyright-sha256": "b".repeat(64),
  });
  assert.deepEqual(licenses?.map(({ license }) => license?.id ?? license?.name).toSorted(), [
    "GPL-2.0-or-later OR MIT",
    "GPL-3+ with GCC exception",
    "MIT",
    "permissive",
  ]);
  assert.deepEqual(
    find("debian/g--").licenses?.map(({ expression }) => expression),
    ["(GPL-2.0-or-later OR MIT) AND ISC"],
  );
});

test("language packages hang below what brings them, and files have their own hashes", () => {
  const dependsOn = (ref: string): readonly string[] =>
    document.dependencies.find((one) => one.ref === ref)?.dependsOn ?? [];
  const semver = find("types/semver");
  assert.deepEqual([semver.group, semver.name], ["@types", "semver"]);
  assert.deepEqual(dependsOn(find("node-semver@7")["bom-ref"]), [semver["bom-ref"]]);
  const image = dependsOn(inventory.image);
  assert.deepEqual([image.length, image.includes(semver["bom-ref"])], [3 + 3, false]);
  assert.deepEqual(find("file:/etc/a b").hashes, [{ alg: "SHA-256", content: "c".repeat(64) }]);
  assert.equal(find("file:/etc/a-b").hashes, undefined);
  const refs = document.components?.map((one) => one["bom-ref"]) ?? [];
  assert.equal(new Set(refs).size, 1 + 3 + 4 + 2);
});

test("CycloneDX's Python library reads a document and finds it valid", (t) => {
  const python = newerPython();
  if (python === undefined) return t.skip("needs python3-cyclonedx-lib: not installed");
  const program = `import json, sys
from cyclonedx.model.bom import Bom
bom = Bom.from_json(json.load(sys.stdin))
assert bom.validate()
print(*sorted(str(one.purl) for one in bom.components if one.purl), sep="\\n")`;
  const output = execFileSync("python3", ["-c", program], {
    input: JSON.stringify(document),
    encoding: "utf8",
    env: { PATH: process.env.PATH, PYTHONPATH: python, PYTHONDONTWRITEBYTECODE: "1" },
  });
  assert.deepEqual(
    output
      .trimEnd()
      .split("\n")
      .map((purl) => decodeURIComponent(purl)),
    [...inventory.debian, ...inventory.language].map(({ purl }) => decodeURIComponent(purl)).toSorted(),
  );
});
