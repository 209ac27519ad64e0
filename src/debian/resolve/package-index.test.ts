import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestApt } from "../../../test/support/test-apt.ts";
import { makeIndex, nameAndVersion } from "./index.fixture.ts";

const index = makeIndex(`
  # release
  base 1.0; Essential: yes; Priority: required; Installed-Size: 1
  web 1.0; Depends: base:any (>= 1.0), mail | postfix; Provides: httpd, httpd-cgi (= 2); Source: web-src (3.0); Multi-Arch: foreign
  other 1; Architecture: arm64; Provides: httpd
  postfix 3; Architecture: all; Provides: mail; Multi-Arch: same
  # security
  web 1.2; Provides: httpd
  web 1.0
`);

test("candidates come newest first, equal ones in the order of the suites", () => {
  assert.deepEqual(
    index.candidates("web").map(({ version, suite }) => [version, suite]),
    [
      ["1.2", 1],
      ["1.0", 0],
      ["1.0", 1],
    ],
  );
  assert.equal(index.candidate("web")?.version, "1.2");
  assert.equal(index.candidate("none"), undefined);
});

test("a stanza is read in full", () => {
  const web = index.candidates("web")[1];
  assert.ok(web);
  assert.deepEqual(
    { ...web, depends: undefined },
    {
      name: "web",
      version: "1.0",
      architecture: "amd64",
      source: "web-src",
      sourceVersion: "3.0",
      essential: false,
      important: false,
      priority: "extra",
      section: "",
      multiArch: "foreign",
      preDepends: [],
      depends: undefined,
      recommends: [],
      conflicts: [],
      breaks: [],
      replaces: [],
      provides: [{ name: "httpd" }, { name: "httpd-cgi", version: "2" }],
      filename: "",
      size: 0,
      sha256: "",
      suite: 0,
    },
  );
  assert.deepEqual(web.depends, [
    [{ name: "base", qualifier: "any", operator: ">=", version: "1.0" }],
    [{ name: "mail" }, { name: "postfix" }],
  ]);
});

test("a package of another architecture is not there", () => {
  assert.deepEqual(index.candidates("other"), []);
  assert.deepEqual(index.providers("httpd").map(nameAndVersion), ["web=1.0", "web=1.2"]);
});

test("Multi-Arch: same means nothing for a package of all architectures", () => {
  assert.equal(index.candidate("postfix")?.multiArch, "no");
});

test("the Essential packages are found", () => {
  assert.deepEqual(index.essentialNames(), ["base"]);
});

test("a mistyped name has its neighbours, virtual ones too", () => {
  assert.deepEqual(index.nearestNames("postfxi"), ["postfix"]);
  assert.deepEqual(index.nearestNames("htppd"), ["httpd"]);
  assert.deepEqual(index.nearestNames("qqqqqqq"), []);
});

test("a broken stanza is refused when its package is asked for, with file and package", () => {
  const broken = makeIndex("good 1\n bad 1; Depends: x y");
  assert.equal(broken.candidate("good")?.name, "good");
  assert.throws(() => broken.candidate("bad"), {
    code: "relation-malformed",
    message: /^stable Packages at byte \d+: bad: Depends: "x y"/,
  });
});

test("the index of the real archive has every name that grep finds", async (t) => {
  const opened = await openTestApt();
  if (typeof opened === "string") return t.skip(opened);
  const names = new Set(opened.index.names());
  const raw = await opened.apt.readIndexes();
  const found = raw.flatMap(({ packages }) =>
    packages.flatMap((bytes) => bytes.toString("latin1").match(/^Package: .*/gm) ?? []),
  );
  assert.deepEqual(new Set(found.map((line) => line.slice("Package: ".length))), names);
  assert.ok(names.size > 60_000);
});
