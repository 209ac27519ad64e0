import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Controller } from "../controller.ts";
import { openTestController, principal, type TestController } from "../controller.fixture.ts";
import { IngotError } from "../../ground/error.ts";
import { makeEvent } from "../events/events.ts";
import { decidePullOf } from "../registry/pull-decision.ts";
import { openRegistry } from "../registry/registry.ts";
import { findDecision } from "../state/decisions.ts";
import { listReleases } from "../state/releases.ts";
import { judge } from "../decisions/authorize.ts";
import { parseBreakGlass } from "./break-glass.ts";
import { deploy, type DeployOrder } from "./deploy.ts";
import { promote } from "./promote.ts";
import { parseConfiguration } from "./release-configuration.ts";
import { digestFor, openEnvironment, pushImage, record, strictEnvironment, usual } from "./releases.fixture.ts";
import { rollback } from "./rollback.ts";

const dora = principal("dora", "deployer");
const [one, two, three] = [digestFor("one"), digestFor("two"), digestFor("three")];
const order: DeployOrder = {
  service: "web",
  environment: "staging",
  image: one,
  configuration: usual,
  reason: "first",
};

/** staging asks nothing of an image, production everything. */
async function open(t: TestContext): Promise<TestController> {
  const made = await openTestController(t);
  const images = [one, two, three].flatMap((digest) => pushImage("shop/web", digest));
  await record(made.controller, openEnvironment("staging"), strictEnvironment("production", 2), ...images);
  return made;
}

function lastType(controller: Controller): string {
  return controller.ledger.event(controller.ledger.log.checkpoint().size - 1).type;
}

test("what the policy permits becomes release 1, and names the event of its decision", async (t) => {
  const { controller } = await open(t);
  const made = await deploy(controller, dora, { ...order, image: "shop/web:1" });
  assert.equal(made.created, true);
  assert.equal(made.release.number, 1);
  assert.equal(made.release.image, three, "the tag points at the image that was pushed last");
  assert.equal(made.release.createdBy, "user:dora");
  const decision = findDecision(controller.ledger.state, made.release.decision);
  assert.deepEqual([decision?.permit, decision?.action, decision?.image], [true, "deploy", three]);
  assert.deepEqual(listReleases(controller.ledger.state, order), [made.release]);
});

test("the same image with the same configuration makes no new release", async (t) => {
  const { controller } = await open(t);
  await deploy(controller, dora, order);
  const again = await deploy(controller, dora, { ...order, reason: "again" });
  assert.deepEqual([again.created, again.release.number, again.release.reason], [false, 1, "first"]);
  assert.equal(lastType(controller), "decision.made", "that it would have been permitted is on the record");
  const other = await deploy(controller, dora, { ...order, configuration: { replicas: 2 } });
  assert.deepEqual([other.created, other.release.number], [true, 2], "another configuration is another release");
});

test("ten deployments at once get ten numbers without a gap", async (t) => {
  const { controller } = await open(t);
  const orders = Array.from({ length: 10 }, (_, index) => ({ ...order, configuration: { replicas: index + 1 } }));
  const made = await Promise.all(orders.map((each) => deploy(controller, dora, each)));
  const numbers = made.map(({ release }) => release.number);
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const { release } of made) assert.equal(controller.ledger.event(release.decision).type, "decision.made");
});

test("a denial names everything that is missing with its command, is on the record, and makes no release", async (t) => {
  const { controller } = await open(t);
  await assert.rejects(
    deploy(controller, dora, { ...order, environment: "production" }),
    (error: Error & { code?: string; details?: string[] }) => {
      assert.equal(error.code, "policy-denied");
      const named = (error.details ?? []).map((line) => line.slice(0, line.indexOf(":")));
      assert.deepEqual(named.toSorted(), ["approvals", "provenance", "sbom", "scan", "signed", "tested"]);
      for (const line of error.details ?? []) assert.match(line, / → ingot /);
      return true;
    },
  );
  assert.equal(lastType(controller), "decision.made");
  assert.deepEqual(listReleases(controller.ledger.state, { service: "web", environment: "production" }), []);
});

test("an image that was never pushed, and an environment that does not exist, are errors of their own", async (t) => {
  const { controller } = await open(t);
  await assert.rejects(deploy(controller, dora, { ...order, image: digestFor("never") }), { code: "image-not-pushed" });
  await assert.rejects(deploy(controller, dora, { ...order, image: "shop/web:none" }), { code: "image-not-pushed" });
  await assert.rejects(deploy(controller, dora, { ...order, environment: "mars" }), { code: "environment-unknown" });
});

test("who is no deployer deploys nothing, also by breaking the glass", async (t) => {
  const { controller } = await open(t);
  const dev = principal("dev", "developer");
  await assert.rejects(deploy(controller, dev, order), { code: "policy-denied" });
  const glass = parseBreakGlass("the shop is down");
  await assert.rejects(deploy(controller, dev, { ...order, environment: "production", breakGlass: glass }), {
    code: "policy-denied",
  });
});

test("a broken glass goes around the environment's policy, says why, and is over in time", async (t) => {
  const { controller, pass } = await open(t);
  const production = { ...order, environment: "production" };
  const glass = parseBreakGlass("the shop is down, INC-7", 3600);
  const { release, decision } = await deploy(controller, dora, { ...production, breakGlass: glass });
  const now = Math.floor(controller.ledger.now().getTime() / 1000);
  assert.deepEqual(release.breakGlass, { reason: "the shop is down, INC-7", expires: now + 3600 });
  assert.ok((decision.lifted ?? []).length > 3, "the decision says what it went around");
  const pull = () =>
    judge(
      controller.policies,
      { state: controller.ledger.state, now: Math.floor(controller.ledger.now().getTime() / 1000) },
      {
        principal: { ...principal("host-1", "host"), kind: "workload", environment: "production" },
        action: "pull",
        resource: { kind: "image", repository: "shop/web" },
        environment: "production",
        image: one,
      },
    );
  assert.equal(pull().permit, true, "its instances can start");
  assert.equal(pull().until, now + 3600, "and who keeps the decision knows until when");
  pass(3601);
  assert.equal(pull().permit, false, "after its time it counts as denied again");
  await assert.rejects(deploy(controller, dora, production), { code: "policy-denied" });
});

test("who brings a reason along where nothing is in the way has broken no glass", async (t) => {
  const { controller } = await open(t);
  const { release } = await deploy(controller, dora, { ...order, breakGlass: parseBreakGlass("to be sure") });
  assert.equal(release.breakGlass, undefined);
});

test("a broken glass needs a reason, and is never broken for more than a day", () => {
  for (const reason of ["", "  \n ", "\u202e\0\u200b"])
    assert.throws(() => parseBreakGlass(reason), { code: "break-glass-malformed" });
  for (const seconds of [0, -1, 1.5, Number.NaN, 24 * 3600 + 1]) {
    assert.throws(() => parseBreakGlass("fire", seconds), { code: "break-glass-malformed" });
  }
  assert.throws(() => parseBreakGlass("fire", 48 * 3600), { message: /for 1 minute to 24 hours, got 2 days$/ });
  assert.equal(parseBreakGlass("fire").seconds, 4 * 3600);
  assert.equal(parseBreakGlass("fire", 24 * 3600).seconds, 24 * 3600);
});

test("a revoked image is not deployed, promoted or gone back to, and no broken glass changes that", async (t) => {
  const { controller } = await open(t);
  await deploy(controller, dora, order);
  const revocation = await record(
    controller,
    makeEvent("user:root", "revocation.made", { subject: { kind: "image", digest: one }, reason: "backdoor" }),
  );
  await record(
    controller,
    makeEvent("user:root", "revocation.reached", { revocation, images: [{ digest: one, how: "itself" }] }),
  );
  const breakGlass = parseBreakGlass("the shop is down");
  for (const environment of ["staging", "production"]) {
    const again = { ...order, environment, configuration: { replicas: 9 } };
    for (const each of [again, { ...again, breakGlass }]) {
      const error: unknown = await deploy(controller, dora, each).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof IngotError && error.code === "policy-denied");
      assert.match([error.message, ...error.details].join("\n"), /the image is revoked: backdoor/);
    }
  }
  const promotion = { service: "web", from: "staging", to: "production", reason: "", breakGlass };
  await assert.rejects(promote(controller, dora, promotion), { code: "policy-denied" });
  await deploy(controller, dora, { ...order, image: two });
  const back = { service: "web", environment: "staging", reason: "" };
  await assert.rejects(rollback(controller, dora, { ...back, to: 1 }), { code: "policy-denied" });
  await assert.rejects(rollback(controller, dora, back), {
    code: "rollback-refused",
    details: ["release 1: its image is revoked"],
  });
});

test("a promotion takes image and configuration as they are, is decided anew, and names where it came from", async (t) => {
  const { controller } = await open(t);
  await record(controller, openEnvironment("canary"));
  await deploy(controller, dora, { ...order, configuration: { replicas: 3 } });
  const promotion = { service: "web", from: "staging", reason: "it works" };
  const { release } = await promote(controller, dora, { ...promotion, to: "canary" });
  assert.deepEqual([release.number, release.image, release.configuration], [1, one, { replicas: 3 }]);
  assert.deepEqual(release.from, { environment: "staging", number: 1, kind: "promote" });
  assert.equal(findDecision(controller.ledger.state, release.decision)?.action, "promote");
  await assert.rejects(promote(controller, dora, { ...promotion, to: "production" }), { code: "policy-denied" });
  await assert.rejects(promote(controller, dora, { ...promotion, to: "staging" }), { code: "request-malformed" });
  await assert.rejects(promote(controller, dora, { ...promotion, to: "canary", number: 7 }), {
    code: "release-unknown",
  });
});

test("a configuration that is more than an event holds is refused before anything is decided", () => {
  const health = { run: Array.from({ length: 1000 }, () => "x".repeat(90)) };
  assert.throws(() => parseConfiguration({ health }), { code: "request-malformed", message: /bytes as JSON/ });
});

test("turning the machine's clock back makes no broken glass last longer", async (t) => {
  const { controller, pass } = await open(t);
  const glass = parseBreakGlass("the shop is down", 600);
  const { release } = await deploy(controller, dora, { ...order, environment: "production", breakGlass: glass });
  pass(700);
  await record(controller, makeEvent("workload:ci", "tag.set", { repository: "shop/web", tag: "2", digest: two }));
  pass(-3600);
  const now = controller.ledger.now().getTime() / 1000;
  assert.ok(now > (release.breakGlass?.expires ?? Infinity), "the ledger's clock does not go back");
});

test("pulls that a broken glass permits end at once when another release takes its place, also where they were decided before", async (t) => {
  const { controller } = await open(t);
  const registry = openRegistry(controller);
  t.after(() => registry.close());
  const production = { ...order, environment: "production" };
  const host = { ...principal("host-1", "host"), kind: "workload", environment: "production" } as const;
  const pulls = async (digest: string): Promise<boolean> =>
    (await decidePullOf(registry, host, { repository: "shop/web", digest })).decision.permit;
  assert.equal(await pulls(one), false);
  await deploy(controller, dora, { ...production, breakGlass: parseBreakGlass("the shop is down") });
  assert.equal(await pulls(one), true, "a denial that was kept is decided anew");
  await deploy(controller, dora, { ...production, image: two, breakGlass: parseBreakGlass("still down") });
  assert.deepEqual([await pulls(one), await pulls(two)], [false, true]);
});
