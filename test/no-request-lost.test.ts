import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ShownService } from "../src/controller/verbs/show-services.ts";
import { FleetWorld } from "./support/fleet-world.ts";
import { isInstalled, whyNoInstances } from "./support/runtime-image.ts";
import { startTrafficLoad, type FailedRequest, type TrafficLoad } from "./support/traffic-load.ts";

// A few rounds with every test run, and all of them by `npm run soak`.
const rounds =
  process.env.INGOT_SOAK === undefined
    ? { rollouts: 2, rollbacks: 2, kills: 2, restarts: 1 }
    : { rollouts: 20, rollbacks: 20, kills: 20, restarts: 5 };

const service = `replicas: 3
health: {get: /health, interval: 100ms, timeout: 2s, healthy_after: 2, unhealthy_after: 5}
update: {max_parallel: 2, min_healthy_time: 200ms, healthy_deadline: 20s, progress_deadline: 30s, scale_down_delay: 20s}
drain: 5s
grace: 1s
hold: 20s`;

const reason = whyNoInstances() ?? (isInstalled("haproxy") ? undefined : "needs haproxy: not installed");

test(
  "no request is lost over rollouts, rollbacks and restarts of the controller; of killed instances only what they were answering",
  { timeout: 1_800_000, ...(reason === undefined ? {} : { skip: reason }) },
  async (t) => {
    const world = await FleetWorld.open({ service });
    let load: TrafficLoad | undefined;
    try {
      await world.push({ tag: "1" });
      await done(world, world.deploy("1"));
      load = startTrafficLoad({ port: world.port });
      await serveMore(load);

      for (let round = 0; round < rounds.rollouts; round += 1) {
        const tag = `${round + 2}`;
        await world.push({ tag });
        await done(world, world.deploy(tag));
        if (round < rounds.rollbacks) await done(world, world.ingot(["rollback", "app", "--in", "testing"]));
        await serveMore(load);
        assert.deepEqual(load.summary().failures, [], `rollout and rollback ${round + 1}`);
      }

      for (let round = 0; round < rounds.restarts; round += 1) {
        await world.restart(round % 2 === 0 ? "kill" : "stop");
        await serveMore(load);
        assert.deepEqual(load.summary().failures, [], `restart ${round + 1} of the controller`);
      }

      const victims: Victim[] = [];
      for (let round = 0; round < rounds.kills; round += 1) {
        const id = await oneOfMany(world, victims);
        const from = Date.now();
        await world.killInstance(id);
        victims.push({ id, from, to: Date.now() });
        await serveMore(load);
      }
      const end = await load.stop();
      load = undefined;
      const { ok, longest, websockets, failures, failed } = end;
      t.diagnostic(
        `${rounds.rollouts} rollouts, ${rounds.rollbacks} rollbacks, ${rounds.restarts} restarts: ${ok} requests and ${websockets.exchanges} messages by WebSocket, none lost, the longest took ${longest} ms; of ${rounds.kills} killed instances ${failed} requests were under way`,
      );
      assert.deepEqual(
        failures.filter((one) => !wasUnderWay(one, victims)),
        [],
        "requests that no killed instance was answering",
      );
    } finally {
      await load?.stop();
      await world.close();
    }
  },
);

/** Between which moments one was killed: it is found first, and its end takes a while on a busy machine. */
type Victim = { readonly id: string; readonly from: number; readonly to: number };

/** It had begun when an instance was killed. */
function wasUnderWay({ began, failed }: FailedRequest, victims: readonly Victim[]): boolean {
  return victims.some(({ from, to }) => began <= to && failed >= from);
}

async function done(world: FleetWorld, work: ReturnType<FleetWorld["ingot"]>): Promise<void> {
  const { code, stdout, stderr } = await work;
  assert.equal(code, 0, `${stdout}${stderr}\n${world.controller.output()}`);
}

async function serveMore(load: TrafficLoad): Promise<void> {
  const { ok } = load.summary();
  for (const end = Date.now() + 60_000; load.summary().ok < ok + 100; await sleep(20))
    assert.ok(Date.now() < end, `nothing is served any more: ${JSON.stringify(load.summary())}`);
}

/** One that serves, of as many as there are to be: killing the last one is another test. Of one that was just killed the controller may not know yet. */
async function oneOfMany(world: FleetWorld, victims: readonly Victim[]): Promise<string> {
  for (const end = Date.now() + 60_000; ; await sleep(50)) {
    const { running } = await world.json<{ running: readonly ShownService[] }>(["status"]);
    const serving =
      running[0]?.running?.instances.filter(
        ({ id, traffic, health, state }) =>
          traffic === "in" && health === "healthy" && state === "running" && !victims.some((one) => one.id === id),
      ) ?? [];
    const [first] = serving;
    if (serving.length === 3 && first !== undefined) return first.id;
    assert.ok(Date.now() < end, `there are not three that serve: ${JSON.stringify(running, undefined, 1)}`);
  }
}
