import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../oci/digest.ts";
import type { InstanceId } from "../../runtime/runtime.ts";
import { longLife } from "./backoff.ts";
import { openDooms } from "./dooms.ts";
import type { ServiceInstance } from "./engine.ts";
import { newMemory } from "./service-memory.ts";
import type { Service } from "./service.ts";
import { beginStop } from "./stop-instance.ts";

const now = 1_000_000;

/** Whether the next start of the release waits once two of its instances were stopped for that. */
async function isWaitedFor(change: Partial<ServiceInstance>, why: Parameters<typeof beginStop>[2]): Promise<boolean> {
  const memory = newMemory({ environment: "testing", service: "app" });
  const running: Promise<void>[] = [];
  const service = {
    memory,
    clock: { now: () => now },
    dooms: openDooms(() => now),
    traffic: { move: async () => {} },
    runtime: { stop: async () => {} },
    record: { record: async () => {} },
    alarms: { clear: async () => {}, raise: async () => {} },
    background: (work: Promise<void>) => void running.push(work),
    wake: () => {},
  } as unknown as Service;
  for (const id of ["app-a", "app-b"] as InstanceId[]) {
    const health = { status: "unhealthy", since: now } as const;
    const traffic = { status: "out", since: now } as const;
    const base = {
      id,
      release: 1,
      image: "sha256:1" as Digest,
      started: now - 5000,
      state: "running",
      health,
      traffic,
    } as const;
    beginStop(service, { ...base, ...change }, why);
  }
  await Promise.all(running);
  return memory.backoff.until().has(1);
}

test("who comes after instances that ended, never worked or soon stopped working is waited with, and nobody else", async () => {
  assert.equal(await isWaitedFor({ state: "gone" }, "lost"), true);
  assert.equal(await isWaitedFor({}, "failed-start"), true);
  assert.equal(await isWaitedFor({}, "unhealthy"), true);
  assert.equal(await isWaitedFor({ started: now - longLife }, "unhealthy"), false);
  assert.equal(await isWaitedFor({}, "replaced"), false);
  assert.equal(await isWaitedFor({ condemned: { why: "drift", since: now } }, "drift"), false);
});
