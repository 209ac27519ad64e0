import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Drift } from "../../src/guard/guard.ts";
import { openGuard } from "../../src/guard/process/open-guard.ts";
import { makeTestHome } from "../../test/support/runtime-image.ts";
import { removeTestHome } from "../../test/support/stop-instances.ts";
import { tinyProgram } from "../../test/support/tiny-program.ts";
import { startAgent } from "../../test/support/weak-instance.ts";
import type { BenchWork } from "../comparison.ts";
import { describeTimes, printTitle } from "./print-times.ts";

/** Milliseconds between two executions, so that each is one by itself; and how long the last one may take. */
const [gap, patience] = [4, 20_000];

/** A static program that ends at once, each time by another name: what the kernel saw, to the verdict. */
export async function printLatency({ folder }: BenchWork, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const home = await makeTestHome(folder);
  const guard = await openGuard(home.ctx);
  const found = new Map<string, Drift>();
  guard.onDrift((drift) => {
    if (drift.rule === "foreign-executable" && !found.has(drift.subject)) found.set(drift.subject, drift);
  });
  try {
    const agent = await startAgent(home, { isWeak: true });
    await guard.watch([agent.watched]);
    await agent.put("/tmp/brief", tinyProgram());
    const times = `for my $n (1 .. ${count}) { symlink "/tmp/brief", "/tmp/brief-$n"; my $p = fork(); if (!$p) { exec "/tmp/brief-$n" } waitpid($p, 0); select(undef, undef, undef, ${gap / 1000}) }`;
    agent.tell(times);
    const isAll = (): boolean => found.size >= count;
    const last = Date.now() + count * gap * 40 + patience;
    while (!isAll() && Date.now() < last) await sleep(50);
    const names = Array.from({ length: count }, (_, index) => `/tmp/brief-${index + 1}`);
    const seen = names.flatMap((name) => found.get(name) ?? []);
    const { lost } = await guard.status();
    printTitle(
      `foreign executions shorter than a millisecond, ${count} of them`,
      "to reach: p95 ≤ 5 ms, ≥ 99.9 % seen",
    );
    const missing = names.filter((name) => !found.has(name));
    const latencies = seen.map((drift) => drift.found - drift.seen);
    console.log(`  kernel saw → verdict  ${describeTimes(latencies)}`);
    console.log(
      `  seen, each by its name: ${seen.length} of ${count} (${((seen.length / count) * 100).toFixed(1)} %); events that the kernel lost: ${lost}${missing.length > 0 ? `; missing ${missing.slice(0, 5).join(", ")}` : ""}`,
    );
  } finally {
    await guard.close();
    await removeTestHome(home);
  }
}
