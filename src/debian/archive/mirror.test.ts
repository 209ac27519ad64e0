import assert from "node:assert/strict";
import { test } from "node:test";
import { mirrorOf } from "./archive-plan.ts";
import { parseDeb822Sources, parseOneLineSources } from "./apt-sources.ts";
import { planArchives, type MirrorRequest } from "./mirror.ts";

const keyring = { kind: "files", files: ["/k.gpg"], fingerprints: [] } as const;
const hostSources = parseDeb822Sources(
  `Types: deb
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /k.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
Signed-By: /k.gpg
`,
  "debian.sources",
);

function plan(request: Partial<MirrorRequest> = {}) {
  return planArchives({ release: "bookworm", architecture: "amd64", env: {}, hostSources, ...request });
}

function placesOf(request: Partial<MirrorRequest>) {
  return plan(request).suites.map((suite) => `${suite.archive} ${suite.suite} ${suite.uris.join(" ")}`);
}

test("the host's own sources name every suite of its release", () => {
  assert.deepEqual(plan(), {
    architecture: "amd64",
    suites: [
      {
        archive: "main",
        suite: "bookworm",
        components: ["main"],
        keyring,
        uris: ["http://mirror.test/debian"],
        from: "debian.sources:1",
      },
      {
        archive: "main",
        suite: "bookworm-updates",
        components: ["main"],
        keyring,
        uris: ["http://mirror.test/debian"],
        from: "debian.sources:1",
      },
      {
        archive: "security",
        suite: "bookworm-security",
        components: ["main"],
        keyring,
        uris: ["http://mirror.test/debian-security"],
        from: "debian.sources:7",
      },
    ],
  });
});

test("another release comes from the archives of the host's own release", () => {
  assert.deepEqual(placesOf({ release: "trixie" }), [
    "main trixie http://mirror.test/debian",
    "main trixie-updates http://mirror.test/debian",
    "security trixie-security http://mirror.test/debian-security",
  ]);
});

test("unstable has neither updates nor security", () => {
  assert.deepEqual(placesOf({ release: "sid" }), ["main sid http://mirror.test/debian"]);
});

test("the environment goes before the project, and the project before the host", () => {
  const mirror = { main: "https://project.test/debian/", security: "https://project.test/sec" };
  assert.deepEqual(placesOf({ mirror })[2], "security bookworm-security https://project.test/sec");
  const env = { INGOT_DEBIAN_MIRROR: " http://env.test/d/  file:/srv/sec " };
  assert.deepEqual(placesOf({ mirror, env }), [
    "main bookworm http://env.test/d",
    "main bookworm-updates http://env.test/d",
    "security bookworm-security file:/srv/sec",
  ]);
});

test("of one URL the security archive is sought beside it, then in it", () => {
  const [, , security] = placesOf({ env: { INGOT_DEBIAN_MIRROR: "/srv/debian" } });
  assert.equal(security, "security bookworm-security file:/srv/debian-security file:/srv/debian");
});

test("beside the root of a host there is nothing: another host's name is never made up", () => {
  for (const url of ["http://mirror.test", "http://127.0.0.1:9", "https://u:p@mirror.test"]) {
    const [, , security] = placesOf({ env: { INGOT_DEBIAN_MIRROR: `${url}/` } });
    assert.equal(security, `security bookworm-security ${url}`);
  }
});

test("a host without a security source gets the sibling of its main one", () => {
  const sources = parseOneLineSources("deb http://mirror.test/debian stable main", "sources.list");
  assert.deepEqual(
    placesOf({ hostSources: sources, release: "trixie" })[2],
    "security trixie-security http://mirror.test/debian-security http://mirror.test/debian",
  );
});

test("a foreign vendor's source is not taken for Debian, even under a release's name", () => {
  const foreign = parseOneLineSources(
    "deb http://vendor.test/apt bookworm main\ndeb http://cloud.test/apt cloud-bookworm main\ndeb http://docker.test/apt bookworm stable",
    "a.list",
  );
  assert.equal(placesOf({ hostSources: [...foreign, ...hostSources] })[0], "main bookworm http://mirror.test/debian");
  assert.equal(
    placesOf({ hostSources: [...foreign, ...hostSources], release: "trixie" })[0],
    "main trixie http://mirror.test/debian",
  );
  assert.throws(() => plan({ hostSources: foreign, release: "trixie" }), { code: "mirror-unknown" });
});

test("a source for other architectures is not used", () => {
  const foreign = parseOneLineSources("deb [arch=arm64] http://mirror.test/debian stable main", "sources.list");
  assert.throws(() => plan({ hostSources: foreign, release: "stable" }), { code: "mirror-unknown" });
});

test("keyring: of the project replaces what the sources say; without either the host's keyring counts", () => {
  assert.deepEqual(plan({ keyring: "/mine.gpg" }).suites[0]?.keyring, { ...keyring, files: ["/mine.gpg"] });
  assert.equal(plan({ env: { INGOT_DEBIAN_MIRROR: "http://env.test" } }).suites[0]?.keyring.kind, "host");
});

test("a missing mirror names the three ways to give one", () => {
  assert.throws(() => plan({ hostSources: [] }), {
    code: "mirror-unknown",
    message: /bookworm/,
    hint: /INGOT_DEBIAN_MIRROR.*mirror:.*sources\.list\.d/,
  });
});

test("an unusable mirror is refused with its text", () => {
  for (const url of [
    "ftp://a.test/debian",
    "mirror.test",
    "http://",
    "http://a:b/debian",
    "http://a http://b http://c",
  ]) {
    assert.throws(() => plan({ env: { INGOT_DEBIAN_MIRROR: url } }), {
      code: "mirror-unknown",
      message: /INGOT_DEBIAN_MIRROR/,
    });
  }
});

test("packages of one archive come from the mirrors of its suites", () => {
  assert.deepEqual(mirrorOf(plan(), "main"), { uris: ["http://mirror.test/debian"], from: "debian.sources:1" });
});
