import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { InstalledSource } from "../scan/finding.ts";
import { addFeed } from "./add-feed.ts";
import { deb, language, makeFeedWorld, makeZip, osvRecord } from "./feeds.fixture.ts";
import { openFeeds } from "./open-feeds.ts";

async function findAll(t: TestContext, records: readonly object[], installed: readonly InstalledSource[]) {
  const { ctx, put } = makeFeedWorld(t);
  await addFeed(ctx, put("osv.json", JSON.stringify(records)));
  const feeds = await openFeeds(ctx);
  return { findings: (await feeds.advisories[0]?.find(installed)) ?? [], notes: feeds.notes };
}

function affected(ecosystem: string, name: string, events: readonly object[], rest: object = {}): object {
  const type = ecosystem === "npm" || ecosystem === "Go" ? "SEMVER" : "ECOSYSTEM";
  return { package: { ecosystem, name }, ranges: [{ type, events }], ...rest };
}

test("a version within a range is a finding, named by its CVE, with its score and its range", async (t) => {
  const { findings } = await findAll(t, [osvRecord()], [language("npm", "left-pad", "1.1.3")]);
  assert.deepEqual(findings, [
    {
      id: "CVE-2026-2001",
      aliases: ["GHSA-aaaa-bbbb-cccc"],
      package: { ecosystem: "npm", name: "left-pad", version: "1.1.3", binaries: ["left-pad=1.1.3"] },
      state: "fixed",
      fixedVersion: "1.2.0",
      severity: "critical",
      title: "left-pad pads on the right",
      evidence: [{ source: "osv-npm", text: "GHSA-aaaa-bbbb-cccc: affected from the first version, fixed in 1.2.0" }],
    },
  ]);
});

test("introduced, fixed, last_affected, limit and listed versions are evaluated as the OSV schema says", async (t) => {
  const events = (...list: readonly object[]) => [osvRecord({ affected: [affected("npm", "left-pad", list)] })];
  const cases: readonly (readonly [readonly object[], string, string | undefined])[] = [
    [events({ introduced: "1.0.0" }, { fixed: "1.2.0" }), "0.9.0", undefined],
    [events({ introduced: "1.0.0" }, { fixed: "1.2.0" }), "1.2.0-rc.1", "fixed 1.2.0"],
    [events({ introduced: "1.0.0" }, { fixed: "1.2.0" }), "1.2.0", undefined],
    [
      events({ fixed: "1.2.0" }, { introduced: "0" }, { introduced: "2.0.0" }, { fixed: "2.1.0" }),
      "2.0.5",
      "fixed 2.1.0",
    ],
    [events({ fixed: "1.2.0" }, { introduced: "0" }, { introduced: "2.0.0" }, { fixed: "2.1.0" }), "1.5.0", undefined],
    [events({ introduced: "0" }, { last_affected: "1.2.0" }), "1.2.0", "open "],
    [events({ introduced: "0" }, { last_affected: "1.2.0" }), "1.2.1", undefined],
    [events({ introduced: "0" }, { limit: "1.2.0" }), "1.2.0", undefined],
    [events({ introduced: "0" }, { limit: "*" }), "7.0.0", "open "],
    [events({ introduced: "0" }), "7.0.0", "open "],
    [events({ introduced: "1.0.0" }, { last_affected: "1.0.0" }), "1.0.0", "open "],
    [
      [osvRecord({ affected: [{ package: { ecosystem: "npm", name: "left-pad" }, versions: ["6.6.6"] }] })],
      "6.6.6",
      "open ",
    ],
    [
      [osvRecord({ affected: [{ package: { ecosystem: "npm", name: "left-pad" }, versions: ["6.6.6"] }] })],
      "6.6.7",
      undefined,
    ],
    [
      [osvRecord({ withdrawn: "2026-11-01T00:00:00Z" }), osvRecord({ affected: [affected("npm", "other", [])] })],
      "1.0.0",
      undefined,
    ],
  ];
  for (const [records, version, expected] of cases) {
    const { findings } = await findAll(t, records, [language("npm", "left-pad", version)]);
    const said = findings.map(({ state, fixedVersion = "" }) => `${state} ${fixedVersion}`)[0];
    assert.equal(said, expected, `${version} in ${JSON.stringify(records)}`);
  }
});

test("PyPI goes by PEP 440 and any spelling of the name, Go by its module's path and pseudo-versions", async (t) => {
  const records = [
    osvRecord({ affected: [affected("PyPI", "Flask_Login", [{ introduced: "0" }, { fixed: "1.0.post1" }])] }),
    osvRecord({
      affected: [
        affected("Go", "example.com/m", [{ introduced: "0" }, { fixed: "0.0.0-20210101000000-0123456789ab" }]),
      ],
    }),
  ];
  const installed = [
    language("pypi", "flask.login", "1.0rc1"),
    language("pypi", "flask-login", "1.0-1"),
    language("golang", "example.com/m", "v0.0.0-20200101000000-ffffffffffff"),
    language("golang", "example.com/m", "v0.0.0-20220101000000-aaaaaaaaaaaa"),
    language("golang", "example.com/m", "(devel)"),
    language("golang", "Flask_Login", "0.1"),
  ];
  const { findings } = await findAll(t, records, installed);
  assert.deepEqual(
    findings.map((one) => one.package.version),
    ["1.0rc1", "v0.0.0-20200101000000-ffffffffffff"],
  );
});

test("Debian goes by release, source package and source version; an advisory gives each of its CVEs, with the day of the fix", async (t) => {
  const fixed = [{ introduced: "0" }, { fixed: "3.0.15-1~deb12u1" }];
  const records = [
    osvRecord({
      id: "DSA-5764-1",
      aliases: [],
      upstream: ["CVE-2024-1", "CVE-2024-6119", "CVE-2024-5535"],
      published: "2026-09-03T00:00:00Z",
      severity: [],
      affected: [affected("Debian:12", "openssl", fixed, { versions: ["3.0.11-1~deb12u2"] })],
    }),
    osvRecord({
      id: "DEBIAN-CVE-2023-0001",
      aliases: [],
      upstream: ["CVE-2023-0001"],
      severity: [],
      affected: [
        affected("Debian:12", "zlib", [{ introduced: "0" }], { ecosystem_specific: { urgency: "unimportant" } }),
        affected("Debian:11", "zlib", [{ introduced: "0" }], { ecosystem_specific: { urgency: "end-of-life" } }),
      ],
    }),
  ];
  const installed = [
    deb("openssl", "3.0.11-1~deb12u2"),
    deb("openssl", "3.0.11-1~deb12u2", "trixie"),
    deb("openssl", "3.0.15-1~deb12u1"),
    deb("zlib", "1:1.2.13-1"),
    deb("zlib", "1:1.2.11-1", "bullseye"),
  ];
  const { findings } = await findAll(t, records, installed);
  assert.deepEqual(
    findings.map(({ id, state, severity, fixedSince }) => [id, state, severity, fixedSince]),
    [
      ["CVE-2024-6119", "fixed", "critical", "2026-09-03T00:00:00Z"],
      ["CVE-2024-5535", "fixed", "critical", "2026-09-03T00:00:00Z"],
      ["CVE-2023-0001", "open", "negligible", undefined],
      ["CVE-2023-0001", "end-of-life", "unknown", undefined],
    ].map(([id, state, severity, since]) => [id, state, severity === "critical" ? "unknown" : severity, since]),
  );
});

test("severity is the worst vector's, else the database's word; a malicious package is critical", async (t) => {
  const of = async (changes: object) =>
    (await findAll(t, [osvRecord(changes)], [language("npm", "left-pad", "1.0.0")])).findings[0]?.severity;
  const vector4 = { type: "CVSS_V4", score: "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" };
  const low = { type: "CVSS_V3", score: "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N" };
  assert.equal(await of({ severity: [low, vector4] }), "high");
  assert.equal(await of({ severity: [low] }), "low");
  assert.equal(
    await of({ severity: [{ type: "CVSS_V3", score: "garbage" }], database_specific: { severity: "MODERATE" } }),
    "medium",
  );
  assert.equal(await of({ severity: [] }), "unknown");
  assert.equal(await of({ severity: [], database_specific: { severity: "constructor" } }), "unknown");
  assert.equal(await of({ id: "MAL-2026-1", severity: [], aliases: [] }), "critical");
});

test("a range whose versions have no order matches nothing, and the scan is told", async (t) => {
  const legacy = affected("PyPI", "old", [{ introduced: "0" }, { fixed: "1.0-dev-r1716" }], { versions: ["0.9"] });
  const { findings, notes } = await findAll(
    t,
    [osvRecord({ affected: [legacy] })],
    [language("pypi", "old", "0.8"), language("pypi", "old", "0.9")],
  );
  assert.deepEqual(
    findings.map((one) => one.package.version),
    ["0.9"],
  );
  assert.deepEqual(notes.filter((note) => note.includes("no order")).length, 1);
});

test("a version of Debian that is none has no order either", async (t) => {
  const bad = affected("Debian:12", "zlib", [{ introduced: "0" }, { fixed: "a b" }]);
  const good = affected("Debian:12", "zlib", [{ introduced: "0" }, { fixed: "2-1" }]);
  const { findings, notes } = await findAll(
    t,
    [osvRecord({ affected: [bad, good] })],
    [deb("zlib", "1-1"), deb("zlib", "c d")],
  );
  assert.deepEqual(
    findings.map((one) => one.package.version),
    ["1-1"],
  );
  assert.match(notes.join("\n"), /has 1 entries whose versions/);
});

test("the same records come as a zip, a folder, a list, one a line, or one alone", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const first = osvRecord();
  const second = osvRecord({ id: "GHSA-2", aliases: [], modified: "2026-11-12T00:00:00Z" });
  const both = [first, second].map((record) => JSON.stringify(record));
  const folder = join(ctx.cwd, "records");
  mkdirSync(join(folder, "deep"), { recursive: true });
  put("records/a.json", JSON.stringify(first, null, 2));
  put("records/deep/b.json", JSON.stringify(second, null, 2));
  put("records/README", "not a record");
  symlinkSync("/etc/passwd", join(folder, "link.json"));
  const zip = makeZip(both.map((text, index) => ({ name: `${index}.json`, data: Buffer.from(text) })));
  const sources = [
    put("all.zip", zip),
    folder,
    put("list.json", `[${both.join()}]`),
    put("lines.json", both.join("\n")),
  ];
  for (const source of sources) {
    const { feed } = await addFeed(ctx, source, { name: `n${sources.indexOf(source)}` });
    assert.deepEqual([feed.kind, feed.date, feed.entries], ["osv", "2026-11-12T00:00:00.000Z", 2], source);
  }
  assert.equal((await addFeed(ctx, put("one.json", both[0] ?? ""))).feed.name, "osv-npm");
  for (const { find } of (await openFeeds(ctx)).advisories) {
    assert.ok((await find([language("npm", "left-pad", "1.0.0")])).length >= 1);
  }
});

test("what is no OSV record is refused", async (t) => {
  const bad: readonly object[] = [
    osvRecord({ modified: "yesterday" }),
    osvRecord({ modified: undefined }),
    osvRecord({ id: 3 }),
    osvRecord({ affected: {} }),
    osvRecord({ affected: [affected("npm", "x", [{ exploded: "1" }])] }),
    osvRecord({ affected: [affected("npm", "x", [{ constructor: "1" }])] }),
    osvRecord({ affected: [affected("Debian:constructor", "x", [])] }),
    osvRecord({ affected: [affected("npm", "x", [{ introduced: 1 }])] }),
    osvRecord({ affected: [affected("crates.io", "x", [])] }),
    osvRecord({ modified: "2030-01-01T00:00:00Z" }),
    osvRecord({ affected: [affected("npm", "tab\tbed", [{ introduced: "0" }])] }),
  ];
  for (const record of bad)
    await assert.rejects(findAll(t, [record], []), { code: "feed-malformed" }, JSON.stringify(record));
});

test("a feed covers what it has records of: no findings of another language or release would mean nothing", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const debian = osvRecord({ id: "DSA-1", affected: [affected("Debian:12", "openssl", [{ introduced: "0" }])] });
  await addFeed(ctx, put("osv.json", JSON.stringify([osvRecord(), debian])));
  const [{ covers } = assert.fail("no feed")] = (await openFeeds(ctx)).advisories;
  assert.equal(covers(language("npm", "whatever", "1")), true);
  assert.equal(covers(language("pypi", "left-pad", "1")), false);
  assert.equal(covers(deb("openssl", "1", "bookworm")), true);
  assert.equal(covers(deb("openssl", "1", "jessie")), false);
  assert.equal(covers({ ecosystem: "deb" }), false);
});

test("a version that is listed counts however it is written", async (t) => {
  const listed = (ecosystem: string, version: string) =>
    osvRecord({ affected: [{ package: { ecosystem, name: "left-pad" }, versions: [version] }] });
  for (const [record, installed] of [
    [listed("PyPI", "1.0.0rc1"), language("pypi", "left-pad", "1.0-rc.1")],
    [listed("Go", "1.2.3"), language("golang", "left-pad", "v1.2.3")],
  ] as const)
    assert.equal((await findAll(t, [record], [installed])).findings.length, 1);
});

test("a version without an order is told of where there are records about its package", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  await addFeed(ctx, put("osv.json", JSON.stringify([osvRecord()])));
  const [advisories = assert.fail("no feed")] = (await openFeeds(ctx)).advisories;
  await advisories.find([language("npm", "left-pad", "1.0.0.0-x"), language("npm", "other", "1.0.0.0-x")]);
  assert.deepEqual(advisories.notes?.(), ['left-pad was not compared with ranges: "1.0.0.0-x" has no order']);
});

test("a local build of a Python version is that version, and a stretch of all versions has room for one without an order", async (t) => {
  const events = (...list: readonly object[]) => [osvRecord({ affected: [affected("PyPI", "torch", list)] })];
  const cases: readonly (readonly [readonly object[], string, number])[] = [
    [events({ introduced: "0" }, { last_affected: "2.0.0" }), "2.0.0+cpu", 1],
    [events({ introduced: "0" }, { last_affected: "2.0.0" }), "2.0.1+cpu", 0],
    [events({ introduced: "0" }, { fixed: "2.0.0" }), "2.0.0+cpu", 0],
    [events({ introduced: "2.0.0" }), "2.0.0+cpu", 1],
    [events({ introduced: "0" }, { fixed: "2.0.0+b2" }), "2.0.0+b1", 1],
    [
      [osvRecord({ affected: [{ package: { ecosystem: "PyPI", name: "torch" }, versions: ["2.0.0"] }] })],
      "2.0.0+cpu",
      1,
    ],
    [events({ introduced: "0" }), "2004d-by-hand", 1],
    [events({ introduced: "0" }, { fixed: "2.0.0" }), "2004d-by-hand", 0],
  ];
  for (const [records, version, count] of cases) {
    const { findings } = await findAll(t, records, [language("pypi", "torch", version)]);
    assert.equal(findings.length, count, `${version} ${JSON.stringify(records)}`);
  }
});

test("null in the place of a date of withdrawal withdraws nothing", async (t) => {
  const installed = [language("npm", "left-pad", "1.1.3")];
  assert.equal((await findAll(t, [osvRecord({ withdrawn: null })], installed)).findings.length, 1);
});
