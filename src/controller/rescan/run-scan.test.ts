import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "../../evidence/feeds/feeds.fixture.ts";
import { bookworm, dpkg, storeImage } from "../../evidence/inventory/inventory.fixture.ts";
import { runScan } from "./run-scan.ts";
import type { ScanOrder } from "./scan-order.ts";

/** A scan that waits for ever: its mirror takes what is asked, and says nothing. */
async function openWaiting(t: TestContext) {
  const { url, asked } = await serve(t, () => {});
  const { ctx, digest } = storeImage(t, [[bookworm, ...dpkg({ name: "openssl" })]]);
  const now = "2026-11-21T12:00:00.000Z";
  const order: ScanOrder = { home: ctx.home, now, image: digest, name: "shop/web", keys: [], exceptions: [] };
  const env = { INGOT_DEBIAN_MIRROR: `${url}/debian ${url}/security`, INGOT_TEST_SECRET: "x" };
  return { ctx: { home: ctx.home, env }, order, asked };
}

test("a scan that takes too long is killed, and so is one that the controller ends with", async (t) => {
  const { ctx, order, asked } = await openWaiting(t);
  const bounds = { timeout: 50, signal: new AbortController().signal };
  await assert.rejects(runScan(ctx, order, bounds), { code: "scan-broken" });
  const end = new AbortController();
  const running = assert.rejects(runScan(ctx, order, { timeout: 60_000, signal: end.signal }), { code: "scan-broken" });
  while (asked.length === 0) await sleep(10);
  end.abort();
  await running;
});

test("a scan gives way to everything else, and ends with a controller that was killed", async (t) => {
  const { ctx, order, asked } = await openWaiting(t);
  const module = join(import.meta.dirname, "run-scan.ts");
  const script = `import { runScan } from ${JSON.stringify(module)};
    await runScan(${JSON.stringify(ctx)}, ${JSON.stringify(order)}, { timeout: 60_000, signal: new AbortController().signal });`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
  t.after(() => parent.kill("SIGKILL"));
  while (asked.length === 0) await sleep(10);
  const [pid] = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").trim().split(" ");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // proc(5): the 19th field is the nice value; the second, in parentheses, may hold anything.
  assert.equal(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16], "10");
  const ended = once(parent, "exit");
  parent.kill("SIGKILL");
  await ended;
  for (const limit = Date.now() + 20_000; existsSync(`/proc/${pid}/exe`); await sleep(10))
    assert.ok(Date.now() < limit, "the scan outlived the controller");
});
