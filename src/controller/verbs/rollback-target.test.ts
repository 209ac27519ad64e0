import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../state/releases.ts";
import { chooseRollback } from "./rollback-target.ts";

/** Releases as `1:a 2:b 3:a<1`: number, image, and where a rollback came from. Newest first when they are returned. */
function releases(text: string): readonly Release[] {
  const made = text.split(" ").map((word): Release => {
    const [, number, image = "", from] = /^(\d+):(\w+)(?:<(\d+))?$/.exec(word) ?? [];
    return {
      service: "web",
      environment: "production",
      number: Number(number),
      repository: "shop/web",
      image,
      configuration: {},
      decision: 0,
      reason: "",
      createdBy: "user:dora",
      created: "2026-11-21T12:00:00.000Z",
      event: Number(number),
      ...(from === undefined ? {} : { from: { environment: "production", number: Number(from), kind: "rollback" } }),
    };
  });
  return made.toReversed();
}

const none = (): boolean => false;

function target(text: string, isRevoked = none): number {
  return chooseRollback(releases(text), { isRevoked }).release.number;
}

test("by default the newest release that is another is the way back", () => {
  assert.equal(target("1:a 2:b"), 1);
  assert.equal(target("1:a 2:b 3:c"), 2);
  assert.equal(target("1:a 2:b 3:b"), 1, "never to the same image and configuration");
});

test("a rollback that follows a rollback goes further back, and never forward again", () => {
  assert.equal(target("1:a 2:b 3:c 4:b<2"), 1);
  assert.throws(() => target("1:a 2:b 3:a<1"), { code: "rollback-refused" });
  assert.throws(() => chooseRollback(releases("1:a 2:b 3:a<1"), { isRevoked: none, to: 2 }), {
    code: "rollback-refused",
    message: /release 2 is no way back: it was rolled back from/,
  });
  const twice = "1:a 2:b 3:c 4:b<2 5:a<1";
  for (const to of [2, 3, 4]) {
    assert.throws(
      () => chooseRollback(releases(twice), { isRevoked: none, to }),
      { code: "rollback-refused" },
      `${to}`,
    );
  }
});

test("a deployment after a rollback ends the row: what was left before may be gone back to by its number", () => {
  const line = "1:a 2:b 3:a<1 4:d";
  assert.equal(chooseRollback(releases(line), { isRevoked: none, to: 2 }).release.number, 2);
  assert.equal(target(line), 3);
});

test("revoked images are passed over, and the answer says so", () => {
  const chosen = chooseRollback(releases("1:a 2:bad 3:c"), { isRevoked: (image) => image === "bad" });
  assert.equal(chosen.release.number, 1);
  assert.deepEqual(chosen.passedOver, [{ number: 2, why: "its image is revoked" }]);
});

test("what is not there is no way back", () => {
  assert.throws(() => target("1:a"), { code: "rollback-refused", message: /there is no earlier release/ });
  assert.throws(() => chooseRollback([], { isRevoked: none }), { code: "release-unknown" });
  assert.throws(() => chooseRollback(releases("1:a 2:b"), { isRevoked: none, to: 7 }), { code: "release-unknown" });
  assert.throws(() => chooseRollback(releases("1:a 2:b"), { isRevoked: none, to: 2 }), { code: "rollback-refused" });
});

test("what failed there is passed over, and what is known to be good goes before what never ran to its end", () => {
  const all = releases("1:a 2:b 3:c 4:d");
  const isQuarantined = (image: string): boolean => image === "c";
  const first = chooseRollback(all, { isRevoked: none, isQuarantined });
  assert.equal(first.release.number, 2);
  assert.deepEqual(first.passedOver, [{ number: 3, why: "its image failed there and is in quarantine" }]);
  const isGood = ({ number }: Release): boolean => number === 1;
  const good = chooseRollback(all, { isRevoked: none, isQuarantined, isGood });
  assert.equal(good.release.number, 1);
  assert.deepEqual(good.passedOver.at(-1), { number: 2, why: "it never ran to the end of its rollout" });
  const asked = chooseRollback(all, { isRevoked: none, isQuarantined, isGood, to: 2 });
  assert.equal(asked.release.number, 2, "who names it has it");
});
