import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorCode } from "../../src/ground/error-codes.ts";
import { findLeftovers, findMounts, findProcesses, type IngotWorld } from "../support/ingot-world.ts";
import type { IngotResult } from "../support/run-ingot.ts";

/** What a person must read when something is wrong. */
export type Told = {
  readonly code: ErrorCode;
  /** 1 by default. */
  readonly exit?: number;
  /** What message and details must say: the place, the values. */
  readonly says: readonly (RegExp | string)[];
  readonly hint?: RegExp;
};

export type BadCase = Told & {
  /** The command that meets the bad input. */
  readonly args: readonly string[];
  readonly prepare: (world: IngotWorld) => Promise<void> | void;
  /** Takes the cause away; then the same command must succeed. */
  readonly mend: (world: IngotWorld) => Promise<void> | void;
};

/** The whole way of one bad input: the clear error, nothing damaged or left behind, and success once the cause is gone. */
export async function runBadCase(world: IngotWorld, bad: BadCase): Promise<void> {
  await bad.prepare(world);
  try {
    const before = readLock(world);
    assertTold(await world.run(bad.args), bad);
    await assertWhole(world, before);
  } finally {
    // Also when it fails: the next case has the same world.
    await bad.mend(world);
  }
  const after = await world.run(bad.args);
  assert.equal(after.code, 0, after.stderr);
}

/** That a failed command says what is wrong, and nothing but that, on stderr. */
export function assertTold(result: IngotResult, told: Told): void {
  const { code, stdout, stderr } = result;
  assert.deepEqual({ code, stdout }, { code: told.exit ?? 1, stdout: "" }, stderr);
  assert.match(stderr, new RegExp(`^code: ${told.code}$`, "m"));
  for (const text of told.says) {
    const isSaid = typeof text === "string" ? stderr.includes(text) : text.test(stderr);
    assert.ok(isSaid, `${String(text)} is not in\n${stderr}`);
  }
  const [, hint = ""] = /^hint: (.*)$/m.exec(stderr) ?? [];
  assert.match(hint, told.hint ?? /./, stderr);
  assert.doesNotMatch(stderr, /mistake in Ingot|^\s+at .*\.ts:\d+/m);
}

export function readLock({ lockPath }: IngotWorld): string | undefined {
  return existsSync(lockPath) ? readFileSync(lockPath, "utf8") : undefined;
}

/** Lock, store and vault are whole, and nothing that Ingot started or wrote half is left. */
export async function assertWhole(world: IngotWorld, lock: string | undefined): Promise<void> {
  assert.equal(readLock(world), lock, "the lock has changed");
  await waitUntil(
    () => findProcesses(world.home).length === 0,
    () => findProcesses(world.home).join("\n"),
  );
  assert.deepEqual(findMounts(world.home), []);
  const check = await world.run(["gc", "--check"]);
  assert.equal(check.code, 0, check.stdout + check.stderr);
  await world.succeed("gc", "--grace", "0s");
  assert.deepEqual(findLeftovers(world.home), []);
}

export async function waitUntil(isTrue: () => boolean, what: () => string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(10)) if (isTrue()) return;
  assert.fail(`it did not happen within thirty seconds: ${what()}`);
}
