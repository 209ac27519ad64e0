import assert from "node:assert/strict";
import { test } from "node:test";
import { approval, day, decideBy, deployment, goodImage, now, policyOf } from "../policy.fixture.ts";
import type { ImageFacts, PolicyFile } from "../policy.ts";

const finished = now - 3600;

async function untilOf(files: readonly PolicyFile[], image: Partial<ImageFacts> = {}): Promise<number | undefined> {
  return (await decideBy(files, deployment({ image: { ...goodImage, ...image } }))).until;
}

const forbidWhen = (text: string): readonly PolicyFile[] =>
  policyOf(`forbid(principal, action in Action::"enter", resource) when { ${text} };`);

test("by the shipped policy a decision holds until its scan is a day old, an approval expires or a grace ends", async () => {
  assert.equal(await untilOf([]), finished + day);
  const soon = [approval("user:alice", { expires: now + 60 }), approval("user:bob")];
  assert.equal(await untilOf([], { approvals: soon }), now + 60);
  const since = now - 7 * day + 500;
  const scan = { finished, exploited: [], fixable: [{ id: "CVE-1", severity: "critical" as const, since }], gaps: 0 };
  const until = await untilOf([], { scan });
  assert.ok(until !== undefined && until > now && until <= now + 501);
});

test("an approval for another environment says nothing about until when", async () => {
  const approvals = [...goodImage.approvals, approval("user:erin", { environment: "staging", expires: now + 5 })];
  assert.equal(await untilOf([], { approvals }), finished + day);
});

test("a limit that is reckoned from whole numbers is found", async () => {
  const scanned = (text: string) => untilOf(forbidWhen(`context.image has scan && ${text}`), { approvals: [] });
  assert.equal(await scanned("context.image.scan.age >= 2 * 3600"), finished + 7200);
  assert.equal(await scanned("2 * 3600 + 60 <= context.image.scan.age"), finished + 7260);
  assert.equal(await scanned('context["image"]["scan"]["age"] > 7200'), finished + 7200);
});

test("a rule that reckons with time in another way makes a decision hold for a minute", async () => {
  for (const text of [
    "context.now + 5 > 1000",
    "context.image has scan && context.image.scan.age + 5 > 1000",
    "context.image has scan && context.image.scan.age > context.image.approvalCount",
    "(if context.hour > 5 then context.image else context.image).approvalCount > 5",
    'context.image has tests && context.image.tests == {passed: true, age: 5, failed: ["x"]}',
  ])
    assert.equal(await untilOf(forbidWhen(text), { approvals: [] }), now + 60, text);
});

test("a rule about the time itself names the moment", async () => {
  assert.equal(await untilOf(forbidWhen(`context.now < ${now + 1234}`), { approvals: [] }), now + 1234);
});

test("where nothing depends on time a decision holds for ever", async () => {
  assert.equal(await untilOf(forbidWhen("context.image.revoked"), { approvals: [] }), undefined);
});

test("until a decision's moment nothing changes by time alone, for many random images", async () => {
  const random = generator(20_261_123);
  for (let round = 0; round < 12; round++) {
    const image: ImageFacts = {
      ...goodImage,
      approvals: [
        approval("user:alice", { expires: now + random(40) }),
        approval("user:bob", { expires: now + random(40) }),
      ],
      scan: {
        finished: now - day + random(60) - 10,
        exploited: [],
        gaps: 0,
        fixable: [
          { id: "CVE-1", severity: "critical", since: now - 7 * day + random(60) - 20 },
          { id: "CVE-2", severity: "unknown", since: now - 30 * day + random(60) - 20 },
        ],
      },
    };
    const at = (time: number) => decideBy([], deployment({ image, now: time }));
    let { until, policies } = await at(now);
    for (let time = now; time < now + 60; time += 1) {
      const next = await at(time);
      if (until === undefined || time < until)
        assert.deepEqual(next.policies, policies, `round ${round}, ${time - now} s`);
      else ({ until, policies } = next);
    }
  }
});

/** A small generator with a seed, so that a failure can be repeated (Park and Miller). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % Math.max(1, below);
  };
}
