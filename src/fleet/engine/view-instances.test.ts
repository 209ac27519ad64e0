import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "../../oci/digest.ts";
import type { InstanceId, InstanceState } from "../../runtime/runtime.ts";
import type { FleetRelease, ServiceSpec } from "../fleet.ts";
import { makeScene } from "../plan/scene.ts";
import { openDooms } from "./dooms.ts";
import { serviceLabels, type ServiceInstance, type Wanted } from "./engine.ts";
import { openLocalClock } from "./local-clock.ts";
import { viewInstances } from "./view-instances.ts";

const unlistening: ServiceSpec = {
  replicas: 1,
  port: 80,
  health: { probe: { kind: "tcp" }, interval: 1000, timeout: 1000, healthyAfter: 1, unhealthyAfter: 1 },
  update: {
    strategy: "rolling",
    maxParallel: 1,
    minHealthyTime: 1000,
    healthyDeadline: 10_000,
    progressDeadline: 60_000,
    autoRevert: true,
    canary: 1,
    bake: 0,
    autoPromote: true,
    scaleDownDelay: 0,
  },
  drain: 1000,
  grace: 1000,
  hold: 1000,
};
const spec: ServiceSpec = { ...unlistening, listen: { host: "127.0.0.1", port: 80, mode: "http" } };
const index = "sha256:index" as Digest;
const releases: readonly FleetRelease[] = [
  { number: 1, image: index, content: "sha256:1" as Digest, spec },
  { number: 2, image: "sha256:2" as Digest, spec: unlistening },
];

function instance(release: number, image: string): InstanceState {
  return {
    id: `app-${release}${image.slice(-1)}` as InstanceId,
    image: image as Digest,
    status: "running",
    address: "10.0.0.1",
    port: 80,
    started: new Date(0).toISOString(),
    labels: { [serviceLabels.release]: String(release) },
  };
}

function view(states: readonly InstanceState[], more: { living?: Wanted["living"]; spared?: InstanceId } = {}) {
  const dooms = openDooms(() => 0);
  if (more.spared !== undefined) dooms.spare(more.spared);
  return viewInstances(states, {
    wanted: {
      desired: { key: { environment: "testing", service: "app" }, quarantined: new Set(), revoked: new Set() },
      living: more.living ?? [],
      releaseOf: (number) => releases.find((one) => one.number === number),
    },
    starting: new Map(),
    stopping: new Set(),
    dooms,
    clock: openLocalClock({ record: Date.now, machine: Date.now }),
    healthOf: () => ({ status: "unknown", since: 0 }),
    trafficOf: () => ({ status: "in", since: 0 }),
    failureOf: () => undefined,
  });
}

const only = (views: readonly ServiceInstance[]): ServiceInstance => views[0] ?? assert.fail("nothing is seen");

test("an instance is of the release that its label says, where it runs that release's image on this machine", () => {
  const { release, image } = only(view([instance(1, "sha256:1")]));
  assert.deepEqual({ release, image }, { release: 1, image: index });
});

test("instances of releases that the record does not have, or has with another image, are seen, and of none that counts", () => {
  for (const state of [instance(9, "sha256:9"), instance(1, "sha256:3"), instance(1, index)]) {
    const seen = only(view([state]));
    assert.deepEqual([seen.release, seen.image], [0, state.image]);
    const [stable] = releases;
    const key = { environment: "testing", service: "app" };
    const scene = makeScene({
      now: 1000,
      desired: { key, quarantined: new Set(), revoked: new Set(), ...(stable && { stable }) },
      instances: [seen],
      backoff: new Map(),
    });
    assert.equal(scene.other.good.length, 1, "it serves until another one does in its place");
  }
});

test("whoever no proxy knows serves without one, whatever release it is of", () => {
  assert.equal(only(view([instance(2, "sha256:2")])).isUnaddressed, true);
  assert.equal(only(view([instance(1, "sha256:1")])).isUnaddressed, undefined);
});

test("drift that is on the record counts also while somebody is at work in the instance", () => {
  const state = instance(1, "sha256:1");
  const why = (found: "drift" | "debugged"): string | undefined => {
    const living = [{ id: state.id, release: 1, condemned: { why: found, since: 0 } }];
    return only(view([state], { living, spared: state.id })).condemned?.why;
  };
  assert.deepEqual([why("drift"), why("debugged")], ["drift", undefined]);
});
