import assert from "node:assert/strict";
import { test } from "node:test";
import { readLicences } from "./copyright.ts";
import { readOsRelease } from "./os-release.ts";
import { debPurl, languagePurl, npmPurl } from "./purl.ts";
import { isSpdxExpression, spdxExpression } from "./spdx-licence.ts";

test("package URLs are those of the specification", () => {
  const deb = { source: "attr", sourceVersion: "1:2.4.47-2+b1", os: "debian", codename: "" };
  // The specification's own example: the colon stays, the plus does not.
  assert.equal(
    debPurl({ ...deb, name: "attr", version: "1:2.4.47-2+b1", architecture: "amd64" }),
    "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64",
  );
  assert.equal(
    debPurl({
      ...deb,
      name: "libattr1",
      version: "1:2.4.47-2+b1",
      architecture: "amd64",
      os: "Debian",
      codename: "sid",
    }),
    "pkg:deb/debian/libattr1@1:2.4.47-2%2Bb1?arch=amd64&distro=sid&upstream=attr",
  );
  assert.equal(
    debPurl({ ...deb, name: "g++", version: "1~rc1", architecture: "all", source: "gcc", sourceVersion: "1~rc1" }),
    "pkg:deb/debian/g%2B%2B@1~rc1?arch=all&upstream=gcc",
  );
  assert.equal(npmPurl("@angular/animation", "12.3.1"), "pkg:npm/%40angular/animation@12.3.1");
  assert.equal(
    languagePurl({ ecosystem: "pypi", name: "Django_allauth", version: "12.23" }),
    "pkg:pypi/django-allauth@12.23",
  );
  assert.equal(
    languagePurl({ ecosystem: "golang", name: "github.com/Masterminds/semver", version: "v1.5.0+incompatible" }),
    "pkg:golang/github.com/masterminds/semver@v1.5.0%2Bincompatible",
  );
  assert.equal(npmPurl("a?b#c", "1/2@3\ud800"), "pkg:npm/a%3Fb%23c@1%2F2%403%EF%BF%BD");
});

test("licences of Debian's names become SPDX expressions where they can be said exactly", () => {
  const expected: Readonly<Record<string, string | undefined>> = {
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-2": "GPL-2.0-only",
    "LGPL-2.1": "LGPL-2.1-only",
    "AGPL-3+": "AGPL-3.0-or-later",
    "GFDL-NIV-1.3+": "GFDL-1.3-no-invariants-or-later",
    Expat: "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "GPL-2+ or Expat": "GPL-2.0-or-later OR MIT",
    "GPL-2+ or Artistic, and ISC": "(GPL-2.0-or-later OR Artistic-1.0) AND ISC",
    "GPL-2 and Expat or ISC": "GPL-2.0-only AND MIT OR ISC",
    "(MIT OR Apache-2.0)": "(MIT OR Apache-2.0)",
    "public-domain": undefined,
    "GPL-3+ with Autoconf exception": undefined,
    "GPL-2+ or mine": undefined,
    GPL: undefined,
    constructor: undefined,
    "": undefined,
  };
  for (const [name, spdx] of Object.entries(expected)) assert.equal(spdxExpression(name), spdx, name);
});

test("only an SPDX expression of listed licences is one", () => {
  for (const text of ["MIT", "MIT OR ISC", "(MIT AND ISC) OR Zlib"]) assert.ok(isSpdxExpression(text), text);
  for (const text of ["", "mine", "MIT OR", "MIT ISC", "(MIT", "MIT)", "OR", "MIT or ISC", "MIT WITH x", "()"])
    assert.ok(!isSpdxExpression(text), text);
});

test("licences are read from a machine-readable copyright file alone, each once", () => {
  const head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";
  assert.deepEqual(
    readLicences(
      `${head}\nLicense: GPL-2+\n text\n\nFiles: b\nLicense: Expat\nlicense:  GPL-2+ \n\nLicense:\n empty\n`,
    ),
    ["GPL-2.0-or-later", "MIT"],
  );
  assert.deepEqual(readLicences("This is free software.\nLicense: GPL-2\n"), []);
});

test("os-release is read with its quotes", () => {
  const text = `# comment\nID='debian'\nVERSION_ID="12"\nPRETTY_NAME="a \\"b\\" \\$c"\nVERSION_CODENAME=bookworm\nBAD LINE\n`;
  assert.deepEqual(readOsRelease(text), {
    id: "debian",
    versionId: "12",
    codename: "bookworm",
    prettyName: 'a "b" $c',
  });
  assert.deepEqual(readOsRelease(""), { id: "linux", versionId: "", codename: "", prettyName: "Linux" });
});
