import assert from "node:assert/strict";
import { test } from "node:test";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { makeCycloneDx } from "../sbom/cyclonedx.ts";
import { makeSpdx } from "../sbom/spdx.ts";
import { bookworm, dpkg, file, folder, inventoryOf, link } from "./inventory.fixture.ts";

const megabytes = (count: number): Buffer => Buffer.alloc(count << 20, 0x20);

test("a list of packages that dpkg would not read is refused, and not read in part", async (t) => {
  const good = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
  const refused = {
    "a field twice": `${good}Version: 2\n`,
    "no version": "Package: a\nStatus: install ok installed\n",
    "a name of control characters": good.replace("Package: a", "Package: a\u001b[2J"),
    "a source of control characters": `${good}Source: a\u001b[2J\n`,
    "a version of two lines": good.replace("Version: 1", "Version: 1\n 2"),
    "no field at all": "what is this\n",
  };
  for (const [what, text] of Object.entries(refused))
    await assert.rejects(inventoryOf(t, [file("var/lib/dpkg/status", text)]), { code: "control-malformed" }, what);
});

test("a list of packages that is too large is refused", async (t) => {
  await assert.rejects(inventoryOf(t, [file("var/lib/dpkg/status", megabytes(65))]), { code: "control-malformed" });
});

test("a layer of many large lists is refused before they fill the memory", async (t) => {
  const lists = Array.from({ length: 9 }, (_, at) => file(`var/lib/dpkg/info/p${at}.list`, megabytes(15)));
  await assert.rejects(inventoryOf(t, lists), { code: "layer-malformed" });
});

test("a package.json that is too large, nested deeply or no JSON is left out, and said", async (t) => {
  const nested = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
  const inventory = await inventoryOf(t, [
    file("app/node_modules/large/package.json", megabytes(2)),
    file("app/node_modules/nested/package.json", nested),
    file("app/node_modules/text/package.json", "{"),
    file("app/node_modules/list/package.json", "null"),
    file("app/node_modules/fine/package.json", '{"name":"fine","version":"1.0.0"}'),
  ]);
  assert.deepEqual(
    inventory.language.map(({ name }) => name),
    ["fine"],
  );
  assert.deepEqual(inventory.notes, [
    "/app/node_modules/large/package.json is larger than 1024 KiB and was not read",
    "/app/node_modules/list/package.json is not the JSON of an npm package",
    "/app/node_modules/text/package.json is not the JSON of an npm package",
  ]);
});

test("names that no registry would take are no names", async (t) => {
  const names = ["", "a/b/c", "a b", "a\u0007", `${"a".repeat(300)}`, "a\u202E", 7, null, { name: "a" }];
  const entries = names.map((name, at) =>
    file(`n/node_modules/p${at}/package.json`, JSON.stringify({ name, version: "1" })),
  );
  const broken = Buffer.from('{"name":"\xff","version":"1"}', "latin1");
  const inventory = await inventoryOf(t, [...entries, file("n/node_modules/utf/package.json", broken)]);
  assert.deepEqual(inventory.language, []);
  assert.deepEqual(
    inventory.notes,
    ["p1", "p2", "p3", "p4", "p5", "utf"].map(
      (name) => `/n/node_modules/${name}/package.json names no npm package with its version`,
    ),
  );
});

test("bytes that are no UTF-8 in a copyright file or os-release do no harm", async (t) => {
  const bytes = Buffer.from("Format: https://x/copyright-format/1.0\nLicense: \xff\xfe\nLicense: MIT\n", "latin1");
  const inventory = await inventoryOf(t, [
    file("etc/os-release", Buffer.from("ID=\xff\n", "latin1")),
    ...dpkg({ name: "a" }),
    file("usr/share/doc/a/copyright", bytes),
  ]);
  assert.deepEqual(inventory.debian[0]?.licences, ["MIT"]);
});

test("what is written for people reaches them without control characters", async (t) => {
  const fields = "Version: 1\nDescription: safe\u001b[2J\u202Eevil\nHomepage: https://x\u0007";
  const [{ description, homepage } = assert.fail("no package")] = (await inventoryOf(t, dpkg({ name: "a", fields })))
    .debian;
  assert.deepEqual([description, homepage], ["safe[2Jevil", "https://x"]);
});

test("links in a circle end, and a link out of the image stays inside", async (t) => {
  const inventory = await inventoryOf(t, [
    link("etc/os-release", "../../../../../usr/lib/os-release"),
    file("usr/lib/os-release", bookworm.content),
    link("var/lib/dpkg", "../../../../../lib/dpkg"),
    file("lib/dpkg/status", dpkg({ name: "a" })[0]?.content ?? ""),
    link("a", "b"),
    link("b", "a"),
    link("etc/alternatives/x", "x"),
  ]);
  assert.equal(inventory.os?.codename, "bookworm");
  assert.deepEqual(
    inventory.debian.map(({ name }) => name),
    ["a"],
  );
  assert.ok(inventory.unowned.some(({ path }) => path === "etc/alternatives/x"));
});

test("a list of packages that lies where it is not read is refused: the image would pass for one without packages", async (t) => {
  const status = dpkg({ name: "a" })[0]?.content ?? Buffer.alloc(0);
  const hardLink = tarEntry({ path: "var/lib/dpkg/status", type: "hardlink", linkname: "usr/share/list" });
  const hidden = {
    "a folder of another name": [[link("var/lib/dpkg", "/usr/share/other"), file("usr/share/other/status", status)]],
    "a link to another name": [[link("var/lib/dpkg/status", "/usr/share/list"), file("usr/share/list", status)]],
    "a hard link to a file of a lower layer": [[file("usr/share/list", status)], [hardLink]],
    "a circle": [[link("var/lib/dpkg/status", "status")]],
    "a link among the files of distroless": [
      [
        folder("var/lib/dpkg/status.d"),
        link("var/lib/dpkg/status.d/a", "/usr/share/list"),
        file("usr/share/list", status),
      ],
    ],
  };
  for (const [what, layers] of Object.entries(hidden))
    await assert.rejects(inventoryOf(t, ...layers), { code: "control-malformed" }, what);
});

test("millions of short lines in a small list are refused before they fill the memory", async (t) => {
  const status = file("var/lib/dpkg/status", "Package: a\nVersion: 1\n \n".repeat(400_000));
  await assert.rejects(inventoryOf(t, [status]), { code: "control-malformed" });
});

test("blanks within a line of metadata cost no time", async (t) => {
  const blanks = " ".repeat(1_000_000);
  const started = performance.now();
  const inventory = await inventoryOf(t, [
    file("etc/os-release", `NAME=x${blanks.slice(0, 60_000)}y\nID=debian\n`),
    ...dpkg({ name: "a" }),
    file("usr/share/doc/a/copyright", `Format: https://x/copyright-format/1.0\nLicense: x${blanks}y\nLicense: MIT\n`),
    file("app/a.dist-info/METADATA", `Summary: x${blanks}y\nName: a\nVersion: 1 \r\n`),
  ]);
  assert.deepEqual([inventory.os?.id, inventory.debian[0]?.licences], ["debian", ["MIT", "x y"]]);
  assert.equal(inventory.language[0]?.version, "1");
  // Trying every blank as the last one took days.
  assert.ok(performance.now() - started < 5000);
});

test("lists of files and names by the million are refused before they fill the memory", async (t) => {
  const record = file("app/a.dist-info/RECORD", "a,,\n".repeat(300_000));
  const { notes } = await inventoryOf(t, [record]);
  assert.deepEqual(notes, ["/app/a.dist-info/RECORD names more than 200000 files and was not read"]);
  const long = Buffer.from(`${"x".repeat(90)},,\n`.repeat(100_000));
  const many = Array.from({ length: 9 }, (_, at) => file(`app/a${at}.dist-info/RECORD`, long));
  await assert.rejects(inventoryOf(t, many), { code: "layer-malformed" });
  const linked = Array.from({ length: 20 }, (_, at) =>
    tarEntry({ path: `app/b${at}.dist-info/RECORD`, type: "hardlink", linkname: "app/a0.dist-info/RECORD" }),
  );
  await assert.rejects(inventoryOf(t, [file("app/a0.dist-info/RECORD", long), ...linked]), { code: "layer-malformed" });
});

test("a file is read once, however many names it has", async (t) => {
  const metadata = `Name: a\nVersion: 1\n\n${"x".repeat(4_000_000)}`;
  const names = Array.from({ length: 3000 }, (_, at) =>
    tarEntry({ path: `app/b${at}.dist-info/METADATA`, type: "hardlink", linkname: "app/a.dist-info/METADATA" }),
  );
  const started = performance.now();
  const inventory = await inventoryOf(t, [file("app/a.dist-info/METADATA", metadata), ...names]);
  assert.equal(inventory.language.length, 3001);
  assert.ok(performance.now() - started < 5000);
});

test("what is there twice is listed once, so that a bill of materials has no name twice", async (t) => {
  const stanza = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
  const inventory = await inventoryOf(
    t,
    [file("var/lib/dpkg/status", `${stanza}\n${stanza}`), file("var/lib/dpkg/status.d/a", stanza)],
    [link("app", "srv"), file("app/x", "1"), file("srv/x", "2")],
  );
  assert.equal(inventory.debian.length, 1);
  assert.deepEqual(
    inventory.unowned.map(({ path }) => path),
    ["app", "srv/x"],
  );
  const { components } = makeCycloneDx(inventory) as { components: readonly { readonly "bom-ref": string }[] };
  assert.equal(new Set(components.map((one) => one["bom-ref"])).size, components.length);
  const ids = makeSpdx(inventory).packages.map(({ SPDXID }) => SPDXID);
  assert.equal(new Set(ids).size, ids.length);
});

test("a package that was taken out of dpkg's status while its files stayed is told", async (t) => {
  const [status = assert.fail("no status")] = dpkg({ name: "a" });
  const lists = dpkg(
    { name: "a", files: ["usr/bin/a"] },
    { name: "hidden", files: ["usr/lib/libhidden.so", "usr/share", "etc/hidden.conf"] },
    { name: "removed", files: ["etc/removed.conf"] },
  ).slice(1);
  const files = ["usr/bin/a", "usr/lib/libhidden.so", "etc/hidden.conf", "etc/removed.conf"].map((path) => file(path));
  const { notes } = await inventoryOf(t, [status, ...lists, folder("usr/share"), ...files]);
  assert.deepEqual(notes, [
    "/var/lib/dpkg/info/hidden.list names 1 files that are there, of a package that dpkg's status does not have as installed: it was not looked at",
  ]);
});

test("whatever dpkg calls a package that is unpacked, it is listed", async (t) => {
  const states = {
    installed: [
      "install ok installed",
      "hold ok installed",
      "deinstall ok installed",
      "install reinstreq half-installed",
    ],
    alike: [
      "install ok unpacked",
      "install ok half-configured",
      "install ok triggers-pending",
      "install ok triggers-awaited",
    ],
    gone: ["deinstall ok config-files", "purge ok not-installed"],
  };
  const stanzas = Object.values(states)
    .flat()
    .map((status, at) => `Package: p${at}\nStatus: ${status}\nVersion: 1\nArchitecture: all\n`);
  const { debian } = await inventoryOf(t, [file("var/lib/dpkg/status", stanzas.join("\n"))]);
  assert.deepEqual(
    debian.map(({ name }) => name),
    ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"],
  );
});

test("the release is found where os-release has no codename, as in distroless images; what is no name is none", async (t) => {
  const cases: readonly (readonly [text: string, codename: string])[] = [
    ['ID="debian"\nVERSION_ID="12"\nVERSION="Debian GNU/Linux 12 (bookworm)"\n', "bookworm"],
    ['ID=debian\nVERSION_ID="8"\n', "jessie"],
    ["ID=debian\nVERSION_ID=13.2\n", "trixie"],
    ["ID=debian\nVERSION_ID=99\n", ""],
    ["ID=debian\n", ""],
    ["ID=ubuntu\nVERSION_ID=12\n", ""],
    ["ID=debian\nVERSION_CODENAME=../../x\nVERSION_ID=12\n", ""],
    ["ID=debian\nVERSION_CODENAME=trixie\nVERSION_ID=12\n", "trixie"],
  ];
  for (const [text, codename] of cases) {
    const { os } = await inventoryOf(t, [file("etc/os-release", text)]);
    assert.equal(os?.codename, codename, text);
  }
});

test("a thousand damaged files are not a thousand lines of a report", async (t) => {
  const damaged = Array.from({ length: 1000 }, (_, at) => file(`n/node_modules/p${at}/package.json`, "{"));
  const { notes } = await inventoryOf(t, damaged);
  assert.equal(notes.length, 51);
  assert.equal(notes.at(-1), "and 950 more of that kind");
});
