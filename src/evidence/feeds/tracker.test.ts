import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Finding, InstalledSource } from "../scan/finding.ts";
import { addFeed } from "./add-feed.ts";
import { deb, language, makeFeedWorld, tracker } from "./feeds.fixture.ts";
import { openFeeds } from "./open-feeds.ts";

async function findAll(t: TestContext, content: object, installed: readonly InstalledSource[]) {
  const { ctx, put } = makeFeedWorld(t);
  const { feed } = await addFeed(ctx, put("tracker.json", JSON.stringify(content)));
  assert.equal(feed.kind, "debian-tracker");
  const [advisories] = (await openFeeds(ctx)).advisories;
  const findings = (await advisories?.find(installed)) ?? [];
  return { feed, findings, notes: advisories?.notes?.() ?? [] };
}

function words({ id, state, severity, fixedVersion }: Finding): string {
  return [id, state, severity, fixedVersion ?? ""].join(" ").trim();
}

test("a version with the fix that is newer than the source version is a finding; 0 and undetermined are none", async (t) => {
  const { feed, findings } = await findAll(t, tracker, [deb("openssl", "3.0.11-1~deb12u1")]);
  assert.equal(feed.entries, 7);
  assert.deepEqual(findings, [
    {
      id: "CVE-2024-0001",
      aliases: [],
      package: {
        ecosystem: "deb",
        name: "openssl",
        version: "3.0.11-1~deb12u1",
        binaries: ["openssl=3.0.11-1~deb12u1+b1"],
      },
      state: "fixed",
      fixedVersion: "3.0.15-1~deb12u1",
      severity: "medium",
      title: "A buffer overflow in openssl.",
      evidence: [
        {
          source: "debian-tracker",
          text: "bookworm: status resolved, fixed_version 3.0.15-1~deb12u1; urgency medium**",
        },
      ],
    },
  ]);
});

test("versions are in dpkg's order, of the release that is installed", async (t) => {
  const cases: readonly (readonly [InstalledSource, number])[] = [
    [deb("openssl", "3.0.15-1~deb12u1"), 0],
    [deb("openssl", "3.0.15-1"), 0],
    [deb("openssl", "3.0.9-1"), 1],
    [deb("openssl", "3.0.15-1~deb12u1~bpo1"), 1],
    [deb("openssl", "1:1.0-1"), 0],
    [deb("openssl", "3.1.0-1", "trixie"), 1],
    [deb("openssl", "3.2.0-1", "trixie"), 0],
    [deb("openssl", "0.1-1", "sid"), 0],
    [{ ...deb("openssl", "3.0.9-1"), name: "libssl3" }, 0],
    [language("npm", "openssl", "0.0.1"), 0],
  ];
  for (const [installed, count] of cases) {
    const { findings } = await findAll(t, tracker, [installed]);
    assert.equal(findings.length, count, `${installed.name} ${installed.version} ${installed.release}`);
  }
});

test("a package without a release of Debian is not matched", async (t) => {
  const foreign = { ecosystem: "deb", name: "openssl", version: "3.0.9-1", binaries: [] } as const;
  assert.deepEqual((await findAll(t, tracker, [foreign])).findings, []);
});

test("what Debian does not fix keeps its state and Debian's words", async (t) => {
  const { findings } = await findAll(t, tracker, [
    deb("zlib", "1:1.2.13.dfsg-1"),
    deb("openssl", "1.1.1n-0", "bullseye"),
  ]);
  assert.deepEqual(findings.map(words), [
    "CVE-2024-1001 open unknown",
    "CVE-2024-1002 no-dsa low",
    "CVE-2024-1003 ignored negligible",
    "TEMP-0000000-A1B2C3 postponed unknown",
    "CVE-2024-0001 end-of-life unknown",
  ]);
  assert.deepEqual(
    findings.map(({ evidence }) => evidence[0]?.text),
    [
      "bookworm: status open; urgency not yet assigned",
      "bookworm: status open; urgency low; no-dsa: Minor issue",
      "bookworm: status open; urgency unimportant; ignored: Too intrusive",
      "bookworm: status open; urgency not yet assigned; postponed: Revisit when fixed upstream",
      "bullseye: status open; urgency end-of-life",
    ],
  );
});

test("an installed version that is none is noted, and keeps no other package from being matched", async (t) => {
  const { findings, notes } = await findAll(t, tracker, [deb("openssl", "not a version"), deb("openssl", "3.0.9-1")]);
  assert.equal(findings.length, 1);
  assert.deepEqual(notes, ['openssl was not looked at: "not a version" is no version']);
});

test("a resolved entry without a version that can be compared matches nothing, and the scan is told", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const said = (version: string | null | undefined) => ({
    releases: {
      bookworm: { status: "resolved", fixed_version: version, urgency: null, nodsa: null, nodsa_reason: null },
    },
  });
  const content = {
    zlib: {
      "CVE-2024-1": said(undefined),
      "CVE-2024-2": said(null),
      "CVE-2024-3": said("a b"),
      "CVE-2024-4": said("9-1"),
    },
  };
  await addFeed(ctx, put("t.json", JSON.stringify(content)));
  const { advisories, notes } = await openFeeds(ctx);
  const findings = (await advisories[0]?.find([deb("zlib", "1-1")])) ?? [];
  assert.deepEqual(findings.map(words), ["CVE-2024-4 fixed unknown 9-1"]);
  assert.deepEqual(notes, [
    "the feed debian-tracker has 3 entries whose versions are missing or have no order; they match nothing",
  ]);
});

test("another schema in any entry refuses the whole", async (t) => {
  const entry = (changes: object) => ({
    bookworm: { status: "resolved", fixed_version: "1.0-1", urgency: "low", ...changes },
  });
  const bad: readonly object[] = [
    { zlib: { "CVE-2024-1": { releases: entry({ status: "fixed" }) } } },
    { zlib: { "CVE-2024-1": { releases: entry({ fixed_version: 3 }) } } },
    { zlib: { "CVE-2024-1": { releases: entry({ nodsa: "x", nodsa_reason: "because" }) } } },
    { zlib: { "CVE-2024-1": { releases: entry({ urgency: 3 }) } } },
    { zlib: { "CVE-2024-1": { releases: [] } } },
    { zlib: { "CVE-2024-1": {} } },
    { zlib: { "no id": { releases: entry({}) } } },
    { zlib: {} },
    { zlib: { "CVE-2024-1": { releases: entry({}), description: {} } } },
  ];
  for (const content of bad)
    await assert.rejects(findAll(t, content, []), { code: "feed-malformed" }, JSON.stringify(content));
});

test("a source package that is there twice is refused: one could hide the other", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const once = JSON.stringify({ zlib: tracker.zlib }).slice(1, -1);
  await assert.rejects(addFeed(ctx, put("twice.json", `{${once},${once}}`)), {
    code: "feed-malformed",
    message: /twice/,
  });
});

test("a release that the tracker does not name is not covered, nor is a package without one: no findings would mean nothing", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  await addFeed(ctx, put("tracker.json", JSON.stringify(tracker)));
  const [advisories = assert.fail("no tracker")] = (await openFeeds(ctx)).advisories;
  assert.equal(advisories.covers(deb("openssl", "1", "bookworm")), true);
  assert.equal(advisories.covers(deb("other", "1", "bookworm")), true);
  assert.equal(advisories.covers(deb("openssl", "1", "jessie")), false);
  assert.equal(advisories.covers(deb("openssl", "1", "book")), false);
  assert.equal(advisories.covers({ ecosystem: "deb" }), false);
  assert.equal(advisories.covers(language("npm", "openssl", "1")), false);
});
