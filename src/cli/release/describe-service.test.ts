import assert from "node:assert/strict";
import test from "node:test";
import type { ShownInstance, ShownService } from "../../controller/verbs/show-services.ts";
import { describeService } from "./describe-service.ts";

const image = `sha256:${"a".repeat(64)}`;
const instance: ShownInstance = {
  id: "worker-00000001",
  release: 1,
  image,
  state: "running",
  health: "healthy",
  traffic: "out",
  started: "2026-11-21T12:00:00Z",
};
const worker: ShownService = {
  environment: "staging",
  service: "worker",
  release: 1,
  image,
  repository: "shop/worker",
  stable: 1,
  quarantine: [],
  alarms: [],
  running: { replicas: 2, isSettled: true, notes: [], instances: [instance, { ...instance, health: "unhealthy" }] },
};

test("of a service that takes no traffic the healthy instances are told, of another those that serve", () => {
  assert.match(describeService(worker), /^worker in staging: release 1, 1 of 2 healthy$/m);
  const web = { ...worker, listen: "127.0.0.1:8088" };
  assert.match(describeService(web), /^worker in staging: release 1, 0 of 2 serve at 127\.0\.0\.1:8088$/m);
});

test("a rollout that waits for a person is shown with the command that it waits for", () => {
  const rollout = { release: 2, image, kind: "deploy", strategy: "canary", began: 3 } as const;
  for (const [status, verb] of [
    ["awaiting-promotion", "promote"],
    ["paused", "resume"],
  ] as const) {
    const shown = { ...worker, rollout: { ...rollout, status } } as unknown as ShownService;
    assert.match(describeService(shown), new RegExp(`→ ingot rollout ${verb} worker --in staging`));
  }
  const running = { ...worker, rollout: { ...rollout, status: "running" } } as unknown as ShownService;
  assert.ok(!describeService(running).includes("ingot rollout"));
});
