import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { dpkg, file, inventoryOf } from "./inventory.fixture.ts";

const checkout = join(import.meta.dirname, "../../..");

async function purlsOf(t: TestContext, ...entries: Parameters<typeof inventoryOf>[1][]): Promise<readonly string[]> {
  return (await inventoryOf(t, ...entries)).language.map(({ purl }) => purl);
}

test("real npm packages are found wherever node_modules is, scoped ones, too", async (t) => {
  const require = createRequire(import.meta.url);
  const manifests = ["zod", "yaml", "@sigstore/bundle"].map((name) => {
    const path = join(checkout, "node_modules", name, "package.json");
    const { version, license } = require(path) as { version: string; license: string };
    return { name, version, license, content: readFileSync(path) };
  });
  const inventory = await inventoryOf(
    t,
    manifests.map(({ name, content }) => file(`usr/local/lib/node_modules/${name}/package.json`, content)),
  );
  assert.deepEqual(
    inventory.language.map(({ name, version, licence }) => [name, version, licence]),
    manifests
      .map(({ name, version, license }) => [name, version, license])
      .toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1)),
  );
  assert.ok(inventory.language.some(({ purl }) => purl.startsWith("pkg:npm/%40sigstore/bundle@")));
});

test("an npm package owns what lies below its folder; parts of it and fixtures without a version are no packages", async (t) => {
  const inventory = await inventoryOf(t, [
    file("app/package.json", '{"name":"app","version":"1.0.0"}'),
    file(
      "app/node_modules/a/package.json",
      '{"name":"a","version":"1.0.0","licenses":[{"type":"MIT"},{"type":"ISC"}]}',
    ),
    file("app/node_modules/a/lib/index.js"),
    file("app/node_modules/a/esm/package.json", '{"type":"module","name":"esm","version":"1"}'),
    file("app/node_modules/a/node_modules/b/package.json", '{"name":"b","version":"2.0.0-rc.1+x"}'),
    file("app/node_modules/a/test/node_modules/fixture/package.json", '{"main":"x"}'),
    file("app/node_modules/.package-lock.json", "{}"),
  ]);
  assert.deepEqual(
    inventory.language.map(({ purl, licence, path }) => [purl, licence, path]),
    [
      ["pkg:npm/a@1.0.0", "MIT OR ISC", "app/node_modules/a/package.json"],
      ["pkg:npm/b@2.0.0-rc.1%2Bx", undefined, "app/node_modules/a/node_modules/b/package.json"],
    ],
  );
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["app/node_modules/.package-lock.json", "app/package.json"],
  );
});

test("Python packages are found by METADATA and PKG-INFO, by the normalised name, and own what RECORD lists", async (t) => {
  const site = "usr/local/lib/python3.11/dist-packages";
  const inventory = await inventoryOf(t, [
    file(
      `${site}/Zope.Interface-5.4.dist-info/METADATA`,
      "Name: Zope.Interface\nVersion: 5.4\nLicense: ZPL 2.1\n\nName: no\n",
    ),
    file(
      `${site}/Zope.Interface-5.4.dist-info/RECORD`,
      'zope/__init__.py,sha256=x,1\n"zope/a,b.py",,\n../../../bin/zope,,\n../../../../../../../../etc/cron.d/x,,\nZope.Interface-5.4.dist-info/RECORD,,\n',
    ),
    file(`${site}/zope/__init__.py`),
    file(`${site}/zope/__pycache__/__init__.cpython-311.pyc`),
    file(`${site}/zope/a,b.py`),
    file(`${site}/zope/added.py`),
    file("usr/local/bin/zope"),
    file("etc/cron.d/y"),
    file(
      `${site}/old_style.egg-info/PKG-INFO`,
      "Metadata-Version: 1.0\nname: old_style\nVersion: 1!2.0\nLicense: UNKNOWN\n",
    ),
    file(`${site}/single-1.egg-info`, "Name: single\nVersion: 1\n"),
    file(`${site}/broken.dist-info/METADATA`, "<html>"),
  ]);
  assert.deepEqual(
    inventory.language.map(({ name, purl, licence }) => [name, purl, licence]),
    [
      ["old-style", "pkg:pypi/old-style@1%212.0", undefined],
      ["single", "pkg:pypi/single@1", undefined],
      ["zope-interface", "pkg:pypi/zope-interface@5.4", "ZPL 2.1"],
    ],
  );
  assert.deepEqual(inventory.notes, [`/${site}/broken.dist-info/METADATA names no Python package with its version`]);
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["etc/cron.d/y", `${site}/broken.dist-info/METADATA`, `${site}/zope/added.py`],
  );
});

test("a package that a Debian package brings says which: its advisories are Debian's", async (t) => {
  const path = "usr/share/nodejs/semver/package.json";
  const { language } = await inventoryOf(t, [
    ...dpkg({ name: "node-semver", files: [path] }),
    file(path, '{"name":"semver","version":"7.3.5"}'),
    file("srv/node_modules/semver/package.json", '{"name":"semver","version":"7.3.5"}'),
  ]);
  assert.deepEqual(
    language.map(({ path: at, debianPackage }) => [at, debianPackage]),
    [
      ["srv/node_modules/semver/package.json", undefined],
      [path, "node-semver"],
    ],
  );
});

const goProgram = join(checkout, "node_modules/@oxlint-tsgolint/linux-x64/tsgolint");

test("a real Go program names its modules, replaced ones, and Go's own library", async (t) => {
  if (!existsSync(goProgram)) return t.skip("needs the Go program of oxlint-tsgolint for linux-x64: not installed");
  const content = readFileSync(goProgram);
  const purls = await purlsOf(t, [file("usr/local/bin/lint", content, 0o755)]);
  // By `go version -m` the program says the same; here its strings are read without any ELF or Go knowledge.
  const text = content.toString("latin1");
  const said = [...text.matchAll(/^dep\t(\S+)\t(v\S+)\th1:/gm)].map(([, name = "", version = ""]) => [name, version]);
  const known = said.filter(([, version]) => !version?.includes("+"));
  assert.ok(known.length >= 3, "the program names modules");
  for (const [name, version] of known) assert.ok(purls.includes(`pkg:golang/${name}@${version}`), `${name} ${version}`);
  assert.ok(purls.some((purl) => /^pkg:golang\/stdlib@1\.\d+/.test(purl)));
  // Replaced by a folder of its builder.
  assert.ok(purls.includes("pkg:golang/github.com/microsoft/typescript-go"));
  assert.equal(new Set(purls).size, purls.length);
});

test("a Go program of Debian, built without modules, names Go's own library", async (t) => {
  const path = ["/usr/sbin/runc", "/usr/bin/runc"].find((one) => existsSync(one));
  if (path === undefined) return t.skip("needs runc: not installed");
  const [purl, ...rest] = await purlsOf(t, [file("usr/sbin/runc", readFileSync(path), 0o755)]);
  assert.match(purl ?? "", /^pkg:golang\/stdlib@1\.\d+(\.\d+)?$/);
  assert.deepEqual(rest, []);
});
