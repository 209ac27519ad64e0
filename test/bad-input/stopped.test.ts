/** Ctrl-C, and worse, in the middle of a command. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import test, { after } from "node:test";
import { findProcesses, makeIngotWorld } from "../support/ingot-world.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { assertWhole, readLock, waitUntil } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;
/** So long that no signal comes too late, and so odd that no other process sleeps for it. */
const pause = "2.531973";
const slow = { name: "slow", version: "1.0", scripts: { postinst: `#!/bin/sh\nsleep ${pause}\n` } };
const world = await makeIngotWorld({ after }, { main: [slow] });
world.define("  web: {base: debian:bookworm, packages: [slow]}\n");
if (skip === false) await world.succeed("lock");

/** Scripts see nothing of the host, so neither environment nor mounts tell whose they are: the odd number does. */
const isPausing = () => findProcesses(pause).length > 0;

type Stop = { readonly signal: NodeJS.Signals; readonly group: boolean; readonly exit: number };

const stops: Readonly<Record<string, Stop>> = {
  "Ctrl-C, which reaches every process of the terminal": { signal: "SIGINT", group: true, exit: 130 },
  "SIGINT to the one process": { signal: "SIGINT", group: false, exit: 130 },
  "SIGTERM to the one process": { signal: "SIGTERM", group: false, exit: 130 },
  "SIGKILL to the one process": { signal: "SIGKILL", group: false, exit: 137 },
};

for (const [name, { signal, group, exit }] of Object.entries(stops)) {
  test(`after ${name} while a script runs nothing is left, and the same command goes on`, { skip }, async () => {
    world.forget();
    const before = readLock(world);
    const { code, stdout, stderr } = await world.run(["build"], {
      ownGroup: true,
      during: async (pid) => {
        await waitUntil(isPausing, () => "the script runs");
        process.kill(group ? -pid : pid, signal);
      },
    });
    assert.deepEqual({ code, stdout }, { code: exit, stdout: "" }, stderr);
    if (exit === 130) assert.match(stderr, new RegExp(`error: .*\nhint: .*\ncode: cancelled\n$`));
    await waitUntil(
      () => !isPausing(),
      () => findProcesses(pause).join("\n"),
    );
    await assertWhole(world, before);
    assert.deepEqual(JSON.parse((await world.succeed("images", "--json")).stdout), { images: [] });
    await world.succeed("build");
  });
}

for (const [what, args, path] of [
  ["a list", ["lock", "--update"], /binary-amd64/],
  ["a package", ["build"], /pool.*slow/],
] as const) {
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    test(
      `after ${signal} while ${what} is fetched the lock is as it was, and the same command goes on`,
      { skip },
      async () => {
        world.forget();
        const before = readLock(world);
        world.server.addFault(path, { kind: "stall", bytes: 100 });
        const seen = world.server.requests.length;
        const result = await world.run(args, {
          during: async (pid) => {
            const isAsked = () => world.server.requests.slice(seen).some((request) => path.test(request.path));
            await waitUntil(isAsked, () => `${what} is asked for`);
            process.kill(pid, signal);
          },
        });
        world.server.clearFaults();
        assert.equal(result.code, signal === "SIGINT" ? 130 : 137, result.stderr);
        await assertWhole(world, before);
        if (what === "a list") await world.succeed(...args);
      },
    );
  }
}

test("a build that was killed before it wrote the first lock leaves no lock", { skip }, async () => {
  world.forget();
  rmSync(world.lockPath);
  world.server.addFault(/binary-amd64/, { kind: "stall", bytes: 100 });
  const { code } = await world.run(["build"], { kill: { signal: "SIGKILL", after: "locking first" } });
  world.server.clearFaults();
  assert.equal(code, 137);
  assert.ok(!existsSync(world.lockPath));
  await world.succeed("lock");
  assert.match(readFileSync(world.lockPath, "utf8"), /"slow"/);
});
