import assert from "node:assert/strict";
import { test } from "node:test";
import { bookworm, dpkg, file, inventoryOf, link } from "./inventory.fixture.ts";

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
