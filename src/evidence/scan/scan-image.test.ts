import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, InstalledSource } from "./finding.ts";
import { groupInstalled } from "./group-installed.ts";
import { scanInventory, type ScanKnowledge } from "./scan-image.ts";
import { makeAdvisories, makeFinding, makeInventory, makeSource, npmPackage, testDigest } from "./scan.fixture.ts";

const now = new Date("2026-11-21T12:00:00Z");
const openssl = [
  { name: "libssl3", version: "3.0.11-1", source: "openssl" },
  { name: "openssl", version: "3.0.11-1" },
];

function scan(findings: readonly Finding[], knowledge: Partial<ScanKnowledge> = {}) {
  const advisories = [makeAdvisories("osv", findings)];
  return scanInventory({ now, name: "shop/web" }, makeInventory(openssl), { advisories, ...knowledge });
}

test("sources are asked about source packages by their source version, and about language packages that Debian does not bring", () => {
  const inventory = makeInventory(
    [
      ...openssl,
      { name: "gcc-12-base", version: "12.2.0-14", source: "gcc-12" },
      // A binary version that differs from its source's: matching by it would find, or miss, the wrong things.
      { name: "libc-bin", version: "2.36-9+b1", source: "glibc", sourceVersion: "2.36-9" },
    ],
    {
      language: [
        npmPackage("left-pad", "1.0.0"),
        npmPackage("left-pad", "1.0.0", { path: "elsewhere/package.json" }),
        npmPackage("of-debian", "1.0.0", {
          debianPackage: "node-of-debian",
          path: "usr/share/nodejs/of-debian/package.json",
        }),
      ],
    },
  );
  assert.deepEqual(groupInstalled(inventory), [
    deb("openssl", "3.0.11-1", ["libssl3=3.0.11-1", "openssl=3.0.11-1"]),
    deb("gcc-12", "12.2.0-14", ["gcc-12-base=12.2.0-14"]),
    deb("glibc", "2.36-9", ["libc-bin=2.36-9+b1"]),
    { ecosystem: "npm", name: "left-pad", version: "1.0.0", binaries: ["left-pad=1.0.0"] },
  ]);
});

function deb(name: string, version: string, binaries: readonly string[]): InstalledSource {
  return { ecosystem: "deb", name, version, binaries, release: "bookworm" };
}

test("packages of another distribution are not held against Debian's advisories, and a note says so", async () => {
  const os = { id: "ubuntu", versionId: "24.04", codename: "noble", prettyName: "Ubuntu 24.04" };
  const inventory = makeInventory(openssl, { os });
  assert.deepEqual(groupInstalled(inventory), []);
  const { notes, gaps } = await scanInventory({ now }, inventory, { advisories: [makeAdvisories("osv", [])] });
  assert.deepEqual(gaps, notes);
  assert.deepEqual(notes, ["the image is Ubuntu 24.04, not Debian: its 2 packages were not looked at"]);
});

test("findings come worst first: exploited, severity, with a fix, probability, id by its number", async () => {
  const made = [
    makeFinding({ id: "CVE-2024-1000", severity: "high" }),
    makeFinding({ id: "CVE-2024-999", severity: "high" }),
    makeFinding({ id: "CVE-2024-0001", severity: "high" }),
    makeFinding({ id: "CVE-2024-0002", severity: "high", state: "fixed", fixedVersion: "3.0.12-1" }),
    makeFinding({ id: "CVE-2024-0003", severity: "critical" }),
    makeFinding({ id: "CVE-2024-0004", severity: "low" }),
    makeFinding({ id: "CVE-2024-0005" }),
  ];
  const result = await scan(made, {
    exploited: (id) => (id === "CVE-2024-0004" ? "2026-01-02" : undefined),
    epss: (id) => (id === "CVE-2024-0001" ? { score: 0.5, percentile: 0.99 } : undefined),
  });
  assert.deepEqual(
    result.findings.map(({ id }) => id),
    [
      "CVE-2024-0004",
      "CVE-2024-0003",
      "CVE-2024-0002",
      "CVE-2024-0001",
      "CVE-2024-999",
      "CVE-2024-1000",
      "CVE-2024-0005",
    ],
  );
  assert.equal(result.findings[0]?.knownExploited, "2026-01-02");
  assert.deepEqual(result.findings[3]?.epss, { score: 0.5, percentile: 0.99 });
});

test("what is excepted comes last and stays whole", async () => {
  const made = [
    makeFinding({ id: "CVE-2024-1", severity: "low" }),
    makeFinding({ id: "CVE-2024-1000", severity: "critical" }),
  ];
  const result = await scan(made, {
    exceptions: [
      {
        document: "vex/web.json",
        place: "statements[0]",
        vulnerabilities: ["CVE-2024-1000"],
        products: [{ ids: ["shop/web"], subcomponents: [] }],
        status: "not_affected",
        reason: "vulnerable_code_not_present",
        owner: "Ana",
        expires: "2027-01-01",
        timestamp: "2026-11-01T00:00:00.000Z",
      },
    ],
  });
  assert.deepEqual(
    result.findings.map(({ id, severity, exception }) => [id, severity, exception?.owner]),
    [
      ["CVE-2024-1", "low", undefined],
      ["CVE-2024-1000", "critical", "Ana"],
    ],
  );
});

test("a result names the image, each source once, and how many packages there were", async () => {
  const result = await scan([], { sources: [makeSource("osv"), makeSource("kev")] });
  assert.equal(result.image, testDigest);
  assert.equal(result.name, "shop/web");
  assert.equal(result.scanned, now.toISOString());
  assert.deepEqual(
    result.sources.map(({ name }) => name),
    ["osv", "kev"],
  );
  assert.deepEqual(result.packages, { deb: 2, npm: 0, pypi: 0, golang: 0 });
});

test("the notes say what was not looked at: no sources, foreign versions, language packages, packages without a version", async () => {
  const inventory = makeInventory(
    [
      { name: "nginx", version: "1.28.0-1~bookworm" },
      { name: "php8.3", version: "8.3.1-1+0~20240101.1+debian12~1.gbp+sury" },
    ],
    {
      language: [
        npmPackage("left-pad", "1.0.0"),
        npmPackage("own", "(devel)", { ecosystem: "golang", path: "srv/own" }),
      ],
      notes: ["srv/huge is too large"],
    },
  );
  const asked = await scanInventory({ now }, inventory, {
    advisories: [
      {
        ...makeAdvisories("debian-tracker", []),
        covers: ({ ecosystem }) => ecosystem === "deb",
        notes: () => ["the tracker is old"],
      },
    ],
    notes: ["a feed is old"],
  });
  assert.deepEqual(asked.notes, [
    "2 language packages (npm, golang) were not looked at: only an OSV feed says anything about them",
    "these versions are not of the release, and its advisories may be wrong about them: php8.3 8.3.1-1+0~20240101.1+debian12~1.gbp+sury",
    "no version is known, so nothing can be said about: srv/own",
    "srv/huge is too large",
    "a feed is old",
    "the tracker is old",
  ]);
  const unasked = await scanInventory({ now }, makeInventory(openssl), { advisories: [] });
  assert.deepEqual(unasked.notes, [
    "no source of advisories was asked: that there are no findings says nothing; `ingot feeds add` adds one",
  ]);
});

test("a security suite that Debian has long signed anew is told as old", async () => {
  const stale = {
    ...makeAdvisories("security-suite", []),
    source: { ...makeSource("security-suite"), date: "2026-10-01T00:00:00Z" },
  };
  const { notes } = await scanInventory({ now }, makeInventory(openssl), { advisories: [stale] });
  assert.deepEqual(notes, ["security-suite is 51 days old (2026-10-01): the mirror may have stopped following Debian"]);
  const fresh = await scanInventory({ now }, makeInventory(openssl), {
    advisories: [makeAdvisories("security-suite", [])],
  });
  assert.deepEqual(fresh.notes, []);
});

test("a scan that nothing can come of says so: no release, a release or a language that no source knows, no list of packages", async () => {
  const debianOnly = (release: string): ScanKnowledge => ({
    advisories: [
      { ...makeAdvisories("debian-tracker", []), covers: (one) => one.ecosystem === "deb" && one.release === release },
    ],
  });
  const npmOnly: ScanKnowledge = {
    advisories: [{ ...makeAdvisories("osv", []), covers: ({ ecosystem }) => ecosystem === "npm" }],
  };
  const bookworm = makeInventory(openssl);
  const { os, ...nameless } = bookworm;
  const alpine = { id: "alpine", versionId: "3.20", codename: "", prettyName: "Alpine Linux v3.20" };
  const withoutCodename = { ...os, id: "debian", versionId: "", codename: "", prettyName: "Debian" };
  const npm = [npmPackage("left-pad", "1.0.0")];
  const cases: readonly (readonly [typeof nameless, ScanKnowledge, RegExp | undefined])[] = [
    [bookworm, debianOnly("bookworm"), undefined],
    [bookworm, debianOnly("jessie"), /no source knows the packages of Debian bookworm \(asked: debian-tracker\)/],
    [bookworm, npmOnly, /no source knows the packages of Debian bookworm/],
    [{ ...bookworm, language: npm }, npmOnly, /no source knows the packages of Debian bookworm/],
    [nameless, debianOnly("bookworm"), /it has no os-release/],
    [makeInventory(openssl, { os: withoutCodename }), debianOnly("bookworm"), /does not say which release of Debian/],
    [makeInventory([], { os: alpine }), debianOnly("bookworm"), /Alpine Linux v3.20, and has no list of packages/],
    [{ ...nameless, debian: [] }, debianOnly("bookworm"), /no packages that Ingot can name/],
    [{ ...nameless, debian: [], language: npm }, debianOnly("bookworm"), /knows any package of the image/],
    [{ ...nameless, debian: [], language: npm }, npmOnly, undefined],
    [{ ...bookworm, language: npm }, debianOnly("bookworm"), undefined],
    [bookworm, { advisories: [] }, /no source of advisories was asked/],
  ];
  for (const [inventory, knowledge, expected] of cases) {
    const { gaps, notes } = await scanInventory({ now }, inventory, knowledge);
    assert.equal(gaps.length, expected === undefined ? 0 : 1, `${String(expected)}: ${gaps.join()}`);
    if (expected !== undefined) assert.match(gaps[0] ?? "", expected);
    assert.deepEqual(
      gaps.filter((gap) => !notes.includes(gap)),
      [],
    );
  }
});

test("a language package that another vendor's .deb brings is held against its ecosystem's advisories; one that Debian brings is not", () => {
  const inventory = makeInventory(
    [
      { name: "nodejs", version: "20.1.0-1nodesource1" },
      { name: "vendor", version: "1.0" },
      { name: "node-tar", version: "6.1.13-1" },
    ],
    {
      language: [
        npmPackage("a", "1.0.0", {
          debianPackage: "nodejs",
          path: "usr/lib/node_modules/npm/node_modules/a/package.json",
        }),
        npmPackage("b", "1.0.0", { debianPackage: "vendor", path: "opt/vendor/node_modules/b/package.json" }),
        npmPackage("c", "1.0.0", { debianPackage: "vendor", path: "usr/local/lib/node_modules/c/package.json" }),
        npmPackage("d", "1.0.0", { debianPackage: "node-tar", path: "usr/share/nodejs/d/package.json" }),
      ],
    },
  );
  const names = groupInstalled(inventory).flatMap(({ ecosystem, name }) => (ecosystem === "npm" ? [name] : []));
  assert.deepEqual(names, ["a", "b", "c"]);
});
