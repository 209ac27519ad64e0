import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { readAptSources } from "./apt-sources.ts";

const key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEabc\n=AAAA\n-----END PGP PUBLIC KEY BLOCK-----";

function hostWith(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "apt-sources-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

test("one-line sources are read with options, several components and comments", (t) => {
  const root = hostWith(t, {
    "etc/apt/sources.list": [
      "# a comment",
      "deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg ] http://mirror.test/debian/ bookworm main contrib # note",
      "deb-src http://mirror.test/debian bookworm main",
      "deb cdrom:[Debian GNU/Linux 12 _Bookworm_]/ bookworm main",
      "",
      "deb file:/srv/mirror ./",
    ].join("\n"),
  });
  assert.deepEqual(readAptSources(root), [
    {
      uris: ["http://mirror.test/debian"],
      suites: ["bookworm"],
      components: ["main", "contrib"],
      architectures: ["amd64", "arm64"],
      signedBy: { kind: "files", files: ["/usr/share/keyrings/a.gpg"], fingerprints: [] },
      where: join(root, "etc/apt/sources.list:2"),
    },
    {
      uris: ["file:/srv/mirror"],
      suites: ["./"],
      components: [],
      architectures: [],
      where: join(root, "etc/apt/sources.list:6"),
    },
  ]);
});

test("deb822 sources are read with several URIs and suites, continued lines, comments and an embedded key", (t) => {
  const root = hostWith(t, {
    "etc/apt/sources.list.d/debian.sources": [
      "# first",
      "Types: deb deb-src",
      "# inside",
      "URIs: http://one.test/debian",
      " https://two.test/debian/",
      "Suites: trixie trixie-updates",
      "Components: main",
      `Signed-By:\n${key.replaceAll("\n\n", "\n.\n").replaceAll(/^/gm, " ")}`,
      "",
      "Types: deb",
      "Enabled: no",
      "URIs: http://off.test",
      "Suites: x",
      "",
      "Types: deb-src",
      "URIs: http://source.test",
      "Suites: x",
    ].join("\n"),
    "etc/apt/sources.list.d/ignored.list.save": "nonsense",
  });
  assert.deepEqual(readAptSources(root), [
    {
      uris: ["http://one.test/debian", "https://two.test/debian"],
      suites: ["trixie", "trixie-updates"],
      components: ["main"],
      architectures: [],
      signedBy: { kind: "embedded", armored: key, fingerprints: [] },
      where: join(root, "etc/apt/sources.list.d/debian.sources:2"),
    },
  ]);
});

test("a mirror list file is read in place of its URI", (t) => {
  const root = hostWith(t, {
    "etc/apt/sources.list.d/cloud.sources":
      "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: trixie\nComponents: main\n",
    "etc/apt/mirrors/debian.list": "https://a.test/debian\n# no\nhttp://b.test/debian\tpriority:2\n",
  });
  assert.deepEqual(readAptSources(root)[0]?.uris, ["https://a.test/debian", "http://b.test/debian"]);
});

test("Signed-By may be fingerprints", (t) => {
  const fingerprint = "4d64fec119c2029067d6e791f8d2585b8783d481";
  const root = hostWith(t, { "etc/apt/sources.list": `deb [signed-by=${fingerprint}!] http://a.test s main` });
  assert.deepEqual(readAptSources(root)[0]?.signedBy, { kind: "host", fingerprints: [fingerprint.toUpperCase()] });
});

test("a host without apt has no sources", (t) => {
  assert.deepEqual(readAptSources(hostWith(t, {})), []);
});

test("mistakes name file and line", (t) => {
  const cases: [string, string, RegExp][] = [
    ["etc/apt/sources.list", "\ndeb http://a.test\n", /sources\.list:2: expected "deb/],
    ["etc/apt/sources.list", "rpm http://a.test s main", /sources\.list:1: /],
    ["etc/apt/sources.list", "deb [arch] http://a.test s main", /sources\.list:1: expected option=value/],
    ["etc/apt/sources.list", "deb [signed-by=key.gpg] http://a.test s main", /sources\.list:1: Signed-By/],
    ["etc/apt/sources.list.d/a.sources", "Types: deb\nSuites: s\n", /a\.sources:1: the field URIs/],
    ["etc/apt/sources.list.d/a.sources", "Types: deb\nURIs: http://a.test\n", /a\.sources:1: the field Suites/],
    ["etc/apt/sources.list.d/a.sources", "Types: deb\nwhat\n", /a\.sources:2: /],
  ];
  for (const [path, content, message] of cases) {
    assert.throws(() => readAptSources(hostWith(t, { [path]: content })), { code: "sources-malformed", message });
  }
});
