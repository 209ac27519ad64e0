import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestController, principal } from "./controller.fixture.ts";
import { openOperations } from "./open-operations.ts";
import { operationsOf } from "./operations.ts";
import { listRollouts } from "./state/rollouts.ts";
import { deploy } from "./verbs/deploy.ts";
import { readLogs } from "./verbs/read-logs.ts";
import { digestFor, openEnvironment, pushImage, record, usual } from "./verbs/releases.fixture.ts";
import { replaceInstance } from "./verbs/replace-instance.ts";

const dora = principal("dora", "deployer");
const key = { environment: "staging", service: "web" };

test("a controller that runs nothing keeps the record of what is to run, and says so to who asks for instances", async (t) => {
  const secrets = { staging: { password: { command: ["print-it", "--unlock", "hunter2"] } } };
  const { controller } = await openTestController(t, { settings: { runtime: "none", secrets } });
  assert.equal(await openOperations(controller), undefined);
  assert.equal(operationsOf(controller), undefined);
  const [one, two] = [digestFor("one"), digestFor("two")];
  await record(controller, openEnvironment("staging"), ...pushImage("shop/web", one), ...pushImage("shop/web", two));
  for (const image of [one, two]) await deploy(controller, dora, { ...key, image, configuration: usual, reason: "" });
  await assert.rejects(replaceInstance(controller, dora, key), { code: "fleet-not-here" });
  await assert.rejects(readLogs(controller, dora, key), { code: "fleet-not-here" });
  const rollouts = listRollouts(controller.ledger.state, key);
  assert.deepEqual(
    rollouts.map(({ release, status, why }) => [release, status, why]),
    [
      [2, "pending", undefined],
      [1, "cancelled", "release 2 takes its place"],
    ],
  );
  const entries = [...controller.ledger.log.readEntries(0)].map(String).join("\n");
  assert.match(entries, /"secrets":\{"staging":\["password"\]\}/);
  assert.ok(!entries.includes("hunter2"), "where a secret is may say what it is");
});
