import assert from "node:assert/strict";
import { test } from "node:test";
import { decideBy, deployment, goodImage, openOnce, person } from "./policy.fixture.ts";
import { actions, principalRoles, type Action, type Decision, type Principal, type Request } from "./policy.ts";

const web = { kind: "image", repository: "shop/web" } as const;
const revoked = { ...goodImage, revocations: [{ event: 3, what: "image", reason: "leaked key" }] };

async function byRoles(request: Omit<Request, "now">): Promise<Decision> {
  const engine = await openOnce();
  return engine.decide(engine.rolesOnly(), { now: 1_790_000_000, ...request });
}

function reasonsOf({ missing }: Decision): readonly string[] {
  return missing.map(({ policy }) => policy);
}

/** Requests in production that an image with everything gives no reason to deny. */
async function mayIn(production: Principal, action: Action): Promise<boolean> {
  const resource: Request["resource"] =
    action === "administer" ? { kind: "controller" } : { kind: "service", name: "web", environment: "production" };
  const isImage = ["push", "pull", "revoke", "approve"].includes(action);
  return (await decideBy([], deployment({ principal: production, action, resource: isImage ? web : resource }))).permit;
}

test("each role may do exactly what the table says", async () => {
  const table: Record<(typeof principalRoles)[number], readonly Action[]> = {
    admin: ["push", "pull", "deploy", "rollback", "promote", "revoke", "replace", "debug", "administer", "audit"],
    approver: ["pull", "approve", "revoke", "audit"],
    deployer: ["pull", "deploy", "rollback", "promote", "replace", "debug", "audit"],
    developer: ["push", "pull", "audit"],
    builder: ["push", "pull", "audit"],
    auditor: ["pull", "audit"],
    host: [],
  };
  for (const role of principalRoles) {
    const may: Action[] = [];
    for (const action of actions) if (await mayIn(person("zoe", role), action)) may.push(action);
    assert.deepEqual(
      may,
      actions.filter((action) => table[role].includes(action)),
      role,
    );
  }
});

test("somebody without a role may do nothing, and is told which roles may", async () => {
  for (const action of actions) assert.equal(await mayIn(person("zoe"), action), false, action);
  const decision = await decideBy([], deployment({ principal: person("zoe") }));
  assert.deepEqual(decision.policies, []);
  assert.deepEqual(decision.missing, [
    {
      policy: "no-permit",
      missing:
        "nothing permits user:zoe, who has no role, to deploy service web in production; the role admin or deployer may",
      supply: "ingot identity list",
    },
  ]);
});

test("a host pulls for its own environment, with a token that names it, and does nothing else", async () => {
  const host = (environment?: string): Principal => ({
    kind: "instance",
    name: "node-1",
    groups: [],
    roles: ["host"],
    ...(environment === undefined ? {} : { environment }),
  });
  const pull = (principal: Principal) => decideBy([], deployment({ principal, action: "pull", resource: web }));
  assert.equal((await pull(host("production"))).permit, true);
  assert.deepEqual(reasonsOf(await pull(host("staging"))), ["hosts-own-environment", "token-environment"]);
  assert.deepEqual(reasonsOf(await pull(host())), ["no-permit", "hosts-own-environment"]);
  assert.deepEqual(reasonsOf(await decideBy([], deployment({ principal: host("production") }))), [
    "no-permit",
    "hosts-only-pull",
  ]);
  const alsoAdmin: Principal = { ...host("production"), roles: ["host", "admin"] };
  assert.deepEqual(reasonsOf(await decideBy([], deployment({ principal: alsoAdmin }))), ["hosts-only-pull"]);
});

test("a token of another environment opens nothing, whatever roles its owner has", async () => {
  const principal: Principal = { ...person("root", "admin"), environment: "staging" };
  assert.deepEqual(reasonsOf(await decideBy([], deployment({ principal }))), ["token-environment"]);
  assert.deepEqual(reasonsOf(await byRoles({ principal, action: "administer", resource: { kind: "controller" } })), [
    "token-environment",
  ]);
});

test("a revoked image never enters an environment, by any action or role", async () => {
  for (const action of ["pull", "deploy", "promote", "rollback"] as const) {
    const decision = await decideBy([], deployment({ principal: person("root", "admin"), action, image: revoked }));
    assert.deepEqual(decision.policies, ["revoked"], action);
    assert.equal(decision.missing[0]?.missing, "the image is revoked: image (leaked key)");
  }
});

test("a revoked image may be pulled for no environment, to be looked at", async () => {
  const principal = person("dev", "developer");
  assert.equal((await byRoles({ principal, action: "pull", resource: web, image: revoked })).permit, true);
});

test("nobody approves an image that they wrote or built", async () => {
  const approve = (name: string, image = goodImage) =>
    decideBy([], deployment({ principal: person(name, "approver"), action: "approve", resource: web, image }));
  assert.equal((await approve("alice")).permit, true);
  assert.deepEqual(reasonsOf(await approve("carol")), ["own-image"]);
  const built = { ...goodImage, statements: [{ kind: "signature" as const, by: ["user:alice"] }] };
  assert.deepEqual(reasonsOf(await approve("alice", built)), ["own-image"]);
});

test("only people approve", async () => {
  const principal: Principal = { kind: "workload", name: "bot", groups: [], roles: ["approver"] };
  const decision = await decideBy([], deployment({ principal, action: "approve", resource: web }));
  assert.deepEqual(reasonsOf(decision), ["approvers-are-people"]);
});

test("without a named environment nothing is deployed or approved", async () => {
  for (const action of ["approve", "deploy", "promote", "rollback"] as const) {
    const principal = person("zoe", "deployer", "approver");
    assert.deepEqual(reasonsOf(await byRoles({ principal, action, resource: web, image: goodImage })), [
      "environment-named",
    ]);
  }
});

test("the roles alone never decide for an environment", async () => {
  const engine = await openOnce();
  assert.throws(() => engine.decide(engine.rolesOnly(), deployment()), { code: "internal-error" });
});

test("a request without facts about its image lacks everything, and is no crash", async () => {
  const request = deployment();
  delete (request as { image?: unknown }).image;
  assert.deepEqual(reasonsOf(await decideBy([], request)), [
    "signed",
    "provenance",
    "sbom",
    "scan",
    "tested",
    "approvals",
  ]);
});

test("a broken glass goes around the environment's rules and says around which", async () => {
  const image = { ...goodImage, approvals: [] };
  const decision = await decideBy([], deployment({ image, breakGlass: "the shop is down" }));
  assert.equal(decision.permit, true);
  assert.deepEqual(decision.policies, ["deployers", "break-glass"]);
  assert.deepEqual(
    decision.lifted?.map(({ policy, missing }) => [policy, missing]),
    [["approvals", "2 people must approve it for production, nobody has"]],
  );
});

test("a broken glass goes around neither roles nor revocations, and needs a reason", async () => {
  const image = { ...revoked, approvals: [] };
  const glass = { breakGlass: "the shop is down" };
  assert.deepEqual(reasonsOf(await decideBy([], deployment({ image, ...glass }))), ["revoked"]);
  const developer = deployment({ principal: person("zoe", "developer"), ...glass });
  assert.deepEqual(reasonsOf(await decideBy([], developer)), ["no-permit"]);
  const blank = deployment({ image: { ...goodImage, approvals: [] }, breakGlass: " \n" });
  assert.deepEqual(reasonsOf(await decideBy([], blank)), ["approvals"]);
});

test("a pipeline does not break the glass", async () => {
  const principal: Principal = { kind: "workload", name: "ci", groups: [], roles: ["deployer"] };
  assert.equal((await decideBy([], deployment({ principal }))).permit, true);
  const image = { ...goodImage, approvals: [] };
  const decision = await decideBy([], deployment({ principal, image, breakGlass: "nightly" }));
  assert.deepEqual(reasonsOf(decision), ["break-glass-by-people"]);
});

test("a decision that needs no broken glass says nothing of one", async () => {
  const decision = await decideBy([], deployment({ breakGlass: "just in case" }));
  assert.deepEqual([decision.policies, decision.lifted], [["deployers"], undefined]);
});

test("captures of drift are read by admins, deployers and auditors, and written by nobody", async () => {
  const drift = { kind: "image", repository: "drift/production/web" } as const;
  const ask = (role: (typeof principalRoles)[number], action: Action) =>
    byRoles({ principal: person("zoe", role), action, resource: drift });
  for (const role of principalRoles) {
    const isReader = ["admin", "deployer", "auditor"].includes(role);
    assert.equal((await ask(role, "pull")).permit, isReader, role);
    assert.equal((await ask(role, "push")).permit, false, role);
  }
  assert.deepEqual(reasonsOf(await ask("developer", "pull")), ["captures-are-for-few"]);
  assert.deepEqual(reasonsOf(await ask("admin", "push")), ["captures-are-made-by-the-controller"]);
});
