import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openTestController, principal, type TestController } from "../controller.fixture.ts";
import type { NewEvent } from "../../ledger/event.ts";
import { makeEvent } from "../events/events.ts";
import { readIdentities } from "../identity/read-identities.ts";
import { stateAt } from "../state-at.ts";
import { parseBreakGlass } from "./break-glass.ts";
import { deploy } from "./deploy.ts";
import {
  acceptStatement,
  digestFor,
  openEnvironment,
  pushImage,
  record,
  strictEnvironment,
  usual,
} from "./releases.fixture.ts";
import { revoke } from "./revoke.ts";
import { showStatus, type ServiceStatus } from "./status.ts";

const dora = principal("dora", "deployer");
const image = digestFor("one");

type World = TestController & { readonly status: (at?: string) => Promise<readonly ServiceStatus[]> };

async function open(t: TestContext): Promise<World> {
  const made = await openTestController(t);
  const { controller } = made;
  await record(
    controller,
    openEnvironment("staging"),
    strictEnvironment("production"),
    ...pushImage("shop/web", image),
  );
  return { ...made, status: async (at) => showStatus(controller.policies, await stateAt(controller, at)) };
}

const order = { service: "web", environment: "staging", image, configuration: usual, reason: "" };

test("the current release of each service is shown with its tags and what is decided now", async (t) => {
  const { controller, status } = await open(t);
  assert.deepEqual(await status(), []);
  await deploy(controller, dora, order);
  await deploy(controller, dora, { ...order, service: "api" });
  await deploy(controller, dora, { ...order, configuration: { replicas: 2 } });
  const shown = await status();
  assert.deepEqual(
    shown.map(({ release }) => [release.service, release.number]),
    [
      ["api", 1],
      ["web", 2],
    ],
  );
  for (const { tags, deploy: now, pull } of shown)
    assert.deepEqual([tags, now.permit, pull.permit], [["1"], true, true]);
});

test("a broken glass is shown with its end, and as overdue after it: then its instances may not start", async (t) => {
  const { controller, status, pass } = await open(t);
  const breakGlass = parseBreakGlass("the shop is down", 3600);
  await deploy(controller, dora, { ...order, environment: "production", breakGlass });
  const [before] = await status();
  assert.deepEqual([before?.breakGlass?.isOverdue, before?.pull.permit, before?.deploy.permit], [false, true, false]);
  assert.equal(before?.pullEnds, Math.floor(controller.ledger.now().getTime() / 1000) + 3600);
  assert.ok((before?.deploy.missing.length ?? 0) > 3, "what it goes around is what is missing now");
  pass(3600);
  const [after] = await status();
  assert.deepEqual([after?.breakGlass?.isOverdue, after?.pull.permit], [true, false]);
});

test("what time alone ends within a day is foreseen, and what only may be decided otherwise is not", async (t) => {
  const { controller, status, pass } = await open(t);
  const rule = (hour: number): NewEvent => {
    const text = `@id("night")\nforbid(principal, action == Action::"pull", resource) when { context.hour >= ${hour} };`;
    const files = [{ name: "night.cedar", text }];
    return makeEvent("user:root", "policy.applied", {
      environment: "staging",
      approvals: 0,
      files,
      digest: digestFor(text),
    });
  };
  await deploy(controller, dora, order);
  assert.equal((await status())[0]?.pullEnds, undefined);
  await record(controller, rule(22));
  // It is noon. Each hour the rule may say something else.
  const [{ pull, pullEnds } = assert.fail()] = await status();
  const now = Math.floor(controller.ledger.now().getTime() / 1000);
  assert.deepEqual([pull.permit, pull.until, pullEnds], [true, now + 3600, now + 36_000]);
  await record(controller, rule(24));
  assert.equal((await status())[0]?.pullEnds, undefined);
  await record(controller, rule(13));
  pass(3600);
  const [closed] = await status();
  assert.deepEqual([closed?.pull.permit, closed?.pullEnds], [false, undefined]);
});

test("an environment that does not exist is told from one in which nothing is released", async (t) => {
  const { controller } = await open(t);
  const moment = await stateAt(controller);
  assert.deepEqual(showStatus(controller.policies, moment, "staging"), []);
  assert.throws(() => showStatus(controller.policies, moment, "stagin"), { code: "environment-unknown" });
});

test("a revocation takes effect at once on what may be pulled and released", async (t) => {
  const { controller, status } = await open(t);
  await deploy(controller, dora, order);
  await revoke(controller, principal("root", "admin"), {
    subject: { kind: "image", digest: image },
    reason: "backdoor",
  });
  const [shown] = await status();
  assert.deepEqual(
    [shown?.deploy.permit, shown?.pull.permit, shown?.revocations[0]?.reason],
    [false, false, "backdoor"],
  );
});

test("the status of a moment of the past is what it was, decided with the facts and the clock of then", async (t) => {
  const { controller, status, pass } = await open(t);
  const made = (await deploy(controller, dora, order)).release.created;
  pass(60);
  await revoke(controller, principal("root", "admin"), {
    subject: { kind: "image", digest: image },
    reason: "backdoor",
  });
  await deploy(controller, dora, { ...order, image, configuration: { replicas: 9 } }).catch(() => undefined);
  const [then] = await status(made);
  assert.deepEqual([then?.release.number, then?.deploy.permit, then?.revocations], [1, true, []]);
  assert.deepEqual(await status("2026-11-21T11:00:00Z"), [], "before anything happened");
  assert.equal((await status())[0]?.deploy.permit, false);
  const again = await status(made);
  assert.deepEqual(again, [then], "it can be asked again");
});

test("a time that has not come, or is none, is refused", async (t) => {
  const { controller } = await open(t);
  for (const at of ["2027-01-01", "yesterday", ""]) {
    await assert.rejects(stateAt(controller, at), { code: "request-malformed" }, at);
  }
});

test("the state of the past cannot be changed, and every moment gives the events up to it", async (t) => {
  const { controller, pass } = await open(t);
  const times: string[] = [];
  for (const tag of ["a", "b", "c", "d", "e", "f"]) {
    pass(10);
    await record(controller, makeEvent("workload:ci", "tag.set", { repository: "shop/web", tag, digest: image }));
    times.push(controller.ledger.now().toISOString());
  }
  for (const [index, time] of times.entries()) {
    const { state } = await stateAt(controller, time);
    assert.equal(state.all("SELECT * FROM tags").length, index + 2, time);
    assert.throws(() => state.run("DELETE FROM tags"), /readonly/);
  }
});

test("approvals for the environment are listed with their end, those for others and those that ended are not", async (t) => {
  const { controller, status } = await open(t);
  await deploy(controller, dora, order);
  const now = Math.floor(controller.ledger.now().getTime() / 1000);
  const approve = (name: string, environment: string, expires: number) =>
    acceptStatement(image, {
      kind: "approval",
      role: "approver",
      key: digestFor(name).slice(7),
      principal: `user:${name}`,
      facts: {
        kind: "approval",
        environment,
        verdict: "approve",
        expires,
        reason: "",
        created: now,
        nonce: name,
        reviewed: [],
        policyDigest: "",
      },
    });
  const keys = ["alice", "bob", "carol"].map((name) =>
    makeEvent("user:root", "key.registered", {
      principal: `user:${name}`,
      key: { id: digestFor(name).slice(7), pem: "", use: "approver" },
    }),
  );
  await record(
    controller,
    ...keys,
    approve("alice", "staging", now + 60),
    approve("bob", "production", now + 60),
    approve("carol", "staging", now - 1),
  );
  assert.deepEqual((await status())[0]?.approvals, [{ by: "user:alice", expires: now + 60 }]);
});

test("who was registered is read as of a time too", async (t) => {
  const { controller, pass } = await open(t);
  const known = { kind: "user", groups: [], roles: ["auditor"], emails: [] } as const;
  await record(controller, makeEvent("user:root", "identity.added", { principal: "user:alice", ...known }));
  const then = controller.ledger.now().toISOString();
  pass(60);
  await record(controller, makeEvent("user:root", "identity.removed", { principal: "user:alice", reason: "left" }));
  const auditor = principal("ann", "auditor");
  assert.deepEqual(await readIdentities(controller, auditor, { removed: false }), []);
  const names = (await readIdentities(controller, auditor, { removed: false, at: then })).map((one) => one.principal);
  assert.deepEqual(names, ["user:alice"]);
});
