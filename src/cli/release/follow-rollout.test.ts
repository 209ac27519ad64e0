import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../../api/client/client.ts";
import type { Release } from "../../controller/state/releases.ts";
import type { RecordedRollout } from "../../controller/state/rollouts.ts";
import { processContext, silentReporter } from "../../ground/context.ts";
import { followRollout } from "./follow-rollout.ts";

const release = { environment: "testing", service: "web", number: 4 } as Release;

function rollout(change: Partial<RecordedRollout>): RecordedRollout {
  const place = {
    environment: "testing",
    service: "web",
    image: "sha256:0",
    kind: "deploy",
    strategy: "rolling",
  } as const;
  const times = { since: "2026-11-21T12:00:00Z", started: "2026-11-21T12:00:00Z", created: "2026-11-21T12:00:00Z" };
  return { id: 7, ...place, ...times, release: 4, status: "running", isPromoted: false, ...change };
}

/** What a controller answers: at each look the next of the rollouts of the service, newest first; the last for ever. */
function answering(
  looks: readonly (readonly RecordedRollout[])[],
  running: object = { replicas: 1, isSettled: false, notes: [], instances: [] },
): Client {
  let at = -1;
  const now = (): readonly RecordedRollout[] => looks[Math.min(at, looks.length - 1)] ?? [];
  const get = async (path: string): Promise<unknown> => {
    if (path.endsWith("/rollouts")) return { rollouts: now() };
    at += 1;
    const [newest] = now();
    const service = {
      environment: "testing",
      service: "web",
      release: 4,
      image: "",
      repository: "",
      quarantine: [],
      alarms: [],
    };
    return {
      services: [
        {
          ...service,
          ...(newest === undefined ? {} : { rollout: newest }),
          ...(running === undefined ? {} : { running }),
        },
      ],
    };
  };
  return {
    url: "http://ingot.example",
    get: get as Client["get"],
    post: get as Client["post"],
    put: get as Client["put"],
    remove: get as Client["remove"],
  };
}

const ctx = processContext({ report: silentReporter });

test("it is waited for until all is replaced, and each change is told once", async () => {
  const told: string[] = [];
  const report = { ...silentReporter, info: (line: string) => told.push(line) };
  const looks = [[rollout({ status: "pending" })], [rollout({})], [rollout({})], [rollout({ status: "successful" })]];
  const followed = await followRollout(processContext({ report }), answering(looks), release);
  assert.ok(typeof followed !== "string");
  assert.equal(followed.service.rollout?.status, "successful");
  assert.equal(told.length, 3);
});

test("one that failed is told as such, also when what brings the former back has begun already", async () => {
  const failed = rollout({ status: "failed", why: "none was healthy" });
  const revert = rollout({ id: 9, release: 5, from: 4, kind: "revert" });
  await assert.rejects(followRollout(ctx, answering([[rollout({})], [revert, failed]]), release), {
    code: "rollout-failed",
    message: /none was healthy; release 5 brings back by itself what was before/,
  });
});

test("one that a newer release has taken over from, or that a person ended, is told as cancelled", async () => {
  const cancelled = rollout({ status: "cancelled", why: "release 5 takes over" });
  await assert.rejects(followRollout(ctx, answering([[rollout({ id: 9, release: 5 }), cancelled]]), release), {
    code: "rollout-cancelled",
    message: /release 5 takes over/,
  });
});

test("a controller that runs no instances has nothing to wait for", async () => {
  const client = answering([[rollout({ status: "pending" })]]);
  assert.equal(
    await followRollout(
      ctx,
      { ...client, get: (async () => ({ services: [{ release: 4 }] })) as Client["get"] },
      release,
    ),
    "no-fleet",
  );
});
