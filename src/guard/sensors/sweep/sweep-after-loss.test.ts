import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sweepAfterLoss } from "./sweep-after-loss.ts";

test("events that the kernel dropped have everything looked at, once", async () => {
  let lost = 3;
  const sweeps: number[] = [];
  const end = sweepAfterLoss({ lost: () => lost, sweepAll: () => void sweeps.push(lost) });
  try {
    lost = 5;
    for (const deadline = Date.now() + 20_000; sweeps.length === 0; await sleep(20)) assert.ok(Date.now() < deadline);
    await sleep(600);
    assert.deepEqual(sweeps, [5]);
  } finally {
    end();
  }
});
