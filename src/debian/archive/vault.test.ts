import assert from "node:assert/strict";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { processContext } from "../../ground/context.ts";
import { makeWorld, shortPatience as patience, wantedOf, type World } from "./archive.fixture.ts";
import { checkVault, sweepVault } from "./check-vault.ts";
import { fetchArchives } from "./vault.ts";
import { partPath, readVerified, vaultPath } from "./vault-files.ts";

function fetchAll({ ctx, plan, archive }: World) {
  return fetchArchives(ctx, plan, wantedOf(archive), { patience });
}

function filesOf(world: World): readonly string[] {
  return globSync("vault/**/*", { cwd: world.home })
    .filter((name) => /\.(deb|part|tmp)$/.test(name))
    .toSorted();
}

/** The first sample package: large enough to be broken off in its middle. */
function alphaOf(world: World) {
  const alpha = wantedOf(world.archive)[0];
  assert.ok(alpha);
  return alpha;
}

test("packages come into the vault by their content, and are asked for once", async (t) => {
  const world = await makeWorld(t);
  const paths = await fetchAll(world);
  for (const wanted of wantedOf(world.archive)) {
    const path = paths.get(wanted.sha256) ?? "";
    assert.equal(path, join(world.home, "vault/sha256", wanted.sha256.slice(0, 2), `${wanted.sha256}.deb`));
    assert.equal(readVerified(path, wanted.sha256).length, wanted.size);
  }
  assert.equal(filesOf(world).length, 2);
  assert.equal(world.server.requests.length, 2);
  await fetchAll(world);
  assert.equal(world.server.requests.length, 2);
});

test("packages also come from a folder", async (t) => {
  const world = await makeWorld(t);
  const suites = world.plan.suites.map((suite) => ({ ...suite, uris: [`file:${world.archive.folder}/debian`] }));
  await fetchArchives(world.ctx, { ...world.plan, suites }, wantedOf(world.archive), { patience });
  assert.equal(filesOf(world).length, 2);
  assert.equal(world.server.requests.length, 0);
});

test("a mirror that dies in the middle is asked for the rest", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/alpha/, { kind: "break", bytes: 100 }, 1);
  await fetchAll(world);
  const ranges = world.server.requests
    .filter((request) => request.path.includes("alpha"))
    .map((request) => request.range);
  assert.deepEqual(ranges, [undefined, "bytes=100-"]);
});

test("a mirror that knows no ranges is read from the beginning", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/alpha/, { kind: "break", bytes: 100 }, 1);
  world.server.addFault(/alpha/, { kind: "no-range" }, 1);
  await fetchAll(world);
  assert.equal(filesOf(world).length, 2);
  assert.equal(world.server.requests.filter((request) => request.path.includes("alpha")).length, 2);
});

test("a mirror that stays dead is given up, its part is kept, and a later call resumes it", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/alpha/, { kind: "break", bytes: 100 }, 1);
  world.server.addFault(/alpha/, { kind: "status", status: 503 }, 2);
  await assert.rejects(fetchAll(world), { code: "download-failed", message: /503 \(tried 3 times\)/ });
  assert.equal(readFileSync(partPath(world.home, alphaOf(world).sha256)).length, 100);
  await fetchAll(world);
  assert.equal(world.server.requests.at(-1)?.range, "bytes=100-");
  assert.equal(filesOf(world).length, 2);
});

test("two answers of 503 are survived", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/beta/, { kind: "status", status: 503 }, 2);
  await fetchAll(world);
  assert.equal(filesOf(world).length, 2);
});

test("a stalled connection is dropped and tried anew", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/alpha/, { kind: "stall", bytes: 50 }, 1);
  await fetchAll(world);
  world.server.addFault(/alpha/, { kind: "stall", bytes: 0 });
  rmSync(join(world.home, "vault"), { recursive: true });
  await assert.rejects(fetchAll(world), { code: "download-failed", message: /nothing came for 0.2 s/ });
});

test("altered content is refused with both hashes, and not kept", async (t) => {
  const world = await makeWorld(t);
  const { sha256 } = alphaOf(world);
  world.server.addFault(/alpha/, { kind: "alter", offset: 80 });
  await assert.rejects(fetchAll(world), {
    code: "download-corrupt",
    message: new RegExp(`alpha 1:1.0-1: expected \\d+ bytes with SHA-256 ${sha256}, got \\d+ with [0-9a-f]{64}`),
  });
  assert.ok(!filesOf(world).some((name) => name.includes(`${sha256}.deb`)));
  assert.equal(readFileSync(partPath(world.home, sha256)).length, 0);
});

test("a truncated package is refused, and longer content too", async (t) => {
  const world = await makeWorld(t);
  const alpha = alphaOf(world);
  const served = join(world.archive.folder, "debian", alpha.path);
  const content = readFileSync(served);
  writeFileSync(served, content.subarray(0, 60));
  await assert.rejects(fetchAll(world), { code: "download-failed", message: /60 of \d+ bytes/ });
  writeFileSync(served, Buffer.concat([content, Buffer.alloc(1 << 20)]));
  await assert.rejects(fetchAll(world), { code: "download-corrupt", message: /got more with/ });
  writeFileSync(served, content);
  assert.equal((await fetchAll(world)).size, 2);
});

test("a damaged part of an earlier run does not spoil the file", async (t) => {
  const world = await makeWorld(t);
  const alpha = alphaOf(world);
  const partial = partPath(world.home, alpha.sha256);
  for (const part of [Buffer.alloc(40), Buffer.alloc(alpha.size), Buffer.alloc(alpha.size + 10)]) {
    mkdirSync(dirname(partial), { recursive: true });
    writeFileSync(partial, part);
    await fetchAll(world);
    readVerified(vaultPath(world.home, alpha.sha256), alpha.sha256);
    rmSync(join(world.home, "vault"), { recursive: true });
  }
});

test("the next mirror is tried when one fails or lacks a file", async (t) => {
  const world = await makeWorld(t);
  const suites = world.plan.suites.map((suite) => ({ ...suite, uris: [`${world.server.url}/nowhere`, ...suite.uris] }));
  await fetchArchives(world.ctx, { ...world.plan, suites }, wantedOf(world.archive), { patience });
  assert.equal(filesOf(world).length, 2);
});

test("a package that the mirror has dropped is named with what to do", async (t) => {
  const world = await makeWorld(t);
  rmSync(join(world.archive.folder, "debian", alphaOf(world).path));
  await assert.rejects(fetchAll(world), {
    code: "download-missing",
    message: /alpha 1:1\.0-1/,
    hint: /ingot lock --update alpha.*mirror.*vault/,
  });
});

test("a package in the vault is used though the mirror has dropped it", async (t) => {
  const world = await makeWorld(t);
  await fetchAll(world);
  await world.server.close();
  assert.equal((await fetchAll(world)).size, 2);
  const noMirror = () => assert.fail("a full vault needs no mirror");
  assert.equal((await fetchArchives(world.ctx, noMirror, wantedOf(world.archive))).size, 2);
});

test("an unreachable mirror is named", async (t) => {
  const world = await makeWorld(t);
  await world.server.close();
  await assert.rejects(fetchAll(world), {
    code: "download-failed",
    message: /ECONNREFUSED/,
    hint: /run the same command again/,
  });
});

test("two fetches at once send each file once", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/./, { kind: "slow", milliseconds: 100 });
  await Promise.all([fetchAll(world), fetchAll(world), fetchAll(world)]);
  assert.equal(world.server.requests.length, 2);
  assert.equal(filesOf(world).length, 2);
});

test("a stopped fetch says so and leaves the vault whole", async (t) => {
  const world = await makeWorld(t);
  const stop = new AbortController();
  const ctx = processContext({ ...world.ctx, signal: stop.signal });
  world.server.addFault(/alpha/, { kind: "stall", bytes: 60 });
  const fetching = fetchArchives(ctx, world.plan, wantedOf(world.archive), {
    patience: { ...patience, stall: 60_000 },
  });
  setTimeout(() => stop.abort(), 100);
  await assert.rejects(fetching, { code: "cancelled" });
  assert.deepEqual((await checkVault(world.ctx)).damaged, []);
  world.server.clearFaults();
  await fetchAll(world);
  assert.equal(world.server.requests.at(-1)?.range, "bytes=60-");
});

test("progress ends at exactly the wanted bytes, also over restarts", async (t) => {
  const world = await makeWorld(t);
  const progress = watchProgress(world);
  world.server.addFault(/alpha/, { kind: "break", bytes: 100 }, 1);
  world.server.addFault(/alpha/, { kind: "no-range" }, 1);
  await fetchArchives(progress.ctx, world.plan, wantedOf(world.archive), { patience });
  assert.equal(
    progress.total(),
    wantedOf(world.archive).reduce((sum, file) => sum + file.size, 0),
  );
  assert.equal(progress.done(), progress.total());
});

test("a mirror that sends without end is cut off", async (t) => {
  const world = await makeWorld(t);
  const progress = watchProgress(world);
  writeFileSync(join(world.archive.folder, "debian", alphaOf(world).path), Buffer.alloc(32 << 20));
  // Not the shortest one: on a busy machine this very process may be what is slow.
  const fetching = fetchArchives(progress.ctx, world.plan, [alphaOf(world)], {
    patience: { ...patience, stall: 60_000 },
  });
  await assert.rejects(fetching, { code: "download-corrupt" });
  assert.ok(progress.peak() < 4 << 20, `${progress.peak()} bytes were taken`);
});

function watchProgress({ ctx }: World) {
  let [done, total, peak] = [0, 0, 0];
  const advance = (bytes: number) => {
    done += bytes;
    peak = Math.max(peak, done);
  };
  const task = (_: string, options?: { total?: number }) => {
    total = options?.total ?? 0;
    return { advance, done: () => {} };
  };
  return { ctx: { ...ctx, report: { ...ctx.report, task } }, done: () => done, total: () => total, peak: () => peak };
}

test("a damaged file is found when read and by the check, which can take it away", async (t) => {
  const world = await makeWorld(t);
  const alpha = alphaOf(world);
  await fetchAll(world);
  const path = vaultPath(world.home, alpha.sha256);
  const content = readFileSync(path);
  writeFileSync(path, content.with(70, 1 ^ (content[70] ?? 0)));
  assert.throws(() => readVerified(path, alpha.sha256), { code: "vault-damaged", message: new RegExp(path) });
  assert.deepEqual((await checkVault(world.ctx)).damaged, [path]);
  await checkVault(world.ctx, { remove: true });
  await fetchAll(world);
  assert.deepEqual((await checkVault(world.ctx)).damaged, []);
});

test("a file of the wrong length counts as absent", async (t) => {
  const world = await makeWorld(t);
  const alpha = alphaOf(world);
  await fetchAll(world);
  writeFileSync(vaultPath(world.home, alpha.sha256), "");
  await fetchAll(world);
  readVerified(vaultPath(world.home, alpha.sha256), alpha.sha256);
});

test("a sweep keeps what is named and removes the rest with abandoned parts", async (t) => {
  const world = await makeWorld(t);
  const alpha = alphaOf(world);
  await fetchAll(world);
  writeFileSync(partPath(world.home, "0".repeat(64)), "left");
  assert.equal(sweepVault(world.home, new Set([alpha.sha256])).files, 2);
  assert.deepEqual(filesOf(world), [`vault/sha256/${alpha.sha256.slice(0, 2)}/${alpha.sha256}.deb`]);
});

test("a hash that is none cannot lead out of the vault", () => {
  assert.throws(() => vaultPath("/home", "../../etc/passwd"), { code: "internal-error" });
});
