import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findInVault } from "../src/debian/archive/vault.ts";
import { compareVersions } from "../src/debian/resolve/version.ts";
import { findSourceBinaries } from "../src/debian/security/source-versions.ts";
import type { InstalledSource } from "../src/evidence/scan/finding.ts";
import { runCommand } from "../src/ground/run-command.ts";
import { definitionOf, projectOf } from "../src/image/image.fixture.ts";
import { lockProject } from "../src/image/lock-project.ts";
import type { ImageLock } from "../src/image/lock.ts";
import { fixesReadByHand } from "./support/fixes-read-by-hand.ts";
import { hasProgram } from "./support/real-packages.ts";
import {
  ctx,
  cvesOf,
  find,
  fixedSources,
  installedOf,
  skip,
  sourceNames,
  suiteNamed,
  suites,
  type Fixed,
} from "./support/real-security-suite.ts";
import { twoAtATime } from "./support/two-at-a-time.ts";

/** The security suite of the host's real mirror as a source of findings, compared with other programs that read the same changelogs, and with people. */
const work = mkdtempSync(join(tmpdir(), "scanner-truth-"));
after(() => rmSync(work, { recursive: true }));

/** What dpkg-deb, tar, dpkg-parsechangelog and grep find in the packages of a source that are in the vault. */
type Seen = {
  /** Whether the changelog has the installed version: dpkg-parsechangelog has no answer where it has not. */
  readonly knows: boolean;
  readonly since: readonly string[];
  readonly until: readonly string[];
};

const script = `
version=$1; shift
for file; do
  for name in changelog.Debian.gz changelog.gz; do
    dpkg-deb --fsys-tarfile "$file" | tar -xOf - --wildcards "./usr/share/doc/*/$name" 2>/dev/null | gzip -dc >"$WORK" 2>/dev/null
    if test -s "$WORK"; then break 2; fi
  done
done
grep -qF "($version)" "$WORK" && echo knows
for range in --since --until; do
  echo "$range"
  dpkg-parsechangelog -l "$WORK" $range "$version" -S Changes | grep -oiE "CVE[- ][0-9]{4}-[0-9]{4,}" | tr "a-z " "A-Z-" | sort -u
done
`;

async function readWithDpkg({ name, from, binaries }: Fixed): Promise<Seen> {
  const files = binaries.flatMap(({ sha256 }) => findInVault(ctx, sha256) ?? []);
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", WORK: join(work, name) };
  const { stdout } = await runCommand("sh", ["-c", script, "sh", from, ...files], { env });
  const [head = "", since = "", until = ""] = stdout.split(/--(?:since|until)\n/);
  const ids = (text: string) => text.split("\n").filter((line) => line !== "");
  return { knows: head !== "", since: ids(since).toSorted(), until: ids(until) };
}

const needsDpkgDev = hasProgram("dpkg-parsechangelog") ? skip : "needs dpkg-parsechangelog: not installed";

test(
  "of 40 packages with fixes the CVE sets equal what dpkg-parsechangelog and grep find",
  { skip: needsDpkgDev },
  async (t) => {
    const fixed = fixedSources(40);
    const findings = await find(fixed.map(({ name, from }) => installedOf(name, from)));
    const compared = await twoAtATime(fixed, async (source) => {
      const seen = await readWithDpkg(source);
      if (!seen.knows) return undefined;
      const ours = cvesOf(findings, source.name);
      // What the installed version names too, of an older branch, was fixed there.
      const expected = seen.since.filter((id) => ours.includes(id) || !seen.until.includes(id));
      assert.deepEqual(ours, expected, `${source.name} after ${source.from}`);
      assert.ok(
        findings.some((finding) => finding.package.name === source.name),
        source.name,
      );
      return ours.length;
    });
    const counted = compared.filter((count) => count !== undefined);
    assert.ok(counted.length >= 30, `only ${counted.length} packages`);
    t.diagnostic(`${counted.length} packages, ${counted.reduce((sum, count) => sum + count, 0)} CVEs`);
  },
);

test("the CVE sets equal what a person read in the changelogs", { skip }, async (t) => {
  const known = findSourceBinaries(suiteNamed("bookworm-security"), new Set(fixesReadByHand.map(([name]) => name)));
  for (const [name, from, to, cves] of fixesReadByHand) {
    const newest = known.get(name)?.[0]?.sourceVersion;
    if (newest === undefined || compareVersions(newest, to) < 0) {
      t.diagnostic(`${name}: the mirror has no ${to}`);
      continue;
    }
    const found = await find([installedOf(name, from)]);
    const until = found.filter(
      ({ fixedVersion }) => fixedVersion !== undefined && compareVersions(fixedVersion, to) <= 0,
    );
    assert.equal(cvesOf(until, name).join(" "), cves, `${name} after ${from}`);
    assert.ok(found.length > 0, `${name}: a newer version in the security suite is always told`);
  }
});

test("nothing is found where every source has the newest version of all suites", { skip }, async () => {
  const names = sourceNames(suiteNamed("bookworm-security"));
  const all = (suites ?? []).map((suite) => findSourceBinaries(suite, names));
  const newest = [...names].map((name) => {
    const versions = all.flatMap((suite) => suite.get(name)?.[0]?.sourceVersion ?? []);
    return installedOf(name, versions.toSorted(compareVersions).at(-1) ?? "");
  });
  assert.ok(newest.length > 100);
  assert.deepEqual(await find(newest), []);
});

test("no finding rests on a binary version where the source version differs", { skip }, async (t) => {
  const names = sourceNames(suiteNamed("bookworm-security"));
  const all = (suites ?? []).flatMap((suite) => [...findSourceBinaries(suite, names)]);
  const differing = [...names].flatMap((name) => {
    const binaries = all.flatMap(([source, own]) => (source === name ? own : []));
    const newest = binaries
      .map(({ sourceVersion }) => sourceVersion)
      .toSorted(compareVersions)
      .at(-1);
    const ofNewest = binaries.filter(({ sourceVersion }) => sourceVersion === newest);
    return ofNewest.filter(({ version }) => version !== newest).map((binary) => ({ name, binary }));
  });
  // Whoever compares these binary versions with the newest source version finds fixes that are installed.
  const traps = differing.filter(({ binary }) => compareVersions(binary.version, binary.sourceVersion) < 0);
  assert.ok(traps.length > 0, "no package of the mirror has a version below its source's");
  const rebuilt = differing.filter(({ binary }) => /\+b\d+$/.test(binary.version));
  t.diagnostic(
    `${differing.length} packages with another version than their source, ${traps.length} below it, ${rebuilt.length} binNMUs`,
  );
  const installed = differing.map(({ name, binary }) => ({
    ...installedOf(name, binary.sourceVersion),
    binaries: [`${binary.name}=${binary.version}`],
  }));
  assert.deepEqual(await find(installed), []);
});

test(
  "an image locked without the security suite has findings, and none after an update to that suite",
  { skip },
  async () => {
    const project = projectOf([definitionOf({ packages: ["nginx-light", "ca-certificates"] })]);
    const request = { project, update: "all" } as const;
    const { lock: without } = await lockProject(ctx, { ...request, former: undefined, security: "without" });
    const before = await find(installedBy(without.images.web));
    assert.ok(cvesOf(before, "nginx").length > 0);
    const { lock: updated, moved } = await lockProject(ctx, { ...request, former: without, security: "only" });
    assert.deepEqual(await find(installedBy(updated.images.web)), []);
    assert.deepEqual(moved, []);
    const fixed = new Set(before.map((finding) => finding.package.name));
    const versions = new Map(without.images.web?.packages.map((item) => [item.name, item.version]));
    for (const item of updated.images.web?.packages ?? [])
      assert.equal(versions.get(item.name) !== item.version, fixed.has(item.source), item.name);
  },
);

function installedBy(image: ImageLock | undefined): readonly InstalledSource[] {
  const sources = Map.groupBy(image?.packages ?? [], ({ source, sourceVersion }) => `${source} ${sourceVersion}`);
  return [...sources.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          {
            ...installedOf(first.source, first.sourceVersion),
            binaries: [first, ...others].map(({ name, version }) => `${name}=${version}`),
          },
        ],
  );
}
