import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mount, unmount } from "../../ground/libc.ts";
import { makeWorld, samplePackages, shortPatience as patience, wantedOf, type World } from "./archive.fixture.ts";
import { checkVault } from "./check-vault.ts";
import { fetchArchives } from "./vault.ts";
import { partPath, readVerified } from "./vault-files.ts";

/** Another process that fetches the same packages into the same vault. */
function fetchElsewhere(t: TestContext, world: World): ChildProcess {
  const input = { home: world.home, plan: world.plan, wanted: wantedOf(world.archive) };
  const script = `
    import { processContext } from ${JSON.stringify(import.meta.resolve("../../ground/context.ts"))};
    import { fetchArchives } from ${JSON.stringify(import.meta.resolve("./vault.ts"))};
    const { home, plan, wanted } = JSON.parse(process.argv[1]);
    await fetchArchives(processContext({ home }), plan, wanted);
  `;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script, JSON.stringify(input)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

test("a process killed in the middle leaves a whole vault, and the next one goes on", async (t) => {
  const world = await makeWorld(t);
  const [alpha] = wantedOf(world.archive);
  assert.ok(alpha);
  world.server.addFault(/alpha/, { kind: "stall", bytes: 60 }, 1);
  const child = fetchElsewhere(t, world);
  const partial = partPath(world.home, alpha.sha256);
  while (sizeOf(partial) < 60) await sleep(10);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual((await checkVault(world.ctx)).damaged, []);
  const paths = await fetchArchives(world.ctx, world.plan, wantedOf(world.archive), { patience });
  readVerified(paths.get(alpha.sha256) ?? "", alpha.sha256);
  assert.equal(world.server.requests.at(-1)?.range, "bytes=60-");
});

test("two processes at once send each file once", async (t) => {
  const world = await makeWorld(t);
  world.server.addFault(/./, { kind: "slow", milliseconds: 400 });
  const children = [fetchElsewhere(t, world), fetchElsewhere(t, world)];
  const codes = await Promise.all(children.map((child) => once(child, "exit")));
  assert.deepEqual(
    codes.map(([code]): unknown => code),
    [0, 0],
  );
  assert.equal(world.server.requests.length, 2);
  assert.equal((await checkVault(world.ctx)).files, 2);
});

test("a full disk is told with package and place, and leaves the vault whole", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root: mounts a small tmpfs");
  const noise = Buffer.from(
    Array.from({ length: 200_000 }, (_, index) => (index * index * 2_654_435_761) >>> 13),
  ).toString("base64");
  const world = await makeWorld(t, {
    main: [...samplePackages, { name: "large", version: "1", files: { large: noise } }],
  });
  mkdirSync(join(world.home, "vault"), { recursive: true });
  mount("tmpfs", join(world.home, "vault"), { type: "tmpfs", data: "size=64k" });
  try {
    const fetching = fetchArchives(world.ctx, world.plan, wantedOf(world.archive), { patience });
    await assert.rejects(fetching, { code: "disk-full", message: /no space is left in .* for \w+ \S+ \(\d+ bytes\)/ });
    assert.deepEqual((await checkVault(world.ctx)).damaged, []);
  } finally {
    unmount(join(world.home, "vault"));
  }
  assert.equal((await fetchArchives(world.ctx, world.plan, wantedOf(world.archive), { patience })).size, 3);
});

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
