import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { shareCompiled } from "../../../test/support/ingot-world.ts";
import { whyNoOutdatedImage, outdatedImageLayout } from "../../../test/support/outdated-image.ts";
import { assertOpenVex, assertSarif } from "../../../test/support/report-schemas.ts";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { parsePublicKey } from "../../evidence/keys/public-key.ts";
import type { ScanVerdict } from "../../evidence/scan/fail-on.ts";
import type { ScanResult } from "../../evidence/scan/finding.ts";
import { readEvidence } from "../../evidence/statement/read-evidence.ts";
import { makeVex } from "../../evidence/vex/vex.fixture.ts";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Digest } from "../../oci/digest.ts";
import { openLayout } from "../../oci/layout.ts";
import { startFakeRegistry } from "../../oci/registry/fake-registry.fixture.ts";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";

type ScanJson = ScanResult & { readonly verdict: ScanVerdict; readonly statement?: Digest; readonly files?: string[] };

const status = `Package: libssl3
Status: install ok installed
Architecture: amd64
Maintainer: A Person <person@example.org>
Source: openssl
Version: 3.0.11-1
Description: a library

Package: old
Status: install ok installed
Architecture: all
Maintainer: A Person <person@example.org>
Version: 1.0-1
Description: out of care
`;

const tracker = {
  openssl: {
    "CVE-2024-1000": {
      description: "reads too far",
      releases: {
        bookworm: {
          status: "resolved",
          repositories: { bookworm: "3.0.12-1" },
          fixed_version: "3.0.12-1",
          urgency: "high",
        },
      },
    },
    "CVE-2024-2000": {
      description: "reads slowly",
      releases: { bookworm: { status: "open", repositories: { bookworm: "3.0.11-1" }, urgency: "low" } },
    },
  },
};

const exploited = {
  title: "CISA Catalog of Known Exploited Vulnerabilities",
  catalogVersion: "2026.11.20",
  dateReleased: "2026-11-20T10:00:00.000Z",
  count: 1,
  vulnerabilities: [{ cveID: "CVE-2024-2000", vendorProject: "x", product: "y", dateAdded: "2026-01-02" }],
};

/** A home with feeds, and a layout with a Debian of two packages: nothing of the network is needed. */
async function makeWorld(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "ingot-scan-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  shareCompiled(join(folder, "home"));
  const env = { INGOT_HOME: join(folder, "home"), INGOT_KEY_PASSPHRASE: "four random words here" };
  const run = (...args: readonly string[]) => runIngot(args, { cwd: folder, env });
  const succeed = async (...args: readonly string[]) => {
    const result = await run(...args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  const scan = async (...args: readonly string[]) => {
    const result = await run("scan", ...args, "--json");
    assert.ok([0, 4].includes(result.code), result.stderr);
    return { code: result.code, ...parseJson<ScanJson>(result) };
  };
  const layout = openLayout(join(folder, "layout"));
  await layout.setReference("web", putTinyImage(layout, { layers: [debian()] }));
  return { folder, env, run, succeed, scan, layout };
}

function debian() {
  return [
    tarEntry({ path: "etc", type: "directory" }),
    tarEntry({
      path: "etc/os-release",
      content: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n',
    }),
    tarEntry({ path: "var", type: "directory" }),
    tarEntry({ path: "var/lib", type: "directory" }),
    tarEntry({ path: "var/lib/dpkg", type: "directory" }),
    tarEntry({ path: "var/lib/dpkg/status", content: status }),
  ];
}

async function addFeeds({ folder, succeed }: Awaited<ReturnType<typeof makeWorld>>): Promise<void> {
  for (const [name, content] of Object.entries({ "tracker.json": tracker, "kev.json": exploited })) {
    writeFileSync(join(folder, name), JSON.stringify(content));
    await succeed("feeds", "add", name);
  }
}

test("a layout's image is scanned by the feeds: exploited first, in JSON, as a table, SARIF, OpenVEX and into a file", async (t) => {
  const world = await makeWorld(t);
  await addFeeds(world);
  const { folder, run, scan } = world;
  const reports = ["--sarif", "out.sarif", "--vex-out", "start.json", "--author", "Ana"];
  const found = await scan("oci:layout:web", "--no-security-suite", ...reports, "--fail-on", "high+fixable,kev");
  assert.deepEqual(
    found.findings.map((one) => [
      one.id,
      one.package.name,
      one.severity,
      one.state,
      one.fixedVersion,
      one.knownExploited,
    ]),
    [
      ["CVE-2024-2000", "openssl", "low", "open", undefined, "2026-01-02"],
      ["CVE-2024-1000", "openssl", "high", "fixed", "3.0.12-1", undefined],
    ],
  );
  assert.deepEqual(found.findings[0]?.package.binaries, ["libssl3=3.0.11-1"]);
  assert.equal(found.code, 4);
  assert.deepEqual(found.verdict.reasons, [
    "high+fixable: 1 finding: CVE-2024-1000 in openssl",
    "kev: 1 finding: CVE-2024-2000 in openssl",
  ]);
  assert.deepEqual(found.files, ["out.sarif", "start.json"]);
  assertSarif(JSON.parse(readFileSync(join(folder, "out.sarif"), "utf8")) as object);
  assertOpenVex(JSON.parse(readFileSync(join(folder, "start.json"), "utf8")) as object);
  const table = await run("scan", "oci:layout", "--no-security-suite", "-o", "report.txt");
  assert.equal(table.stdout, "wrote report.txt\n2 findings, 1 with a fix, 0 excepted\n");
  assert.match(
    readFileSync(join(folder, "report.txt"), "utf8"),
    /^high +CVE-2024-1000 +openssl +3\.0\.11-1 +3\.0\.12-1 +fixed/m,
  );
});

test("exceptions of --vex and of vex/ beside ingot.yaml take findings out of what counts, and leave them in the report", async (t) => {
  const world = await makeWorld(t);
  await addFeeds(world);
  const { folder, run, scan } = world;
  const write = (path: string, statement: object) =>
    writeFileSync(join(folder, path), JSON.stringify(makeVex(statement)));
  const args = ["oci:layout:web", "--no-security-suite", "--fail-on", "high"];
  write("given.json", { expires: "2999-01-01" });
  const given = await scan(...args, "--vex", "given.json");
  assert.equal(given.code, 0);
  const excepted = given.findings.find(({ id }) => id === "CVE-2024-1000");
  assert.deepEqual([excepted?.exception?.owner, excepted?.exception?.document], ["Ana", "given.json"]);
  assert.equal((await scan(...args)).code, 4);
  mkdirSync(join(folder, "vex"));
  writeFileSync(join(folder, "ingot.yaml"), "project: shop\nimages:\n  web: {base: debian:bookworm}\n");
  write("vex/web.json", { expires: "2999-01-01" });
  assert.equal((await scan(...args)).code, 0);
  write("vex/web.json", { expires: "2026-01-01" });
  const expired = await scan(...args);
  assert.equal(expired.code, 4);
  assert.ok(
    expired.notes.some((note) => /vex\/web\.json: .* expired on 2026-01-01/.test(note)),
    expired.notes.join("\n"),
  );
  write("vex/web.json", { expires: undefined });
  const refused = await run("scan", ...args);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /vex\/web\.json:1:\d+: statements\[0\]\.expires: expected an expiry/);
  assert.match(refused.stderr, /code: vex-invalid/);
});

test("a scan of the store is signed by the scanner's key, again each time; without a key a note names the command", async (t) => {
  const world = await makeWorld(t);
  const { env, folder, layout, run, scan, succeed } = world;
  await succeed("copy", "oci:layout:web", "store:shop/web");
  const args = ["shop/web", "--no-security-suite"];
  await addFeeds(world);
  const unsigned = await run("scan", ...args);
  assert.match(unsigned.stdout, /not signed: there is no key for it; next: ingot key generate scanner/);
  await succeed("key", "generate", "scanner");
  const [first, second] = [await scan(...args), await scan(...args)];
  assert.ok(first.statement && second.statement && first.statement !== second.statement);
  assert.equal((await scan(...args, "--no-sign")).statement, undefined);
  const file = join(env.INGOT_HOME, "keys/scanner.pub");
  const { id, pem } = parsePublicKey(readFileSync(file, "utf8"), file);
  const store = openLayout(join(env.INGOT_HOME, "store"));
  const evidence = readEvidence(store, first.image as Digest, [{ id, pem, role: "scanner", from: file }]);
  assert.equal(evidence.length, 2);
  for (const item of evidence) {
    assert.ok(item.status === "checked" && item.kind === "scan", JSON.stringify(item));
    const { scanner, metadata } = item.statement.predicate as { scanner: { result: ScanJson }; metadata: object };
    assert.equal(scanner.result.image, first.image);
    assert.deepEqual(Object.keys(metadata).toSorted(), ["scanFinishedOn", "scanStartedOn"]);
  }
  const blind = await run("scan", ...args, "--no-feeds", "--fail-on", "high");
  assert.equal(blind.code, 4);
  assert.match(blind.stdout, /not signed: no source of advisories was asked:/);
  assert.match(blind.stdout, /^failed by --fail-on high: no source of advisories was asked, so nothing can be said$/m);
  assert.equal(
    readEvidence(store, first.image as Digest, []).length,
    2,
    "a scan that looked at nothing proves nothing",
  );
  const wrong = { ...env, INGOT_KEY_PASSPHRASE: "other words", INGOT_DEBIAN_MIRROR: join(folder, "absent") };
  const locked = await runIngot(["scan", "shop/web"], { cwd: folder, env: wrong });
  assert.match(locked.stderr, /rotate ROLE[^]*code: passphrase-wrong\n$/, "told before anything is asked for");
  const elsewhere = await run("scan", `oci:${layout.folder}`, "--no-security-suite");
  assert.match(elsewhere.stdout, /not signed: the image is not in the store/);
});

test("an attached exception counts only by a key that is trusted", async (t) => {
  const world = await makeWorld(t);
  await addFeeds(world);
  const { env, folder, scan, succeed } = world;
  await succeed("copy", "oci:layout:web", "store:shop/web");
  await succeed("key", "generate", "scanner");
  writeFileSync(join(folder, "vex.json"), JSON.stringify(makeVex({ expires: "2999-01-01", products: undefined })));
  await succeed("attest", "shop/web", "--type", "vex", "--predicate", "vex.json");
  const args = ["shop/web", "--no-security-suite", "--no-sign", "--fail-on", "high"];
  const stranger = await scan(...args);
  assert.equal(stranger.code, 4);
  assert.ok(
    stranger.notes.some((note) => /^the VEX statement sha256:.* is not used: /.test(note)),
    stranger.notes.join("\n"),
  );
  const trusted = await scan(...args, "--key", `${join(env.INGOT_HOME, "keys/scanner.pub")}=scanner`);
  assert.equal(trusted.code, 0, trusted.notes.join("\n"));
});

test("a scan that no source could answer is not clean: it meets no --fail-on and is not signed", async (t) => {
  const world = await makeWorld(t);
  const { layout, run, succeed } = world;
  await addFeeds(world);
  await succeed("key", "generate", "scanner");
  const entries = debian();
  const jessie = tarEntry({ path: "etc/os-release", content: 'ID=debian\nVERSION_ID="8"\nPRETTY_NAME="Debian 8"\n' });
  const images = {
    "a release that no feed knows": {
      layers: [[...entries.filter(({ path }) => path !== "etc/os-release"), jessie]],
      said: /no source knows the packages of Debian jessie/,
    },
    "an image whose release is hidden": {
      layers: [entries, [tarEntry({ path: "etc/.wh.os-release" })]],
      said: /it has no os-release/,
    },
    "an image without dpkg's list": {
      layers: [entries, [tarEntry({ path: "var/lib/.wh.dpkg" })]],
      said: /has no list of packages that Ingot reads/,
    },
  };
  for (const [what, { layers, said }] of Object.entries(images)) {
    await layout.setReference("hidden", putTinyImage(layout, { layers }));
    await succeed("copy", "oci:layout:hidden", "store:shop/hidden");
    const { code, stdout } = await run("scan", "shop/hidden", "--no-security-suite", "--fail-on", "critical");
    assert.equal(code, 4, what);
    assert.match(stdout, said, what);
    assert.match(stdout, /^no findings, which says nothing: see the notes$/m, what);
    assert.match(stdout, /^failed by --fail-on critical: nothing can be said: /m, what);
    assert.match(stdout, /not signed: /, what);
  }
});

test("--file names the project that a short name is of; what was not built yet is told with the command", async (t) => {
  const { folder, run, scan, succeed } = await makeWorld(t);
  mkdirSync(join(folder, "project"));
  writeFileSync(join(folder, "project/ingot.yaml"), "project: shop\nimages:\n  web: {base: debian:bookworm}\n");
  const args = ["web", "--no-security-suite", "-f", "project/ingot.yaml"];
  const early = await run("scan", ...args);
  assert.match(
    early.stderr,
    /the store has no image "shop\/web": it was not built here yet\nhint: ingot build web, or /,
  );
  await succeed("copy", "oci:layout:web", "store:shop/web");
  assert.equal((await scan(...args)).code, 0);
  assert.match((await run("scan", "web", "--no-security-suite")).stderr, /code: reference-unknown/);
  for (const command of ["scan", "verify", "evidence"]) {
    assert.match((await run(command, "web", "-f", "absent.yaml")).stderr, /code: definition-missing/, command);
  }
});

test("a scan says when its key is not the one that the project trusts for scans", async (t) => {
  const world = await makeWorld(t);
  const { folder, run, succeed } = world;
  await addFeeds(world);
  await succeed("copy", "oci:layout:web", "store:shop/web");
  await succeed("key", "generate", "scanner", "tester", "--trust", "trust");
  const define = (key: string) =>
    writeFileSync(
      join(folder, "ingot.yaml"),
      `project: shop\nimages:\n  web: {base: debian:bookworm}\ntrust:\n  scanner: [./trust/${key}.pub]\n`,
    );
  define("tester");
  const stranger = await run("scan", "web", "--no-security-suite");
  assert.match(stranger.stderr, /trust: of ingot\.yaml does not name the scanner's key [^]*ingot key public scanner/);
  define("scanner");
  assert.doesNotMatch((await run("scan", "web", "--no-security-suite")).stderr, /does not name/);
});

test("a registry's image is pulled by its reference and scanned", async (t) => {
  const { layout, run } = await makeWorld(t);
  const registry = await startFakeRegistry(t);
  const reference = `${registry.host}/shop/web:1`;
  const pushed = await run("copy", `oci:${layout.folder}:web`, `docker://${reference}`);
  assert.equal(pushed.code, 0, pushed.stderr);
  const result = await run("scan", reference, "--no-security-suite", "--json");
  assert.equal(result.code, 0, result.stderr);
  const { name, notes } = parseJson<ScanJson>(result);
  assert.equal(name, reference);
  assert.match(notes[0] ?? "", /^no source of advisories was asked/);
});

test("a list of images for several platforms is refused: each of them differs", async (t) => {
  const { layout, run } = await makeWorld(t);
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const content = canonicalJson({ schemaVersion: 2, mediaType, manifests: layout.listManifests() });
  await layout.setReference("list", { mediaType, digest: layout.putBlob(content), size: content.length });
  const { code, stderr } = await run("scan", "oci:layout:list");
  assert.equal(code, 1);
  assert.match(stderr, /is a list of images for several platforms/);
});

test("mistakes of the command line are usage errors, before anything is read", async (t) => {
  const { folder, run } = await makeWorld(t);
  writeFileSync(join(folder, "there.json"), "{}");
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--fail-on", "hihg"], /--fail-on does not know "hihg"; did you mean high\?/],
    [["--vex-out", "x.json"], /--vex-out needs to know who answers/],
    [["--vex-out", "there.json", "--author", "Ana"], /--vex-out would overwrite there\.json/],
    [["--author", "Ana"], /--author and --role are for --vex-out/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await run("scan", "no/such", ...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

test("a security suite that cannot be asked is an error that names the way around, not a scan with less in it", async (t) => {
  const { folder, env } = await makeWorld(t);
  const mirror = `file://${folder}/nowhere`;
  const result = await runIngot(["scan", "oci:layout:web"], {
    cwd: folder,
    env: { ...env, INGOT_DEBIAN_MIRROR: mirror },
  });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /--no-security-suite scans by feeds alone/);
});

test("a real Debian without security updates has the findings of the security suite, with its changelogs as evidence", async (t) => {
  const why = whyNoOutdatedImage();
  if (why !== undefined) return t.skip(why);
  const { folder, env, scan } = await makeWorld(t);
  cpSync(await outdatedImageLayout(), join(folder, "real"), { recursive: true });
  const found = await scan("oci:real:web", "--no-feeds", "--fail-on", "fixable", "--sarif", "real.sarif");
  const ofNginx = found.findings.filter((finding) => finding.package.name === "nginx");
  assert.ok(ofNginx.length > 0);
  for (const finding of ofNginx) {
    assert.equal(finding.state, "fixed");
    assert.match(finding.evidence[0]?.text ?? "", new RegExp(`^nginx \\S+: .*${finding.id}`));
    assert.ok(finding.package.binaries.some((binary) => binary.startsWith("nginx-light=")));
  }
  assert.equal(found.code, 4);
  assertSarif(JSON.parse(readFileSync(join(folder, "real.sarif"), "utf8")) as object);
  assert.ok(readdirSync(env.INGOT_HOME).length > 0);
});
