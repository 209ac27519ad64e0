import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ServiceInstance, ServiceView } from "../../fleet/engine/engine.ts";
import { isInstalled, whyNoInstances } from "../../../test/support/runtime-image.ts";
import { principal } from "../controller.fixture.ts";
import { listAlarms } from "../state/alarms.ts";
import { contentOf } from "../state/instances.ts";
import { listReleases } from "../state/releases.ts";
import { findQuarantined, listRollouts, rolloutOfRelease } from "../state/rollouts.ts";
import { cancelRollout } from "../verbs/cancel-rollout.ts";
import { deploy } from "../verbs/deploy.ts";
import { executeIn } from "../verbs/execute-in.ts";
import { liftQuarantine } from "../verbs/lift-quarantine.ts";
import { pauseRollout } from "../verbs/pause-rollout.ts";
import { promoteRollout } from "../verbs/promote-rollout.ts";
import { parseConfiguration } from "../verbs/release-configuration.ts";
import { replaceInstance } from "../verbs/replace-instance.ts";
import { resumeRollout } from "../verbs/resume-rollout.ts";
import { revoke } from "../verbs/revoke.ts";
import { openReleaseSpecs } from "./release-specs.ts";
import { orderStart } from "./start-order.ts";
import { key, openTestFleet, type TestFleet } from "./fleet.fixture.ts";

const reason = whyNoInstances() ?? (isInstalled("haproxy") ? undefined : "needs haproxy: not installed");
const options = reason === undefined ? {} : { skip: reason };
const dora = principal("dora", "deployer");
const dev = principal("dev", "developer");
const root = principal("root", "admin");

let fleet: TestFleet;
let good: string;
let bad: string;

before(async () => {
  if (reason !== undefined) return;
  fleet = await openTestFleet({ secrets: { testing: { password: { command: ["printf", "hunter2"] } } } });
  good = await fleet.push("1");
  bad = await fleet.push("2", { APP_BROKEN: "health" });
});

after(() => fleet?.close());

/** Of the service, quick enough for a test. */
function configuration(more: object = {}, update: object = {}) {
  return parseConfiguration({
    replicas: 2,
    listen: `127.0.0.1:${fleet.port}`,
    health: { get: "/health", interval: "50ms" },
    drain: "1s",
    grace: "500ms",
    update: {
      max_parallel: 2,
      min_healthy_time: "100ms",
      healthy_deadline: "1m",
      progress_deadline: "2m",
      scale_down_delay: "0s",
      ...update,
    },
    ...more,
  });
}

async function release(image: string, given = configuration()): Promise<number> {
  const made = await deploy(fleet.controller(), dora, { ...key, image, configuration: given, reason: "" });
  return made.release.number;
}

function settled(number: number): Promise<ServiceView> {
  return fleet.until(`release ${number}`, (view) => view.isSettled && view.stable === number && view);
}

function serving({ instances }: ServiceView): readonly ServiceInstance[] {
  return instances.filter(({ traffic }) => traffic.status === "in");
}

const prepare = (): Promise<void> => Promise.reject(new Error("nothing is to be prepared"));
const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${fleet.port}/`)).text();
const state = () => fleet.controller().ledger.state;

test(
  "a release runs with what its configuration gives it, each on the record with what it runs from",
  options,
  async () => {
    const given = {
      environment: { APP_VERSION: "of the configuration" },
      files: { "/tmp/note": { content: "written by a person\n" } },
      secrets: { "/run/secrets/password": "password" },
      limits: { pids: 64 },
    };
    const number = await release(good, configuration(given));
    const view = await settled(number);
    assert.equal(serving(view).length, 2);
    assert.match(await page(), /^version of the configuration of app-/);
    const [first] = view.instances;
    const { ledger } = fleet.controller();
    const started = [...ledger.events()].filter(({ type }) => type === "instance.started");
    assert.deepEqual(new Set(started.map(({ data }) => data.instance)), new Set(view.instances.map(({ id }) => id)));
    assert.equal(started[0]?.data.content, contentOf(state(), good));
    assert.match(contentOf(state(), good) ?? "", /^[0-9a-f]{64}$/);
    const read = "open F, q(<), $_ and print <F> for qw(/tmp/note /run/secrets/password)";
    const end = await executeIn(fleet.controller(), dora, {
      ...key,
      instance: first?.id ?? "",
      command: ["perl", "-e", read, "--", "--password=hunter3"],
      reason: "to see",
    });
    assert.deepEqual([end.status, end.output], ["exited", "written by a person\nhunter2"]);
    const record = [...ledger.log.readEntries(0)].map(String).join("\n");
    assert.ok(!record.includes("hunter"), "a secret is in no event");
  },
);

test("whoever was entered is replaced, and is not touched while the person is there", options, async () => {
  const entered = [...fleet.controller().ledger.events()].find(({ type }) => type === "instance.debugged");
  const view = await fleet.until("the replacement", (one) => {
    const isGone = one.instances.every(({ id }) => id !== entered?.data.instance);
    return isGone && one.isSettled && one;
  });
  assert.equal(serving(view).length, 2);
  await assert.rejects(
    executeIn(fleet.controller(), dev, { ...key, instance: view.instances[0]?.id ?? "", command: ["id"], reason: "x" }),
    { code: "policy-denied" },
  );
  const nothing = { ...key, instance: view.instances[0]?.id ?? "", command: [], reason: "x" };
  await assert.rejects(executeIn(fleet.controller(), dora, nothing), { code: "debug-unfounded" });
  const endless = { ...nothing, command: ["echo", "x".repeat(40_000)] };
  await assert.rejects(executeIn(fleet.controller(), dora, endless), { code: "debug-unfounded" });
  await assert.rejects(executeIn(fleet.controller(), dora, { ...nothing, command: ["id"], instance: "app-0" }), {
    code: "instance-unknown",
  });
});

test("a person has instances replaced while others serve", options, async () => {
  const former = fleet.view()?.instances.map(({ id }) => id) ?? [];
  await assert.rejects(replaceInstance(fleet.controller(), dev, key), { code: "policy-denied" });
  assert.deepEqual((await replaceInstance(fleet.controller(), dora, key)).toSorted(), former.toSorted());
  const lost = { requests: 0 };
  await fleet.until("both replaced", (view) => {
    if (serving(view).length === 0) lost.requests += 1;
    return view.isSettled && view.instances.every(({ id }) => !former.includes(id));
  });
  assert.equal(lost.requests, 0);
});

test(
  "a release that does not become healthy ends in quarantine, and the one before comes back by itself",
  options,
  async () => {
    const stable = fleet.view()?.stable ?? 0;
    const number = await release(bad, configuration({}, { healthy_deadline: "3s", progress_deadline: "3s" }));
    const view = await fleet.until("the way back", (one) => (one.stable ?? 0) > number && one.isSettled && one);
    assert.match(await page(), /^version of the configuration/);
    const [newest] = listReleases(state(), key, 1);
    assert.deepEqual(newest?.from, { environment: "testing", number: stable, kind: "rollback" });
    assert.equal(newest?.createdBy, "system:controller");
    assert.equal(rolloutOfRelease(state(), { ...key, number })?.status, "failed");
    assert.equal(listRollouts(state(), key, 1)[0]?.kind, "revert");
    assert.equal(view.stable, newest?.number);
    await assert.rejects(release(bad), { code: "image-quarantined" });
    const lift = { ...key, image: bad, reason: "its health check was wrong" };
    await assert.rejects(liftQuarantine(fleet.controller(), dev, lift), { code: "policy-denied" });
    await assert.rejects(liftQuarantine(fleet.controller(), dora, { ...lift, reason: " " }), {
      code: "quarantine-unfounded",
    });
    await liftQuarantine(fleet.controller(), dora, lift);
    assert.equal(findQuarantined(state(), lift), undefined);
    await assert.rejects(liftQuarantine(fleet.controller(), dora, lift), { code: "quarantine-unknown" });
  },
);

test(
  "a canary waits for a person, is paused, resumed and cancelled; then the stable release is as it was",
  options,
  async () => {
    const stable = serving(fleet.view() ?? assert.fail()).map(({ id }) => id);
    const canary = { strategy: "canary", canary: 1, bake: "50ms", auto_promote: false };
    const number = await release(good, configuration({ environment: { APP_VERSION: "canary" } }, canary));
    await fleet.until("the canary", ({ rollout }) => rollout?.status === "awaiting-promotion");
    const order = { ...key, reason: "lunch" };
    await assert.rejects(pauseRollout(fleet.controller(), dev, order), { code: "policy-denied" });
    assert.equal((await pauseRollout(fleet.controller(), dora, order)).status, "paused");
    assert.equal((await resumeRollout(fleet.controller(), dora, key)).status, "awaiting-promotion");
    assert.equal((await cancelRollout(fleet.controller(), dora, order)).status, "cancelled");
    const view = await fleet.until("the stable release", (one) => (one.stable ?? 0) > number && one.isSettled && one);
    assert.deepEqual(
      serving(view)
        .map(({ id }) => id)
        .toSorted(),
      stable.toSorted(),
      "nothing was started for it",
    );
    assert.equal(findQuarantined(state(), { ...key, image: good }), undefined);
    await assert.rejects(pauseRollout(fleet.controller(), dora, order), { code: "rollout-unknown" });
  },
);

test("a canary that a person promotes goes on to the end", options, async () => {
  const canary = { strategy: "canary", canary: 1, bake: "1h" };
  const number = await release(good, configuration({ environment: { APP_VERSION: "promoted" } }, canary));
  await fleet.until("the canary", ({ rollout }) => rollout?.status === "baking");
  await assert.rejects(promoteRollout(fleet.controller(), dev, key), { code: "policy-denied" });
  assert.equal((await promoteRollout(fleet.controller(), dora, key)).isPromoted, true);
  await settled(number);
  assert.match(await page(), /^version promoted/);
});

test("more instances are started without replacing those that are there", options, async () => {
  const former = fleet.view()?.instances.map(({ id }) => id) ?? [];
  const now = listReleases(state(), key, 1)[0]?.configuration ?? {};
  const number = await release(good, { ...now, replicas: 3 });
  const view = await settled(number);
  assert.equal(view.instances.length, 3);
  for (const id of former)
    assert.ok(
      view.instances.some((one) => one.id === id),
      id,
    );
});

test("another controller adopts what runs, and starts and ends nothing for it", options, async () => {
  const former = serving(fleet.view() ?? assert.fail()).map(({ id }) => id);
  const size = fleet.controller().ledger.log.checkpoint().size;
  await fleet.reopen();
  const view = await fleet.until("the adoption", (one) => one.isSettled && one);
  assert.deepEqual(
    serving(view)
      .map(({ id }) => id)
      .toSorted(),
    former.toSorted(),
  );
  const since = [...fleet.controller().ledger.events(size)].map(({ type }) => type);
  assert.ok(!since.includes("instance.started") && !since.includes("instance.ended"), since.join(" "));
});

test(
  "a revoked image is replaced by the newest release that is permitted; without one it serves on, and an alarm says so",
  options,
  async () => {
    const better = await fleet.push("3");
    const number = await release(better);
    await settled(number);
    await revoke(fleet.controller(), root, { subject: { kind: "image", digest: better }, reason: "backdoor" });
    const view = await fleet.until("the replacement", (one) => (one.stable ?? 0) > number && one.isSettled && one);
    assert.ok(view.instances.every(({ image }) => image === good));
    assert.equal(listReleases(state(), key, 1)[0]?.createdBy, "system:controller");
    await revoke(fleet.controller(), root, { subject: { kind: "image", digest: good }, reason: "that, too" });
    await fleet.until("the alarm", () =>
      listAlarms(state(), key).some(({ alarm }) => alarm === "no-permitted-release"),
    );
    assert.match(await page(), /^version/);
  },
);

test("a secret that is not there is an alarm, and nothing is started", options, async () => {
  const number = await release(bad, configuration({ secrets: { "/run/secrets/other": "other" } }));
  await fleet.until("the alarm", () => listAlarms(state(), key).some(({ alarm }) => alarm === "start-failed"));
  const alarm = listAlarms(state(), key).find((one) => one.alarm === "start-failed");
  assert.match(alarm?.message ?? "", /the secret other of testing is not there/);
  const order = orderStart(
    fleet.controller(),
    { specs: openReleaseSpecs({ home: fleet.home }), prepare },
    { key, number },
  );
  await assert.rejects(order, { code: "secret-missing" });
  assert.ok(fleet.view()?.instances.every((one) => one.release !== number || one.state === "starting"));
});

test("what could not run here is not released", options, async () => {
  const newest = listReleases(state(), key, 1)[0]?.number;
  await assert.rejects(release(bad, { ...configuration(), files: { "/tmp/x": "x.conf" } }), {
    code: "configuration-unusable",
    message: /its file \/tmp\/x came without its content/,
  });
  assert.equal(listReleases(state(), key, 1)[0]?.number, newest);
});
