import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Digest } from "../../oci/digest.ts";
import { newInstanceId } from "../../runtime/image-instance.ts";
import type { InstanceId, InstanceState } from "../../runtime/runtime.ts";
import type { FleetRelease, ServiceKey } from "../fleet.ts";
import type { SeenTraffic, WantedTraffic } from "../traffic/traffic.ts";
import { openAlarmBell } from "./alarm-bell.ts";
import { openBackoff } from "./backoff.ts";
import { openDooms } from "./dooms.ts";
import type { FleetFact, Replaced, ServiceInstance, ServiceView } from "./engine.ts";
import { foreseeRollout } from "./foresee.ts";
import { openLocalClock } from "./local-clock.ts";
import { openReplacements } from "./replacements.ts";
import { ServiceTraffic } from "./service-traffic.ts";
import { shareList } from "./shared-list.ts";
import { openStartPool } from "./start-pool.ts";

const key: ServiceKey = { environment: "testing", service: "app" };
const [a, b] = ["app-a" as InstanceId, "app-b" as InstanceId];

test("turning the machine's clock changes no duration", () => {
  let machine = 1_000_000;
  let newest = 0;
  // As the ledger does: its time never goes back.
  const record = (): number => (newest = Math.max(newest, machine));
  const clock = openLocalClock({ record, machine: () => machine });
  const began = clock.recorded({ at: machine - 5000, of: "one" });
  machine += 3_600_000;
  assert.equal(clock.recorded({ at: 1_000_000 - 5000, of: "one" }), began, "a moment that was seen stays where it is");
  assert.ok(clock.now() - began < 6000, "an hour forward is no hour that passed");
  assert.ok(clock.now() - clock.recorded({ at: record(), of: "two" }) < 1000, "what happens after it happens now");
  machine -= 7_200_000;
  assert.ok(clock.now() - clock.taken({ at: machine, of: "three" }) < 1000, "what starts after it starts now");
  assert.ok(clock.now() - clock.recorded({ at: record() + 10_000_000, of: "four" }) < 1000, "the future is now");
});

test("moments at which the record's clock stood still are told apart", async () => {
  const clock = openLocalClock({ record: () => 1000, machine: () => 1000 });
  const first = clock.recorded({ at: 1000, of: "rollout 1 started" });
  await sleep(20);
  assert.ok(clock.recorded({ at: 1000, of: "rollout 2 started" }) >= first + 15);
  const running = clock.recorded({ at: 1000, of: "rollout 1 since", version: "running" });
  await sleep(20);
  assert.equal(clock.recorded({ at: 1000, of: "rollout 1 since", version: "running" }), running);
  assert.ok(clock.recorded({ at: 1000, of: "rollout 1 since", version: "baking" }) >= running + 15);
});

test("a list that was begun before something was done is not the answer to who asks after it", async () => {
  const lists: PromiseWithResolvers<readonly InstanceState[]>[] = [];
  const shared = shareList({
    list: () => {
      const made = Promise.withResolvers<readonly InstanceState[]>();
      lists.push(made);
      return made.promise;
    },
  });
  const first = shared.look();
  const [second, third] = [shared.look(), shared.look()];
  lists[0]?.resolve([]);
  assert.deepEqual(await first, []);
  await sleep(0);
  assert.equal(lists.length, 2, "both who came meanwhile share the next one");
  lists[1]?.resolve([{ id: a } as InstanceState]);
  assert.deepEqual([(await second).length, (await third).length], [1, 1]);
});

test("no more work than that goes on at once, and what fails makes room", async () => {
  const pool = openStartPool(2);
  let [running, most] = [0, 0];
  const work = async (): Promise<void> => {
    most = Math.max(most, (running += 1));
    await sleep(1);
    running -= 1;
    throw new Error("failed");
  };
  const ended = await Promise.allSettled(Array.from({ length: 7 }, () => pool.run(work)));
  assert.equal(most, 2);
  assert.ok(ended.every(({ status }) => status === "rejected"));
});

test("the first failure waits for nothing, each one after it longer, and a long life ends that", () => {
  const backoff = openBackoff();
  backoff.failed(1, 0);
  assert.equal(backoff.until().get(1), undefined);
  const waits = Array.from({ length: 12 }, () => {
    backoff.failed(1, 0);
    return backoff.until().get(1);
  });
  assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000]);
  assert.equal(waits.at(-1), 60_000);
  assert.equal(backoff.until().get(2), undefined, "another release has nothing to do with it");
  backoff.lived(1);
  assert.equal(backoff.until().get(1), undefined);
});

test("starts that failed keep nobody waiting once all run, and what ended too soon still does", () => {
  const backoff = openBackoff();
  for (const release of [1, 2]) for (let count = 0; count < 3; count += 1) backoff.notStarted(release, 0);
  backoff.failed(2, 0);
  backoff.allStarted();
  assert.deepEqual([...backoff.until().keys()], [2]);
});

test("an alarm is told once, again with other words, and its end at once, also while it is being told", async () => {
  const told: FleetFact[] = [];
  const gate = Promise.withResolvers<void>();
  const bell = openAlarmBell(
    {
      record: async (_key, fact) => {
        told.push(fact);
        if (told.length === 1) await gate.promise;
      },
    },
    key,
  );
  const first = bell.raise("start-failed", new Error("no\u0007 space"));
  await bell.clear("start-failed");
  gate.resolve();
  await first;
  await bell.raise("start-failed", new Error("no space"));
  await bell.raise("start-failed", new Error("no space"));
  assert.deepEqual(
    told.map((fact) => (fact.kind === "alarm" ? fact.message : fact.kind)),
    ["no  space", "cleared", "no space"],
  );
});

test("the same failure is the same alarm, whichever instance it is of and however long the service's name is", async () => {
  const told: FleetFact[] = [];
  const service = "a-service-with-a-name-that-is-longer-than-ids";
  const bell = openAlarmBell({ record: async (_key, fact) => void told.push(fact) }, { ...key, service });
  for (let count = 0; count < 2; count += 1) {
    const id = newInstanceId({ randomBytes }, service);
    await bell.raise("start-failed", new Error(`the instance ${id} did not start`));
  }
  assert.deepEqual(told, [{ kind: "alarm", alarm: "start-failed", message: "the instance an instance did not start" }]);
});

test("drift is drift although somebody entered before, and nobody who is spared is touched until all are done", () => {
  const dooms = openDooms(() => 7);
  dooms.condemn(a, "debugged");
  dooms.condemn(a, "drift");
  dooms.condemn(a, "restart");
  assert.deepEqual(dooms.of(a), { why: "drift", since: 7 });
  const [one, two] = [dooms.spare(b), dooms.spare(b)];
  one();
  assert.equal(dooms.isSpared(b), true);
  two();
  assert.equal(dooms.isSpared(b), false);
});

test("who goes on from another process takes over who has traffic, and starts a proxy again that was killed", async () => {
  const applied: WantedTraffic[] = [];
  let seen: SeenTraffic | undefined = {
    key,
    isServing: true,
    servers: [
      { id: a, status: "in", sessions: 3 },
      { id: b, status: "draining", sessions: 0 },
    ],
    counters: { requests: 0, failed: 0, held: 0 },
  };
  const traffic = new ServiceTraffic(
    {
      apply: (_key, wanted) => Promise.resolve(void applied.push(wanted)),
      look: () => Promise.resolve(seen),
      list: () => Promise.resolve([key]),
      remove: () => Promise.resolve(),
    },
    { key, now: () => 0 },
  );
  const proxy = { listen: { host: "127.0.0.1", port: 1, mode: "http" }, hold: 1 } as const;
  const servers = [a, b].map((id) => ({ id, address: "10.0.0.1", port: 80 }));
  const statuses = (): unknown => applied.at(-1)?.servers.map(({ status }) => status);
  await traffic.refresh({ proxy, servers, drain: 1000 });
  assert.deepEqual([traffic.of(a).status, traffic.of(a).sessions], ["in", 3]);
  assert.deepEqual(statuses(), ["in", "out"], "whose requests are done is out");
  await traffic.move([
    { id: b, status: "in" },
    { id: a, status: "draining" },
  ]);
  assert.deepEqual(statuses(), ["draining", "in"]);
  const count = applied.length;
  seen = { ...seen, isServing: false };
  await traffic.refresh({ proxy, servers, drain: 1000 });
  assert.equal(applied.length, count + 1, "it is wanted as before, and not there");
});

test("who was condemned is told to be replaced once it is gone and nothing is missing, with who came for it", () => {
  const told: Replaced[] = [];
  let now = 1000;
  const replacements = openReplacements(key, { now: () => now, listener: (one) => told.push(one) });
  const health = { status: "healthy", since: 0 } as const;
  const traffic = { status: "in", since: 0 } as const;
  const base = { release: 1, image: "sha256:1" as Digest, started: 0, state: "running", health, traffic } as const;
  const view = (...instances: readonly ServiceInstance[]): ServiceView => ({
    key,
    replicas: 1,
    instances,
    notes: [],
    isSettled: true,
  });
  const doomed: ServiceInstance = { ...base, id: a, condemned: { why: "drift", since: 900 } };
  replacements.note([doomed]);
  replacements.begin(b, "drift");
  replacements.tell(view(doomed));
  replacements.tell(view());
  assert.deepEqual(told, []);
  now = 1500;
  replacements.tell(view({ ...base, id: b }));
  replacements.tell(view({ ...base, id: b }));
  assert.deepEqual(told, [{ key, id: a, why: "drift", by: b, milliseconds: 600 }]);
});

test("a plan says all that a rollout would do, up to its end", () => {
  const release: FleetRelease = {
    number: 1,
    image: "sha256:1" as Digest,
    spec: {
      replicas: 2,
      listen: { host: "127.0.0.1", port: 80, mode: "http" },
      port: 80,
      health: { probe: { kind: "tcp" }, interval: 1000, timeout: 1000, healthyAfter: 1, unhealthyAfter: 1 },
      update: {
        strategy: "canary",
        maxParallel: 1,
        minHealthyTime: 1000,
        healthyDeadline: 10_000,
        progressDeadline: 60_000,
        autoRevert: true,
        canary: 1,
        bake: 5000,
        autoPromote: false,
        scaleDownDelay: 0,
      },
      drain: 1000,
      grace: 1000,
      hold: 1000,
    },
  };
  const next: FleetRelease = { ...release, number: 2, image: "sha256:2" as Digest };
  const instances = [a, b].map((id) => ({
    id,
    release: 1,
    image: release.image,
    started: 0,
    state: "running" as const,
    health: { status: "healthy" as const, since: 0 },
    traffic: { status: "in" as const, since: 0 },
  }));
  const desired = { key, stable: release, quarantined: new Set<Digest>(), revoked: new Set<Digest>() };
  const steps = foreseeRollout(desired, next, { now: 100_000, instances });
  const count = (kind: string): number => steps.filter((step) => step.kind === kind).length;
  assert.deepEqual([count("start"), count("stop")], [2, 2]);
  const facts = steps.flatMap((step) => (step.kind === "record" ? [step.fact] : []));
  assert.deepEqual(
    facts.map((fact) => (fact.kind === "moved" ? fact.to : fact.kind)),
    ["running", "baking", "awaiting-promotion", "promoting", "succeeded"],
  );
});
