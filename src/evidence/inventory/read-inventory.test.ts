import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { bookworm, dpkg, file, folder, inventoryOf, link, storeImage } from "./inventory.fixture.ts";
import { readInventory } from "./read-inventory.ts";

test("a package is described by dpkg's status, its copyright file and its list", async (t) => {
  const fields =
    "Source: tools (1:2.0-1)\nVersion: 1:2.0-1+b2\nHomepage: https://example.org\nDescription: a tool\n that works\n";
  const copyright = file(
    "usr/share/doc/tool/copyright",
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-2+\n",
  );
  const files = ["usr", "usr/bin", "usr/bin/tool", "usr/share/doc/tool/copyright", "usr/share/man/left-out"];
  const inventory = await inventoryOf(t, [
    bookworm,
    ...dpkg({ name: "tool", fields, files }),
    folder("usr/bin"),
    file("usr/bin/tool"),
    copyright,
  ]);
  assert.deepEqual(inventory.os, {
    id: "debian",
    versionId: "12",
    codename: "bookworm",
    prettyName: "Debian GNU/Linux 12 (bookworm)",
  });
  const [{ contents, copyright: digest, ...item } = assert.fail("no package")] = inventory.debian;
  assert.equal(digest, hash("sha256", copyright.content));
  const sums = [`${hash("sha256", "usr/bin/tool")}  usr/bin/tool\n`, `${digest}  usr/share/doc/tool/copyright\n`];
  assert.equal(contents, hash("sha256", sums.join("")));
  assert.deepEqual(item, {
    name: "tool",
    version: "1:2.0-1+b2",
    architecture: "amd64",
    source: "tools",
    sourceVersion: "1:2.0-1",
    maintainer: "Ann <ann@example.org>",
    homepage: "https://example.org",
    description: "a tool",
    licences: ["GPL-2.0-or-later"],
    purl: "pkg:deb/debian/tool@1:2.0-1%2Bb2?arch=amd64&distro=bookworm&upstream=tools%401:2.0-1",
    files: ["usr/bin/tool", "usr/share/doc/tool/copyright"],
  });
});

test("what is removed but configured, and what was never installed, is no package", async (t) => {
  const status = ["install ok installed", "deinstall ok config-files", "purge ok not-installed", "install ok unpacked"];
  const stanzas = status.map((text, at) => `Package: p${at}\nStatus: ${text}\nVersion: 1\nArchitecture: all\n`);
  const inventory = await inventoryOf(t, [file("var/lib/dpkg/status", stanzas.join("\n"))]);
  assert.deepEqual(
    inventory.debian.map(({ name }) => name),
    ["p0", "p3"],
  );
});

test("a package for two architectures has a list for each", async (t) => {
  const stanza = (architecture: string): string =>
    `Package: libx\nStatus: install ok installed\nVersion: 1\nArchitecture: ${architecture}\nMulti-Arch: same\n`;
  const paths = { amd64: "usr/lib/x86_64-linux-gnu/libx.so", i386: "usr/lib/i386-linux-gnu/libx.so" };
  const inventory = await inventoryOf(t, [
    file("var/lib/dpkg/status", `${stanza("i386")}\n${stanza("amd64")}`),
    ...Object.entries(paths).flatMap(([name, path]) => [
      file(`var/lib/dpkg/info/libx:${name}.list`, `/${path}\n`),
      file(path),
    ]),
  ]);
  assert.deepEqual(
    inventory.debian.map(({ architecture, files }) => [architecture, files]),
    Object.entries(paths).map(([name, path]) => [name, [path]]),
  );
  assert.deepEqual(inventory.unowned, []);
});

test("links of a merged /usr and diversions are followed to where a file really is", async (t) => {
  const inventory = await inventoryOf(t, [
    link("bin", "usr/bin"),
    file("usr/bin/sh", "diverted"),
    file("usr/bin/sh.distrib", "dash's own"),
    file("var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n/bin/sh\n/bin/sh.distrib\n"),
    file("var/lib/dpkg/info/x.list", ""),
    ...dpkg({ name: "base", files: ["bin"] }, { name: "other", files: ["bin/sh"] }),
  ]);
  assert.deepEqual(
    inventory.debian.map(({ name, files }) => [name, files]),
    [
      ["base", ["bin"]],
      ["other", ["usr/bin/sh.distrib"]],
    ],
  );
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["usr/bin/sh"],
  );
});

test("the package that diverts a file keeps the path for itself", async (t) => {
  const inventory = await inventoryOf(t, [
    file("usr/bin/sh"),
    file("usr/bin/sh.distrib"),
    file("var/lib/dpkg/diversions", "/usr/bin/sh\n/usr/bin/sh.distrib\ndash\n"),
    ...dpkg({ name: "bash", files: ["usr/bin/sh"] }, { name: "dash", files: ["usr/bin/sh"] }),
  ]);
  assert.deepEqual(
    inventory.debian.map(({ files }) => files),
    [["usr/bin/sh.distrib"], ["usr/bin/sh"]],
  );
});

test("only the upper-most layer counts: a replaced status, a hidden file, a changed file", async (t) => {
  const inventory = await inventoryOf(
    t,
    [...dpkg({ name: "a", files: ["x"] }, { name: "b", files: ["y", "z"] }), file("x"), file("y"), file("z")],
    [...dpkg({ name: "b", files: ["y", "z"] }), file(".wh.y", ""), file("new")],
  );
  assert.deepEqual(
    inventory.debian.map(({ name, files }) => [name, files]),
    [["b", ["z"]]],
  );
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["new", "x"],
  );
});

test("what a hidden file says is not believed: whited out, or with a link in its place", async (t) => {
  const manifest = (name: string) =>
    file(`n/node_modules/${name}/package.json`, JSON.stringify({ name, version: "1" }));
  const lower = [bookworm, ...dpkg({ name: "a" }), manifest("gone"), manifest("linked"), manifest("kept")];
  const inventory = await inventoryOf(t, lower, [
    file("etc/.wh.os-release", ""),
    file("var/lib/dpkg/.wh.status", ""),
    file("n/node_modules/.wh.gone", ""),
    link("n/node_modules/linked/package.json", "elsewhere"),
  ]);
  assert.deepEqual([inventory.os, inventory.debian], [undefined, []]);
  assert.deepEqual(
    inventory.language.map(({ name }) => name),
    ["kept"],
  );
});

test("an image that was made without dpkg has a status file for each package, and checksums for lists", async (t) => {
  const sum = "0".repeat(32);
  const inventory = await inventoryOf(t, [
    file("usr/lib/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n"),
    link("etc/os-release", "../usr/lib/os-release"),
    file("var/lib/dpkg/status.d/base-files", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n"),
    file("var/lib/dpkg/status.d/base-files.md5sums", `${sum}  etc/debian_version\n`),
    file("etc/debian_version"),
    file("app"),
  ]);
  const [{ name, files, purl } = assert.fail("no package"), ...rest] = inventory.debian;
  assert.deepEqual(
    [name, files, purl, rest.length],
    ["base-files", ["etc/debian_version"], "pkg:deb/debian/base-files@12.4?arch=amd64&distro=bookworm", 0],
  );
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["app", "etc/os-release", "usr/lib/os-release"],
  );
});

test("an image that is not Debian has no packages, and everything in it is without an owner", async (t) => {
  const inventory = await inventoryOf(t, [file("hello"), link("there", "hello"), folder("empty")]);
  assert.deepEqual([inventory.os, inventory.debian, inventory.language], [undefined, [], []]);
  assert.deepEqual(
    inventory.unowned.map(({ path, type }) => [path, type]),
    [
      ["hello", "file"],
      ["there", "symlink"],
    ],
  );
  assert.deepEqual((await inventoryOf(t, [])).unowned, []);
});

test("a further name of a file is listed with the file's content", async (t) => {
  const hard = tarEntry({ path: "b", type: "hardlink", linkname: "a" });
  const { unowned } = await inventoryOf(t, [file("a", "text"), hard]);
  const [first, second] = unowned;
  assert.deepEqual({ ...second, path: "a" }, first);
  assert.equal(first?.size, 4);
});

test("the architecture is called by Debian's name", async (t) => {
  for (const [oci, debian] of [
    ["386", "i386"],
    ["arm", "armhf"],
    ["ppc64le", "ppc64el"],
    ["riscv64", "riscv64"],
  ] as const) {
    const { ctx, ...image } = storeImage(t, [[]], oci);
    assert.equal((await readInventory(ctx, image)).architecture, debian);
  }
});

test("a second reading takes the kept facts, damaged ones are made again, and the answer is the same", async (t) => {
  const { ctx, ...image } = storeImage(t, [[bookworm, ...dpkg({ name: "a", files: ["x"] }), file("x"), file("y")]]);
  const first = await readInventory(ctx, image);
  const kept = join(ctx.home, "cache/inventory");
  const [name = assert.fail("nothing was kept")] = readdirSync(kept);
  for (const damaged of ['[["etc', "7", "{}"]) {
    writeFileSync(join(kept, name), damaged);
    assert.deepEqual(await readInventory(ctx, image), first);
  }
  const { digest } = image.layout.resolveReference(image.digest);
  const [layer = assert.fail("no layer")] = (
    JSON.parse(String(image.layout.readBlob(digest))) as { layers: { digest: typeof digest }[] }
  ).layers;
  rmSync(image.layout.blobPath(layer.digest));
  assert.deepEqual(await readInventory(ctx, image), first, "the layer was unpacked a second time");
});
