import assert from "node:assert/strict";
import test from "node:test";
import { fakeInstance } from "../../evidence/tests/fake-instance.fixture.ts";
import type { TestInstance } from "../../evidence/tests/test-instance.ts";
import { portsOf } from "./ports-of.ts";

/** Opens ports at these times, in milliseconds from now. */
function opening(times: Readonly<Record<number, number>>, more: Partial<TestInstance> = {}): TestInstance {
  const begun = Date.now();
  const open = () => Object.entries(times).filter(([, after]) => Date.now() - begun >= after);
  return fakeInstance({ listening: () => open().map(([port]) => ({ port: Number(port), isLocal: false })), ...more });
}

test("a port that is opened a moment after the declared one is seen", async () => {
  const instance = opening({ 8080: 0, 9090: 100 });
  assert.deepEqual(await portsOf(instance, { declared: 8080, settled: Date.now() + 200 }), [
    { port: 8080 },
    { port: 9090 },
  ]);
});

test("a declared port that is slow is waited for", async () => {
  assert.deepEqual(await portsOf(opening({ 8080: 150 }), { declared: 8080, settled: Date.now() }), [{ port: 8080 }]);
});

test("where nothing runs, nothing is said of ports", async () => {
  const instance = opening({ 8080: 0 }, { whyIdle: () => "the image has no command" });
  assert.equal(await portsOf(instance, { declared: 8080, settled: Date.now() + 60_000 }), undefined);
});
