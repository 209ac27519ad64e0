import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Watch } from "../../watch/watch.ts";
import { findInside, keepStrays } from "./find-strays.ts";

const needs = process.getuid?.() === 0 ? {} : { skip: "needs root: namespaces are made" };

test(
  "a process of an instance that has ended since the look through /proc is no stray, nor is one that nobody waits for",
  needs,
  async (t) => {
    // The first process of the namespace never waits: what it started stays as a zombie.
    const { first, watch } = await startInNamespaces(t, "sleep 0.2 & exec sleep 60");
    const zombie = await until(() => childrenOf(first).find((pid) => stateOf(pid) === "Z"));
    assert.deepEqual(keepStrays(watch, [first, zombie], new Set([first])), []);

    const found = findInside([watch]).get(watch.instance.id) ?? [];
    process.kill(first, "SIGKILL");
    await until(() => (stateOf(first) === undefined ? true : undefined));
    assert.deepEqual(keepStrays(watch, [first, ...found], new Set()), []);
  },
);

test("who lives in an instance's namespaces and is in no cgroup of it is a stray", needs, async (t) => {
  const { first, watch } = await startInNamespaces(t, "sleep 60 & exec sleep 61");
  const [child = 0] = await until(() => (childrenOf(first).length === 1 ? childrenOf(first) : undefined));
  const found = findInside([watch]).get(watch.instance.id) ?? [];
  assert.ok(found.includes(child));
  assert.deepEqual(keepStrays(watch, found, new Set([first])), [child]);
  assert.deepEqual(keepStrays(watch, found, new Set([first, child])), []);
});

/** As much of a watch as the look for strays needs: an instance is a first process with namespaces of its own. */
async function startInNamespaces(t: TestContext, script: string): Promise<{ first: number; watch: Watch }> {
  const unshare = spawn("unshare", ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script], {
    stdio: "ignore",
  });
  t.after(() => unshare.kill("SIGKILL"));
  await once(unshare, "spawn");
  const first = await until(() => childrenOf(unshare.pid ?? 0).find((pid) => nameOf(pid) === "sleep"));
  const namespaces = Object.fromEntries(
    ["mnt", "pid"].map((kind) => [kind, readlinkSync(`/proc/${first}/ns/${kind}`)]),
  );
  // Who waits for the instance is in its namespace of files, and not in the instance: left out of this stand-in.
  const watch = { instance: { id: "web-1", pid: first }, baseline: { namespaces: { pid: namespaces["pid"] } } };
  return { first, watch: watch as unknown as Watch };
}

function childrenOf(pid: number): readonly number[] {
  const words = read(`/proc/${pid}/task/${pid}/children`)?.trim().split(" ") ?? [];
  return words.filter(Boolean).map(Number);
}

function nameOf(pid: number): string | undefined {
  return read(`/proc/${pid}/comm`)?.trim();
}

function stateOf(pid: number): string | undefined {
  return /^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 500; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error("it did not come to be");
}
