import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestController, principal } from "../controller.fixture.ts";
import { place, startInstance } from "../drift/drift.fixture.ts";
import { setOperations, type Operations } from "../operations.ts";
import { listLiving } from "../state/instances.ts";
import { executeIn } from "./execute-in.ts";
import { openEnvironment, record } from "./releases.fixture.ts";

test("an instance is spared before it is condemned for being entered, and by nobody who may not enter", async (t) => {
  const { controller } = await openTestController(t);
  await record(controller, openEnvironment(place.environment));
  await startInstance(controller, "web-1");
  const done: string[] = [];
  const condemned = (): string => listLiving(controller.ledger.state, place)[0]?.condemned?.why ?? "nothing";
  setOperations(controller, {
    fleet: {
      spare: () => {
        done.push(`spared, condemned for ${condemned()}`);
        return () => void done.push(`released, condemned for ${condemned()}`);
      },
    },
    runtime: { execute: async () => ({ status: "exited", exitCode: 0, output: "", cut: 0 }) },
  } as unknown as Operations);
  const order = { ...place, instance: "web-1", command: ["id"], reason: "a look" };
  const dev = executeIn(controller, principal("dev", "developer"), order);
  await assert.rejects(dev, { code: "policy-denied" });
  assert.deepEqual(done, []);
  await executeIn(controller, principal("dora", "deployer"), order);
  assert.deepEqual(done, ["spared, condemned for nothing", "released, condemned for debugged"]);
});
