import assert from "node:assert/strict";
import { test } from "node:test";
import { describeVerified } from "./describe-verified.ts";
import type { VerifiedHome, VerifiedLog } from "./verify-home.ts";

const found = { entries: 3, files: 4, findings: [], leftovers: [], checkpoint: undefined };

function homeOf(...isOwnKey: readonly boolean[]): VerifiedHome {
  const names = ["events", "signatures"] as const;
  const logs: readonly VerifiedLog[] = names.map((name, index) => ({
    name,
    folder: `/ledger/${name}`,
    verifierKey: `${name}+key`,
    isOwnKey: isOwnKey[index] ?? false,
    found,
  }));
  return { logs, isGood: true };
}

test("whose keys were taken from the folder itself is said in one line", () => {
  assert.match(
    describeVerified(homeOf(true, true)),
    /\nthe keys of events and signatures are from the folder itself: .*$/,
  );
  assert.match(describeVerified(homeOf(false, true)), /\nthe key of signatures is from the folder itself: .*$/);
  assert.doesNotMatch(describeVerified(homeOf(false, false)), /itself/);
});

test("the witnesses that were asked for are named with the events, which they cosign", () => {
  const text = describeVerified(homeOf(false, false), { witnesses: ["witness.example/w1+0011+AA", "other+00+BB"] });
  assert.match(text, /read: good\n +cosigned by witness\.example\/w1, other\nsignatures/);
  const wrong = homeOf(false, false);
  const [events] = wrong.logs;
  const findings = [{ file: "checkpoint", problem: "is not cosigned by witness.example/w1" }];
  const bad = { ...wrong, isGood: false, logs: [{ ...events, found: { ...found, findings } }] } as VerifiedHome;
  assert.doesNotMatch(describeVerified(bad, { witnesses: ["witness.example/w1+0011+AA"] }), /^ +cosigned by/m);
});
