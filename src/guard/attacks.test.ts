import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeTestHome, whyNoInstances, type TestHome } from "../../test/support/runtime-image.ts";
import { removeTestHome } from "../../test/support/stop-instances.ts";
import { startAgent, type AgentInstance } from "../../test/support/weak-instance.ts";
import { attackAndWait, attacks } from "./attacks.fixture.ts";
import { driftRules, type Drift } from "./guard.ts";
import { openGuard, type GuardProcess } from "./process/open-guard.ts";

const skip = process.arch === "x64" ? whyNoInstances() : "the attacks are programs for x86-64";

describe("what an image does not explain is found, by name", { skip }, () => {
  let home: TestHome;
  let agent: AgentInstance;
  let guard: GuardProcess;
  const drifts: Drift[] = [];

  before(async () => {
    home = await makeTestHome();
    agent = await startAgent(home, { isWeak: true });
    guard = await openGuard(home.ctx);
    guard.onDrift((drift) => drifts.push(drift));
    await guard.watch([agent.watched]);
  });
  after(async () => {
    await guard?.close();
    await removeTestHome(home);
  });

  for (const [index, attack] of attacks.entries()) {
    test(`${attack.name}: ${attack.rule}`, async () => {
      const found = await attackAndWait(attack, agent, { guard, drifts, tag: `attack-${index}` });
      assert.equal(found.response, "observed");
      assert.ok(found.chain.length > 0);
      assert.doesNotMatch(found.message + found.subject, /[\p{Cc}\p{Cf}]/u);
    });
  }

  test("every rule has an attack, but for the one about the guard itself", () => {
    const rules = new Set(attacks.map(({ rule }) => rule));
    assert.deepEqual(
      Object.keys(driftRules).filter((rule) => !rules.has(rule as Drift["rule"])),
      ["sensor-blind"],
    );
  });
});
