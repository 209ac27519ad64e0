/** Ctrl-C, and worse, in the middle of a command. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import test, { after, describe, type TestContext } from "node:test";
import { findProcesses, makeIngotWorld, type Ender, type IngotWorld } from "../support/ingot-world.ts";
import { whyNoTinyDebian } from "../support/tiny-debian.ts";
import { assertWhole, readLock, waitUntil } from "./bad-case.ts";

const skip = whyNoTinyDebian() ?? false;

/** Its package's script sleeps for `pause` seconds: so long that no signal comes too late, and so odd that no other process sleeps for it. */
async function makeWorld(t: Ender, pause: string): Promise<IngotWorld> {
  const slow = { name: "slow", version: "1.0", scripts: { postinst: `#!/bin/sh\nsleep ${pause}\n` } };
  const made = await makeIngotWorld(t, { main: [slow] });
  made.define("  web: {base: debian:bookworm, packages: [slow]}\n");
  if (skip === false) await made.succeed("lock");
  return made;
}

const world = await makeWorld({ after }, "0.1");

type Stop = { readonly signal: NodeJS.Signals; readonly group: boolean; readonly exit: number };

const stops: Readonly<Record<string, Stop>> = {
  "Ctrl-C, which reaches every process of the terminal": { signal: "SIGINT", group: true, exit: 130 },
  "SIGINT to the one process": { signal: "SIGINT", group: false, exit: 130 },
  "SIGTERM to the one process": { signal: "SIGTERM", group: false, exit: 130 },
  "SIGKILL to the one process": { signal: "SIGKILL", group: false, exit: 137 },
};

// Two at a time, in worlds of their own: most of the time a script sleeps.
describe("while a script runs", { concurrency: 2, skip }, () => {
  for (const [at, [name, stop]] of Object.entries(stops).entries())
    test(`after ${name} nothing is left, and the same command goes on`, (t) => stopInScript(t, stop, `2.53197${at}`));
});

async function stopInScript(t: TestContext, { signal, group, exit }: Stop, pause: string): Promise<void> {
  const own = await makeWorld(t, pause);
  own.forget();
  // Scripts see nothing of the host, so neither environment nor mounts tell whose they are: the odd number does.
  const isPausing = () => findProcesses(pause).length > 0;
  const before = readLock(own);
  const { code, stdout, stderr } = await own.run(["build"], {
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
  await assertWhole(own, before);
  assert.deepEqual(JSON.parse((await own.succeed("images", "--json")).stdout), { images: [] });
  await own.succeed("build");
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
