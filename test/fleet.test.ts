import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ShownService } from "../src/controller/verbs/show-services.ts";
import { FleetWorld } from "./support/fleet-world.ts";
import { whyNoInstances, isInstalled } from "./support/runtime-image.ts";

const reason = whyNoInstances() ?? (isInstalled("haproxy") ? undefined : "needs haproxy: not installed");
const options = reason === undefined ? {} : { skip: reason };

/** Patient, since the machine may be busy; what is known to fail need not be waited for. */
function describe(patience: string): string {
  return `replicas: 3
health: {get: /health, interval: 100ms, timeout: 2s, healthy_after: 2, unhealthy_after: 4}
update: {max_parallel: 2, min_healthy_time: 200ms, healthy_deadline: ${patience}, progress_deadline: ${patience}, scale_down_delay: 30s}
drain: 5s
grace: 1s`;
}

let world: FleetWorld;

before(async () => {
  if (reason !== undefined) return;
  world = await FleetWorld.open({ service: describe("20s") });
  await world.push({ tag: "1" });
  await world.push({ tag: "2" });
  await world.push({ tag: "bad", environment: { APP_BROKEN: "health" } });
});

after(() => world?.close());

async function look(): Promise<ShownService> {
  const { running } = await world.json<{ running: readonly ShownService[] }>(["status"]);
  const [shown] = running;
  assert.ok(shown);
  return shown;
}

async function until<T>(what: string, find: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 30_000; ; await sleep(50)) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    assert.ok(Date.now() < end, `${what} did not come to be: ${JSON.stringify(await look(), undefined, 1)}`);
  }
}

test("a deployment starts as many instances as are wanted, and their address serves", options, async () => {
  const plan = await world.deploy("1", "--plan");
  assert.equal(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /start .*release 1/);
  const made = await world.deploy("1");
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /rolled out in/);
  assert.match(await world.page(), /^version 1 of app-/);
  const { running, stable } = await look();
  assert.equal(stable, 1);
  const serving = running?.instances.filter(({ traffic }) => traffic === "in") ?? [];
  assert.deepEqual(
    serving.map(({ health }) => health),
    ["healthy", "healthy", "healthy"],
  );
});

test("the same again is nothing to do", options, async () => {
  const again = await world.deploy("1");
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stdout, /nothing to do/);
});

test("a new version replaces the old one, and a rollback switches back to what is still warm", options, async () => {
  const made = await world.deploy("2");
  assert.equal(made.code, 0, made.stderr);
  assert.match(await world.page(), /^version 2/);
  const warm = (await look()).running?.instances.filter(({ release }) => release === 1) ?? [];
  assert.equal(warm.length, 3, "the old set is kept for a while");
  const back = await world.ingot(["rollback", "app", "--in", "testing"]);
  assert.equal(back.code, 0, back.stderr);
  assert.match(await world.page(), /^version 1/);
  const serving = (await look()).running?.instances.filter(({ traffic }) => traffic === "in").map(({ id }) => id);
  assert.deepEqual(serving?.toSorted(), warm.map(({ id }) => id).toSorted(), "nothing was started for it");
});

test(
  "a version that does not become healthy is never served, fails, and what was before stays; its image is in quarantine until a person lifts it",
  options,
  async () => {
    world.write(describe("5s"));
    const failed = await world.deploy("bad");
    world.write(describe("20s"));
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /rollout-failed/);
    assert.match(await world.page(), /^version 1/);
    const again = await world.deploy("bad");
    assert.equal(again.code, 3, again.stderr);
    assert.match(again.stderr, /image-quarantined/);
    const planned = await world.deploy("bad", "--plan");
    assert.deepEqual([planned.code, planned.stdout], [3, ""], planned.stderr);
    assert.match(planned.stderr, /image-quarantined/);
    const { quarantine } = await until("the revert", async () => {
      const shown = await look();
      return shown.rollout?.kind === "revert" && shown.rollout.status === "successful" ? shown : undefined;
    });
    const lifted = await world.ingot([
      "quarantine",
      "lift",
      "app",
      quarantine[0]?.image ?? "",
      "--in",
      "testing",
      "--reason",
      "a look",
    ]);
    assert.equal(lifted.code, 0, lifted.stderr);
    assert.deepEqual((await look()).quarantine, []);
  },
);

test("an instance that is killed is replaced by one of the stable release", options, async () => {
  const { running } = await look();
  const victim = running?.instances.find(({ traffic }) => traffic === "in");
  assert.ok(victim);
  await world.killInstance(victim.id);
  await until("the replacement", async () => {
    const shown = await look();
    const serving =
      shown.running?.instances.filter(({ traffic, health }) => traffic === "in" && health === "healthy") ?? [];
    return serving.length === 3 && !serving.some(({ id }) => id === victim.id);
  });
});

test(
  "a controller that is killed and started again adopts what runs; traffic does not stop meanwhile",
  options,
  async () => {
    const former = (await look()).running?.instances.filter(({ traffic }) => traffic === "in").map(({ id }) => id);
    await world.controller.kill();
    assert.match(await world.page(), /^version 1/);
    await world.start();
    const adopted = await until("the adoption", async () => {
      const serving =
        (await look()).running?.instances.filter(({ traffic, health }) => traffic === "in" && health === "healthy") ??
        [];
      return serving.length === 3 ? serving.map(({ id }) => id) : undefined;
    });
    assert.deepEqual(adopted.toSorted(), former?.toSorted());
  },
);

test("who may debug enters an instance, which is replaced afterwards", options, async () => {
  const { running } = await look();
  const target = running?.instances.find(({ traffic }) => traffic === "in");
  assert.ok(target);
  const refused = await world.ingot(["exec", target.id, "--reason", " ", "--", "id"]);
  assert.equal(refused.code, 2);
  const entered = await world.ingot(["exec", target.id, "--reason", "a look", "--", "cat", "/etc/hostname"]);
  assert.equal(entered.code, 0, entered.stderr);
  assert.equal(entered.stdout.trim(), target.id);
  await until("the replacement", async () => {
    const shown = await look();
    return !shown.running?.instances.some(({ id }) => id === target.id) && shown.running?.isSettled;
  });
  const { events } = await world.json<{ events: readonly { type: string }[] }>([
    "history",
    "app",
    "--type",
    "drift.found",
  ]);
  assert.deepEqual(events, [], "what a person with the right does is no drift");
});

test("the logs of all instances of a service are read, each line with its instance", options, async () => {
  const logs = await world.ingot(["logs", "app", "--in", "testing"]);
  assert.equal(logs.code, 0, logs.stderr);
  assert.match(logs.stdout, /^app-[0-9a-f]+ .*version 1 listens$/m);
});

test("all instances are replaced one after the other on request", options, async () => {
  const former = (await look()).running?.instances.filter(({ traffic }) => traffic === "in").map(({ id }) => id) ?? [];
  const asked = await world.ingot(["replace", "app", "--in", "testing"]);
  assert.equal(asked.code, 0, asked.stderr);
  await until("the replacement of all", async () => {
    const shown = await look();
    const serving = shown.running?.instances.filter(({ traffic }) => traffic === "in").map(({ id }) => id) ?? [];
    return serving.length === 3 && !serving.some((id) => former.includes(id)) && shown.running?.isSettled;
  });
});
