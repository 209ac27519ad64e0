import assert from "node:assert/strict";
import { test } from "node:test";
import { principal } from "../controller.fixture.ts";
import { openDoor, sign, type Door } from "../statements/door.fixture.ts";
import { deploy, type DeployOrder } from "../verbs/deploy.ts";
import { openEnvironment, usual } from "../verbs/releases.fixture.ts";
import { revoke } from "../verbs/revoke.ts";
import { makeDossier } from "./dossier.ts";
import { checkReceipt } from "./receipt.ts";

const dora = principal("dora", "deployer");

async function release(door: Door): Promise<void> {
  await door.record(openEnvironment("open"));
  await door.push(await sign(door.keys.builder, "signature", { image: door.image, predicate: {} }));
  await deploy(door.controller, dora, order(door));
}

function order({ image }: Door): DeployOrder {
  return { service: "web", environment: "open", image: image.digest, configuration: usual, reason: "first" };
}

const name = { environment: "open", service: "web", number: 1 };

test("a dossier has the release, its decision, the texts that decided, the evidence, and a receipt of each that holds", async (t) => {
  const door = await openDoor(t);
  await release(door);
  const dossier = await makeDossier(door.controller, name);
  assert.equal(dossier.release.reason, "first");
  assert.equal(dossier.decision.event, dossier.release.decision);
  assert.deepEqual(
    dossier.statements.map(({ kind }) => kind),
    ["signature"],
  );
  assert.ok(dossier.policy.files.some(({ name: file }) => file === "open.cedar"));
  assert.ok(dossier.policy.isWhatDecided);
  const whats = dossier.events.map(({ what }) => what);
  assert.deepEqual(whats, ["a key", "the image", "the policy", "evidence", "the decision", "the release"]);
  for (const { receipt } of dossier.events)
    checkReceipt(JSON.stringify(receipt), { key: dossier.controller.logs.events });
});

test("evidence is what counted when it was decided; what came later is told apart", async (t) => {
  const door = await openDoor(t);
  await release(door);
  await door.push(await sign(door.keys.tester, "tests", { image: door.image, predicate: { result: "PASSED" } }));
  const subject = { kind: "image", digest: door.image.digest } as const;
  await revoke(door.controller, principal("root", "admin"), { subject, reason: "backdoor" });
  const dossier = await makeDossier(door.controller, name);
  assert.deepEqual(
    dossier.statements.map(({ kind }) => kind),
    ["signature"],
    "the tests came later",
  );
  assert.deepEqual(dossier.image.facts.revocations, [], "it was not revoked then");
  assert.equal(dossier.since.revocations[0]?.reason, "backdoor");
  assert.equal(dossier.events.at(-1)?.what, "a revocation since");
});

test("a key that was revoked since is told, with a receipt, when what it signed counted; one that was revoked before is not", async (t) => {
  const door = await openDoor(t);
  await door.push(await sign(door.keys.tester, "tests", { image: door.image, predicate: { result: "PASSED" } }));
  await release(door);
  const { id } = door.keys.tester.key;
  assert.deepEqual((await makeDossier(door.controller, name)).since.keys, []);
  await revoke(door.controller, principal("root", "admin"), { subject: { kind: "key", id }, reason: "stolen" });
  const dossier = await makeDossier(door.controller, name);
  const event = dossier.events.at(-1)?.receipt.event.index ?? -1;
  assert.deepEqual(dossier.since.keys, [
    { key: id, principal: "workload:ci", role: "tester", event, reason: "stolen" },
  ]);
  await deploy(door.controller, dora, { ...order(door), configuration: { replicas: 9 } });
  assert.deepEqual((await makeDossier(door.controller, { ...name, number: 2 })).since.keys, []);
});

test("there is no dossier of a release that is not there", async (t) => {
  const { controller } = await openDoor(t);
  await assert.rejects(makeDossier(controller, name), { code: "release-unknown" });
});
