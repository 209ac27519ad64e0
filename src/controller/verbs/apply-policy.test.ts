import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { principal } from "../controller.fixture.ts";
import { findPolicy, listVersions } from "../state/policies.ts";
import { approvalOf, openDoor, sign, type Door } from "../statements/door.fixture.ts";
import { applyPolicies, type ProposedPolicy } from "./apply-policy.ts";
import { deploy } from "./deploy.ts";
import { diffPolicies } from "./diff-policy.ts";
import { explain } from "./explain.ts";

const root = principal("root", "admin");

function lax(environment: string, approvals = 0): ProposedPolicy {
  const text = `@id("nothing-here") @missing("nothing") forbid(principal, action == Action::"debug", resource);`;
  return { environment, approvals, files: [{ name: "lax.cedar", text }] };
}

test("a policy makes its environment, and each one after it is a version; the same again is none", async (t) => {
  const door = await openDoor(t);
  const { controller } = door;
  const [made] = await applyPolicies(controller, root, [lax("test", 1)]);
  assert.deepEqual([made?.changed, made?.policy.version, made?.policy.approvals], [true, 1, 1]);
  const [same] = await applyPolicies(controller, root, [lax("test", 1)]);
  assert.deepEqual([same?.changed, same?.policy.version], [false, 1]);
  const [next, other] = await applyPolicies(controller, root, [lax("test", 2), lax("staging")]);
  assert.deepEqual([next?.policy.version, other?.policy.version], [2, 2]);
  const versions = listVersions(controller.ledger.state, "test");
  assert.deepEqual(
    versions.map(({ version, approvals, appliedBy, files }) => [version, approvals, appliedBy, files[0]?.name]),
    [
      [2, 2, "user:root", "lax.cedar"],
      [1, 1, "user:root", "lax.cedar"],
    ],
  );
});

test("a policy with a syntax error put in force changes nothing, and neither does what came with it", async (t) => {
  const door = await openDoor(t);
  const { ledger } = door.controller;
  const { size } = ledger.log.checkpoint();
  const broken = { environment: "production", approvals: 0, files: [{ name: "p.cedar", text: "permit(principal" }] };
  await assert.rejects(applyPolicies(door.controller, root, [lax("staging"), broken]), (error) => {
    assert.ok(error instanceof IngotError);
    assert.equal(error.code, "policy-invalid");
    assert.match(error.details.join("\n"), /p\.cedar:1:/);
    return true;
  });
  assert.equal(ledger.log.checkpoint().size, size);
  assert.equal(findPolicy(ledger.state, "production")?.version, 1);
  assert.equal(findPolicy(ledger.state, "staging")?.version, 1);
});

test("who is no admin puts no policy in force, and that they tried is on the record", async (t) => {
  const door = await openDoor(t);
  const { ledger } = door.controller;
  await assert.rejects(applyPolicies(door.controller, principal("dora", "deployer"), [lax("production")]), {
    code: "policy-denied",
    message: /user:dora may not administer environment production/,
  });
  assert.equal(findPolicy(ledger.state, "production")?.version, 1);
  assert.equal(ledger.event(ledger.log.checkpoint().size - 1).type, "decision.made");
});

test("rights come before reading: who may not administer is denied, and not told what is wrong with a text; asked again it is no new event", async (t) => {
  const door = await openDoor(t);
  const { ledger } = door.controller;
  const broken = { environment: "production", approvals: 0, files: [{ name: "p.cedar", text: "permit(principal" }] };
  const attempt = (): Promise<unknown> => applyPolicies(door.controller, principal("dora", "deployer"), [broken]);
  await assert.rejects(attempt(), { code: "policy-denied" });
  const { size } = ledger.log.checkpoint();
  await assert.rejects(attempt(), { code: "policy-denied" });
  assert.equal(ledger.log.checkpoint().size, size);
});

test("a denial by hundreds of long-winded rules fits on the record, and says how many more there are", async (t) => {
  const door = await openDoor(t);
  const rule = `forbid(principal, action, resource);`;
  const text = Array.from({ length: 300 }, (_, at) => `@id("r${at}") @missing("${"{principal} ".repeat(7)}") ${rule}`);
  await applyPolicies(door.controller, root, [
    { environment: "wordy", approvals: 0, files: [{ name: "wordy.cedar", text: text.join("\n") }] },
  ]);
  const wordy = principal("x".repeat(60), "deployer");
  const order = { service: "web", environment: "wordy", image: door.image.digest, configuration: {}, reason: "" };
  await assert.rejects(deploy(door.controller, wordy, order), { code: "policy-denied" });
  const { data } = door.controller.ledger.event(door.controller.ledger.log.checkpoint().size - 1);
  assert.match(JSON.stringify(data.missing), /"missing":"\d+ more rules stand against it","policy":"more"\}\]$/);
  // And where the glass is broken.
  await deploy(door.controller, wordy, { ...order, breakGlass: { reason: "the shop is down", seconds: 600 } });
});

test("a policy's difference names the images whose decision would change, before it is in force, and then it does", async (t) => {
  const door = await openDoor(t);
  const { controller } = door;
  const diff = await diffPolicies(controller, [lax("production"), lax("moon")]);
  assert.deepEqual([diff.images, diff.changed], [1, 4]);
  assert.deepEqual(
    diff.changes.map(({ environment, action, image, before, after }) => [
      environment,
      action,
      image,
      before?.permit,
      after.permit,
    ]),
    [
      ["production", "deploy", door.image.digest, false, true],
      ["production", "pull", door.image.digest, false, true],
      ["moon", "deploy", door.image.digest, undefined, true],
      ["moon", "pull", door.image.digest, undefined, true],
    ],
  );
  assert.ok(diff.changes[0]?.before?.missing.some(({ policy }) => policy === "scan"));
  assert.equal(findPolicy(controller.ledger.state, "production")?.version, 1);
  await applyPolicies(controller, root, [lax("production")]);
  assert.deepEqual(await diffPolicies(controller, [lax("production")]), { images: 1, changed: 0, changes: [] });
  assert.equal(ask(door, "deploy").decision.permit, true);
});

test("an explanation says who decided and what is missing, with the command for each; nothing is put on the record", async (t) => {
  const door = await openDoor(t);
  const { ledger } = door.controller;
  await door.push(
    await sign(door.keys.people.alice, "approval", { image: door.image, predicate: approvalOf(door, "user:alice") }),
  );
  const { size } = ledger.log.checkpoint();
  const { decision, principal: who, policy } = ask(door, "deploy");
  assert.deepEqual([who, policy.version, policy.approvals, decision.permit], ["user:dora", 1, 2, false]);
  const missing = new Map(decision.missing.map((one) => [one.policy, one]));
  assert.deepEqual([...missing.keys()], ["signed", "provenance", "sbom", "scan", "tested", "approvals"]);
  assert.match(missing.get("approvals")?.missing ?? "", /2 .*production.*alice/);
  for (const { supply } of decision.missing) assert.match(supply ?? "", /^ingot \w+/);
  assert.equal(ledger.log.checkpoint().size, size);
});

test("an explanation for somebody else asks as that person would, and for a pull with a token for the environment", async (t) => {
  const door = await openDoor(t);
  assert.equal(ask(door, "approve", "user:alice").decision.permit, true);
  const own = ask(door, "approve", "workload:ci").decision.missing.map(({ policy }) => policy);
  assert.ok(own.includes("own-image") && own.includes("approvers-are-people"), own.join());
  assert.deepEqual(ask(door, "pull", "user:dora").decision.missing[0]?.policy, "signed");
  assert.throws(() => ask(door, "deploy", "user:nobody"), { code: "identity-unknown" });
});

function ask(door: Door, action: "deploy" | "approve" | "pull", as = "user:dora"): ReturnType<typeof explain> {
  const { ledger } = door.controller;
  const moment = { state: ledger.state, now: Math.floor(ledger.now().getTime() / 1000) };
  const question = { image: door.image.digest, environment: "production", action, as };
  return explain(door.controller, moment, { ...question, asker: root });
}
