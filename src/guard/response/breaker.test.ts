import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { driftRules, type DriftRule } from "../guard.ts";
import { breakerTimes, certainty, mostAlike, mostFrozen, openBreaker, type BreakerQuestion } from "./breaker.ts";

const service = { environment: "production", service: "web" };

function question(change: Partial<BreakerQuestion> = {}): BreakerQuestion {
  return {
    ...service,
    release: 4,
    instance: "web-1",
    rule: "foreign-executable",
    subject: "/tmp/x",
    instances: 4,
    frozen: 0,
    ...change,
  };
}

/** Each line: what is asked after the ones before it, when, and the answer. */
type Row = readonly [seconds: number, change: Partial<BreakerQuestion>, answer: string];

const cases: readonly { readonly name: string; readonly rows: readonly Row[] }[] = [
  {
    name: "half of a service's instances may be frozen at once, whatever the rule; those that were replaced count no more",
    rows: [
      [0, { instance: "a" }, "freeze"],
      [1, { instance: "b", rule: "memfd-executable", subject: "memfd:y", frozen: 1 }, "freeze"],
      [2, { instance: "c", rule: "entered-from-host", subject: "sh", frozen: 2 }, "rate-limited"],
      [3, { instance: "c", rule: "entered-from-host", subject: "sh", frozen: 1 }, "freeze"],
    ],
  },
  {
    name: "a service is not replaced all the time: each instance once a minute on the average for ambiguous rules, three times for certain ones",
    rows: [
      [0, { instance: "a", instances: 2, rule: "dropped-program", subject: "/run/1" }, "freeze"],
      [1, { instance: "b", instances: 2, rule: "dropped-program", subject: "/run/2" }, "freeze"],
      [2, { instance: "c", instances: 2, rule: "dropped-program", subject: "/run/3" }, "rate-limited"],
      ...[3, 4, 5, 6].map((index): Row => [
        index,
        { instance: `i${index}`, instances: 2, rule: "memfd-executable", subject: `memfd:${index}` },
        "freeze",
      ]),
      [7, { instance: "d", instances: 2, rule: "memfd-executable", subject: "memfd:7" }, "rate-limited"],
      [60, { instance: "d", instances: 2, rule: "memfd-executable", subject: "memfd:8" }, "freeze"],
    ],
  },
  {
    name: "the only instance is frozen for a certain rule",
    rows: [[0, { instances: 1 }, "freeze"]],
  },
  {
    name: "the only instance is not frozen for an ambiguous rule",
    rows: [[0, { instances: 1, rule: "dropped-program" }, "rate-limited"]],
  },
  {
    name: "the last one that serves is not frozen for an ambiguous rule, also when the minute is over",
    rows: [
      [0, { instance: "a", instances: 2, rule: "foreign-script" }, "freeze"],
      [61, { instance: "b", instances: 2, frozen: 1, rule: "foreign-script" }, "rate-limited"],
      [62, { instance: "b", instances: 2, rule: "memfd-executable" }, "freeze"],
    ],
  },
  {
    name: "the same drift on many instances of a release opens the breaker, and closes by time",
    rows: [
      ...[0, 1, 2].map((index): Row => [
        index,
        { instance: `i${index}`, instances: 50, rule: "foreign-mapping" },
        "freeze",
      ]),
      [3, { instance: "i3", instances: 50, rule: "foreign-mapping" }, "breaker-open"],
      [4, { instance: "i0", instances: 50, rule: "foreign-mapping" }, "breaker-open"],
      [602, { instance: "i4", instances: 50, rule: "foreign-mapping" }, "breaker-open"],
      [603, { instance: "i4", instances: 50, rule: "foreign-mapping" }, "freeze"],
    ],
  },
  {
    name: "an open breaker holds for its own kind of drift alone",
    rows: [
      ...[0, 1, 2].map((index): Row => [
        index,
        { instance: `i${index}`, instances: 50, rule: "foreign-mapping" },
        "freeze",
      ]),
      [3, { instance: "i3", instances: 50, rule: "foreign-mapping" }, "breaker-open"],
      [4, { instance: "i3", instances: 50, rule: "foreign-mapping", subject: "/tmp/other" }, "freeze"],
      [5, { instance: "i4", instances: 50, rule: "memfd-executable" }, "freeze"],
      [6, { instance: "i5", instances: 50, rule: "foreign-mapping", release: 5 }, "freeze"],
      [7, { instance: "i6", instances: 50, rule: "foreign-mapping", service: "other" }, "freeze"],
      [8, { instance: "i7", instances: 50, rule: "foreign-mapping" }, "breaker-open"],
    ],
  },
  {
    name: "a certain rule takes more instances to be doubted",
    rows: [
      ...[0, 1, 2, 3, 4, 5].map((index): Row => [index, { instance: `i${index}`, instances: 50 }, "freeze"]),
      [6, { instance: "i6", instances: 50 }, "breaker-open"],
    ],
  },
  {
    name: "one instance that shows the same again and again does not open it",
    rows: Array.from({ length: 20 }, (_, index): Row => [index * 61, { instances: 50 }, "freeze"]),
  },
  {
    name: "the same drift once in a long while does not open it",
    rows: Array.from({ length: 20 }, (_, index): Row => [
      index * 300,
      { instance: `i${index}`, instances: 50, rule: "foreign-script" },
      "freeze",
    ]),
  },
  {
    name: "what is about the guard itself freezes nothing",
    rows: [[0, { rule: "sensor-blind" }, "observed"]],
  },
];

for (const { name, rows } of cases) {
  test(name, () => {
    const breaker = openBreaker();
    const answers = rows.map(([seconds, change]) => breaker.ask(question(change), seconds * 1000));
    assert.deepEqual(
      answers,
      rows.map(([, , answer]) => answer),
    );
  });
}

test("a person closes it, and its state is told until when", () => {
  const breaker = openBreaker();
  const ask = (instance: string, now: number) =>
    breaker.ask(question({ instance, instances: 50, rule: "foreign-script" }), now);
  for (const instance of ["a", "b", "c"]) assert.equal(ask(instance, 1000), "freeze");
  assert.deepEqual(breaker.status(1000), [{ ...service, state: "closed" }]);
  assert.equal(ask("d", 2000), "breaker-open");
  assert.deepEqual(breaker.status(2000), [{ ...service, state: "open", until: 2000 + breakerTimes.rest }]);
  breaker.reset(service);
  assert.equal(ask("d", 3000), "freeze");
  assert.deepEqual(breaker.status(3000), [{ ...service, state: "closed" }]);
});

test("every rule is certain, ambiguous or only told", () => {
  assert.deepEqual(Object.keys(certainty).toSorted(), Object.keys(driftRules).toSorted());
});

test("of kinds of drift so many are remembered: whoever makes a million names fills no memory", () => {
  const breaker = openBreaker();
  const ask = (instance: string, subject: string) =>
    breaker.ask(question({ instance, subject, instances: 1_000_000, rule: "foreign-script" }), 0);
  for (const instance of ["a", "b", "c"]) ask(instance, "/tmp/first");
  for (let index = 0; index < 1024; index += 1) ask("a", `/tmp/${index}`);
  // All of the first kind is forgotten, or the fourth instance would open the breaker.
  assert.equal(ask("d", "/tmp/first"), "freeze");
});

test("in no sequence of findings is a service emptied, and every instance that shows something unusual alone is frozen", () => {
  const rules = Object.keys(driftRules) as DriftRule[];
  for (let seed = 0; seed < 400; seed += 1) {
    const random = makeRandom(seed);
    const breaker = openBreaker();
    let next = 0;
    let alive = Array.from({ length: 1 + random(8) }, () => ({ id: `i${next++}`, frozenAt: -1 }));
    const freezes: number[] = [];
    let now = 0;
    for (let step = 0; step < 120; step += 1) {
      now += random(20_000);
      const one = alive[random(alive.length)];
      assert.ok(one !== undefined);
      const rule = rules[random(rules.length)] ?? "foreign-script";
      const frozen = alive.filter(({ frozenAt }) => frozenAt >= 0).length;
      if (one.frozenAt < 0) {
        const asked = question({
          instance: one.id,
          instances: alive.length,
          frozen,
          rule,
          subject: `/tmp/${random(4)}`,
        });
        const answer = breaker.ask(asked, now);
        if (answer === "freeze") {
          one.frozenAt = now;
          freezes.push(now);
          const recent = freezes.filter((at) => now - at < breakerTimes.window).length;
          assert.ok(recent <= 3 * alive.length, `${seed}: ${recent} of ${alive.length} in a minute`);
          assert.ok(frozen + 1 <= mostFrozen(alive.length), `${seed}: ${frozen + 1} of ${alive.length} at once`);
          const serving = alive.filter(({ frozenAt }) => frozenAt < 0).length;
          assert.ok(serving > 0 || certainty[rule] === "certain", `${seed}: the last one fell to ${rule}`);
        }
      }
      // Those that are frozen are replaced, some time later.
      if (random(2) === 0)
        alive = alive.map((each) => (each.frozenAt >= 0 ? { id: `i${next++}`, frozenAt: -1 } : each));
    }
  }
  assert.ok(mostAlike.certain > mostAlike.ambiguous);
});

/** The same numbers for the same seed. */
function makeRandom(seed: number): (below: number) => number {
  let count = 0;
  return (below) => createHash("sha256").update(`${seed}/${count++}`).digest().readUInt32BE() % below;
}
