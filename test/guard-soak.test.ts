import assert from "node:assert/strict";
import { test } from "node:test";
import { attackAndWait, attacks } from "../src/guard/attacks.fixture.ts";
import type { Drift } from "../src/guard/guard.ts";
import { openGuard, type GuardProcess } from "../src/guard/process/open-guard.ts";
import { runcRuntime } from "../src/runtime/runc/runc-driver.ts";
import { ordinaryServices, type OrdinaryService } from "./support/ordinary-services.ts";
import { makeTestHome, whyNoInstances } from "./support/runtime-image.ts";
import { makeSoakHome } from "./support/soak-image.ts";
import { removeTestHome } from "./support/stop-instances.ts";
import { twoAtATime } from "./support/two-at-a-time.ts";
import { startAgent } from "./support/weak-instance.ts";

// By `npm run soak`; INGOT_SOAK_ATTACKS and INGOT_SOAK_HOURS make it shorter.
const wanted = {
  attacks: Number(process.env.INGOT_SOAK_ATTACKS ?? 1000),
  hours: Number(process.env.INGOT_SOAK_HOURS ?? 24),
};
const isShort =
  process.env.INGOT_SOAK === undefined
    ? "takes minutes: npm run soak; each kind of attack once is in src/guard/attacks.test.ts"
    : undefined;
const reason = isShort ?? (process.arch === "x64" ? whyNoInstances() : "the attacks are programs for x86-64");
const options = { timeout: 3_600_000, ...(reason === undefined ? {} : { skip: reason }) };

test("a thousand foreign executions and changes of all kinds are found, each by its rule", options, async (t) => {
  const home = await makeTestHome();
  const guard = await openGuard(home.ctx);
  const drifts: Drift[] = [];
  guard.onDrift((drift) => drifts.push(drift));
  const counts = new Map<string, number>();
  const missed: string[] = [];
  try {
    for (let done = 0; done < wanted.attacks;) {
      // A new instance for each round of all kinds: what was told of one is not told of it again.
      const agent = await startAgent(home, { isWeak: true });
      await guard.watch([agent.watched]);
      for (const attack of attacks.slice(0, wanted.attacks - done)) {
        done += 1;
        const found = attackAndWait(attack, agent, { guard, drifts, tag: `attack-${done}` });
        await found.then(
          () => counts.set(attack.name, (counts.get(attack.name) ?? 0) + 1),
          (error: unknown) => missed.push(`${done}: ${error instanceof Error ? error.message : "unknown"}`),
        );
      }
      await runcRuntime(home.ctx).stop(agent.watched.id, { grace: 0 });
      drifts.length = 0;
    }
    for (const [name, count] of counts) t.diagnostic(`${count} × ${name}`);
    assert.deepEqual(missed, []);
    const { lost } = await guard.status();
    t.diagnostic(`${[...counts.values()].reduce((sum, count) => sum + count, 0)} found; ${lost} events lost`);
  } finally {
    await guard.close();
    await removeTestHome(home);
  }
});

/**
 * An hour of a service, one thing right after the other: its instance is replaced by a new one, it is reloaded, its own work is done (requests of which each starts children; dumps, reports and tidying by scripts of the
 * image), twelve health checks by command are announced and executed, and it is swept four times from top to bottom, content included. In a real hour there are 240 sweeps of an instance and, at one a second, 3,600 health checks:
 * what recurs is done often enough to meet each of its moments; what is rare in an hour is done as often as it is.
 */
const perHour = { checks: 12, sweeps: 4 } as const;

test("ordinary service of nginx, PostgreSQL, Redis, Node and Python is never taken for drift", options, async (t) => {
  const home = await makeSoakHome();
  const guard = await openGuard(home.ctx);
  const drifts: Drift[] = [];
  guard.onDrift((drift) => drifts.push(drift));
  const told = (): readonly string[] =>
    drifts.map(({ instance, rule, message, chain }) =>
      [instance, rule, message, ...chain.map(({ command }) => command.join(" "))].join(" | "),
    );
  try {
    const services = ordinaryServices(home, guard);
    for (let hour = 1; hour <= wanted.hours; hour += 1) {
      await twoAtATime(services, (service) => liveAnHour(service, guard));
      assert.deepEqual(told(), [], `hour ${hour}`);
    }
    const { executions, lost } = await guard.status();
    t.diagnostic(`${wanted.hours} hours of ${services.length} services: ${executions} executions judged, ${lost} lost`);
    assert.equal(lost, 0);
  } finally {
    await guard.close();
    await removeTestHome(home);
  }
});

async function liveAnHour(service: OrdinaryService, guard: GuardProcess): Promise<void> {
  await service.restart();
  for (let quarter = 0; quarter < perHour.sweeps; quarter += 1) {
    for (let check = 0; check < perHour.checks / perHour.sweeps; check += 1) await service.check();
    if (quarter === 1) await service.reload();
    if (quarter === 2) await service.work();
    const sweep = guard.sweep(service.id());
    await service.tidy();
    await sweep;
  }
}
