import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clearsign, makeArchiveKey } from "../../../test/support/archive-key.ts";
import { makeWorld, samplePackages, shortPatience as patience, type World } from "./archive.fixture.ts";
import { parseControl } from "./control.ts";
import { sweepLists } from "./lists-cache.ts";
import { readSuites, type ReadOptions } from "./read-suites.ts";

const day = 24 * 3600 * 1000;
const indexPath = "debian/dists/bookworm/main/binary-amd64";

function read({ ctx, plan }: Pick<World, "ctx" | "plan">, options: ReadOptions = {}) {
  return readSuites(ctx, plan, { patience, ...options });
}

async function namesOf(world: Pick<World, "ctx" | "plan">): Promise<readonly string[]> {
  const suites = await read(world);
  return suites.flatMap(({ packages }) =>
    packages.flatMap((index) =>
      parseControl(index, { where: "Packages" }).map((stanza) => stanza.require("Package", "")),
    ),
  );
}

function at(world: World, date: Date): World {
  return { ...world, ctx: { ...world.ctx, now: () => date } };
}

test("all suites are read, in the plan's order, with what the lock records of them", async (t) => {
  const world = await makeWorld(t, { main: samplePackages, security: [{ name: "gamma", version: "3" }] });
  const suites = await read(world);
  const inRelease = readFileSync(join(world.archive.folder, "debian/dists/bookworm/InRelease"));
  assert.deepEqual(
    suites.map(({ suite }) => `${suite.archive} ${suite.suite} ${suite.components.join()} ${suite.signedBy.join()}`),
    [
      `main bookworm main ${world.archive.key.fingerprint}`,
      `main bookworm-updates main ${world.archive.key.fingerprint}`,
      `security bookworm-security main ${world.archive.key.fingerprint}`,
    ],
  );
  assert.equal(suites[0]?.suite.digest, `sha256:${hash("sha256", inRelease)}`);
  assert.deepEqual(await namesOf(world), ["alpha", "beta", "gamma"]);
});

test("lists come from a folder as well", async (t) => {
  const world = await makeWorld(t);
  const suites = world.plan.suites.map((suite) => ({
    ...suite,
    uris: [`file:${world.archive.folder}/${suite.archive === "main" ? "debian" : "debian-security"}`],
  }));
  assert.deepEqual(await namesOf({ ...world, plan: { ...world.plan, suites } }), ["alpha", "beta"]);
  assert.equal(world.server.requests.length, 0);
});

test("of one URL, the security suite is found beside the main archive or in it", async (t) => {
  const world = await makeWorld(t);
  const root = `${world.server.url}/debian`;
  const suites = world.plan.suites.map((suite) => ({
    ...suite,
    uris: suite.archive === "main" ? [root] : [`${root}-none`, `${root}-security`],
  }));
  assert.deepEqual(await namesOf({ ...world, plan: { ...world.plan, suites } }), ["alpha", "beta"]);
});

test("a second reading asks only whether the lists have changed", async (t) => {
  const world = await makeWorld(t);
  await read(world);
  world.server.requests.length = 0;
  assert.deepEqual(await namesOf(world), ["alpha", "beta"]);
  assert.deepEqual(
    world.server.requests.map((request) => request.status),
    [304, 304, 304],
  );
});

test("a damaged cache is replaced", async (t) => {
  const world = await makeWorld(t);
  await read(world);
  for (const path of globSync(join(world.home, "cache/lists/*"))) {
    const text = readFileSync(path, "latin1");
    writeFileSync(path, text.replaceAll("alpha", "alpho").replaceAll("Origin: Test", "Origin: Tost"), "latin1");
  }
  assert.deepEqual(await namesOf(world), ["alpha", "beta"]);
  for (const path of globSync(join(world.home, "cache/lists/*"))) writeFileSync(path, "{");
  assert.deepEqual(await namesOf(world), ["alpha", "beta"]);
});

test("an index is fetched by its hash, and by its name where the mirror has no hashes", async (t) => {
  const world = await makeWorld(t);
  await read(world);
  assert.ok(world.server.requests.some((request) => request.path.includes("by-hash/SHA256")));
  assert.ok(!world.server.requests.some((request) => request.path.includes("Packages")));
  const plain = await makeWorld(t, { main: samplePackages, byHash: false });
  await read(plain);
  assert.ok(plain.server.requests.some((request) => request.path.endsWith("/Packages.xz")));
  const broken = await makeWorld(t);
  rmSync(join(broken.archive.folder, indexPath, "by-hash"), { recursive: true });
  assert.deepEqual(await namesOf(broken), ["alpha", "beta"]);
});

test("indexes may be compressed by gzip or not at all", async (t) => {
  for (const compression of [".gz", ""] as const) {
    const world = await makeWorld(t, { main: samplePackages, compressions: [compression] });
    assert.deepEqual(await namesOf(world), ["alpha", "beta"]);
  }
});

test("an altered index is refused before it is unpacked", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/bookworm\/main\/binary-amd64/, { kind: "alter", offset: 20 });
  await assert.rejects(read(world), { code: "archive-changing", message: /expected \d+ bytes with SHA-256/ });
  assert.deepEqual(globSync(join(world.home, "cache/lists/*.tmp")), []);
});

test("an index that unpacks to more, less or other than the list says is refused", async (t) => {
  for (const change of [(size: string) => String(Number(size) - 1), (size: string) => String(Number(size) + 1)]) {
    const world = await makeWorld(t);
    await resign(world, (release) =>
      release.replace(
        / (\d+) (main\/binary-amd64\/Packages)$/m,
        (_, size: string, path: string) => ` ${change(size)} ${path}`,
      ),
    );
    await assert.rejects(read(world), { code: "archive-changing", message: /does not unpack to the \d+ bytes/ });
  }
  const world = await makeWorld(t);
  await resign(world, (release) =>
    release.replace(/[0-9a-f]{64}( \d+ main\/binary-amd64\/Packages)$/m, `${"0".repeat(64)}$1`),
  );
  await assert.rejects(read(world), { code: "archive-changing", message: /unpacks to other content/ });
});

test("an index that the signed list does not name is no empty one", async (t) => {
  const world = await makeWorld(t);
  await resign(world, (release) => release.replaceAll("binary-amd64", "binary-i386"));
  await assert.rejects(read(world), {
    code: "archive-incomplete",
    message: /main\/binary-amd64\/Packages is not listed/,
  });
});

test("a mirror that changes between list and index is asked once more", async (t) => {
  const world = await makeWorld(t, { main: samplePackages, byHash: false });
  world.server.addFault(/bookworm\/main\/binary-amd64/, { kind: "alter", offset: 20 }, 1);
  assert.deepEqual(await namesOf(world), ["alpha", "beta"]);
  world.server.addFault(/bookworm\/main\/binary-amd64/, { kind: "status", status: 404 });
  rmSync(world.home, { recursive: true });
  await assert.rejects(read(world), { code: "archive-changing", hint: /try again/ });
});

test("a mirror that dies in the middle of a list or an index is asked again", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/InRelease/, { kind: "break", bytes: 100 }, 2);
  world.server.addFault(/by-hash/, { kind: "break", bytes: 10 }, 2);
  world.server.addFault(/by-hash/, { kind: "status", status: 503 }, 1);
  assert.deepEqual(await namesOf(world), ["alpha", "beta"]);
});

test("a truncated list is refused", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/bookworm\/InRelease/, { kind: "truncate", bytes: 300 });
  await assert.rejects(read(world), { code: "archive-signature-bad" });
});

test("a list or index longer than it may be is cut off", async (t) => {
  const world = await makeWorld(t);
  const index = globSync(join(world.archive.folder, indexPath, "by-hash/SHA256/*"));
  for (const path of index) writeFileSync(path, Buffer.alloc(1 << 20));
  await assert.rejects(read(world), { code: "archive-changing", message: /longer than the \d+ bytes/ });
  writeFileSync(join(world.archive.folder, "debian/dists/bookworm/InRelease"), Buffer.alloc(5 << 20));
  await assert.rejects(read(world), { code: "download-corrupt", message: /longer than the 4194304 bytes/ });
});

test("unsigned, altered and wrongly signed lists are refused", async (t) => {
  const world = await makeWorld(t);
  await world.archive.publish({ main: samplePackages, signature: "none" });
  await assert.rejects(read(world), { code: "archive-unsigned" });
  await world.archive.publish({ main: samplePackages, signature: "altered" });
  await assert.rejects(read(world), { code: "archive-signature-bad" });
  await world.archive.publish({ main: samplePackages, signature: [await makeArchiveKey()] });
  await assert.rejects(read(world), { code: "archive-key-unknown", message: new RegExp(world.archive.keyring) });
});

test("expired lists are refused when locking only, future ones always", async (t) => {
  const world = await makeWorld(t, { date: new Date(Date.now() - 2 * day), validUntil: new Date(Date.now() - day) });
  await assert.rejects(read(world), { code: "archive-expired" });
  await read(world, { enforceValidUntil: false });
  await read({ ...world, ctx: { ...world.ctx, env: { INGOT_ALLOW_EXPIRED_ARCHIVE: "1" } } });
  await read(at(world, new Date(Date.now() - 1.5 * day)));
  const future = await makeWorld(t, { date: new Date(Date.now() + day) });
  await assert.rejects(read(future), { code: "archive-from-future" });
});

test("the list of another suite is refused", async (t) => {
  const world = await makeWorld(t, { release: { Suite: "stable", Codename: "bullseye" } });
  await assert.rejects(read(world), { code: "archive-suite-mismatch", message: /bullseye/ });
});

test("a list older than the one seen before is refused, unless it is allowed (V1)", async (t) => {
  const world = await makeWorld(t, { date: new Date(Date.now() - day) });
  await read(world);
  await world.archive.publish({ date: new Date(Date.now() - 2 * day) });
  await assert.rejects(read(world), { code: "archive-rolled-back", hint: /INGOT_ALLOW_OLDER_ARCHIVE=1/ });
  await assert.rejects(read(world), { code: "archive-rolled-back" });
  const allowed = { ...world, ctx: { ...world.ctx, env: { ...world.ctx.env, INGOT_ALLOW_OLDER_ARCHIVE: "1" } } };
  await read(allowed);
});

test("a list older than the lock's is refused also by a host that never saw the newer one (V1)", async (t) => {
  const date = new Date(Date.now() - 2 * day);
  const world = await makeWorld(t, { date });
  await read(world, {
    notBefore: new Map([["bookworm", new Date(Math.floor(date.getTime() / 1000) * 1000).toISOString()]]),
  });
  const notBefore = new Map([["bookworm", new Date(Date.now() - day).toISOString()]]);
  await assert.rejects(read(world, { notBefore }), { code: "archive-rolled-back", message: /the lock/ });
});

test("a suite that the mirror lacks is named with the mirror's origin", async (t) => {
  const world = await makeWorld(t);
  rmSync(join(world.archive.folder, "debian/dists/bookworm-updates"), { recursive: true });
  await assert.rejects(read(world), {
    code: "download-missing",
    message: /bookworm-updates/,
    hint: /INGOT_DEBIAN_MIRROR/,
  });
});

test("an unreachable mirror is named with the system's reason", async (t) => {
  const world = await makeWorld(t);
  await world.server.close();
  await assert.rejects(read(world), { code: "download-failed", message: /ECONNREFUSED.*tried 3 times/ });
});

test("a mirror at a port that nothing is ever fetched from is told so at once", async (t) => {
  const world = await makeWorld(t);
  let asked = 0;
  const fetch = () => {
    asked += 1;
    return Promise.reject(new TypeError("fetch failed"));
  };
  const ctx = { ...world.ctx, fetch };
  const suites = world.plan.suites.map((suite) => ({ ...suite, uris: ["http://127.0.0.1:9/debian"] }));
  await assert.rejects(read({ ctx, plan: { ...world.plan, suites } }), {
    code: "mirror-unknown",
    message: /^http:\/\/127\.0\.0\.1:9\/debian\/[^ ]+ cannot be used: port 9 is reserved/,
    hint: /INGOT_DEBIAN_MIRROR/,
  });
  assert.equal(asked, 0);
});

test("a sweep removes indexes that no list names any more", async (t) => {
  const world = await makeWorld(t);
  await read(world);
  assert.equal(sweepLists(world.home), 0);
  await world.archive.publish({ main: [{ name: "delta", version: "1" }] });
  await read(world);
  assert.ok(sweepLists(world.home) > 100);
  world.server.requests.length = 0;
  assert.deepEqual(await namesOf(world), ["delta"]);
  assert.ok(world.server.requests.length > 0);
  assert.ok(world.server.requests.every((request) => request.path.endsWith("InRelease")));
});

/** Changes the text of the main suite's Release and signs it again, as an archive's owner could. */
async function resign({ archive }: World, change: (release: string) => string): Promise<void> {
  const folder = join(archive.folder, "debian/dists/bookworm");
  const release = change(readFileSync(join(folder, "Release"), "utf8"));
  writeFileSync(join(folder, "InRelease"), await clearsign(release, [archive.key]));
}
