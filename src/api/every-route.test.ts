import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { driftOf } from "../controller/drift/drift.fixture.ts";
import { recordDrift } from "../controller/drift/record-drift.ts";
import { makeEvent, system } from "../controller/events/events.ts";
import { makeKey } from "../controller/identity/identity.fixture.ts";
import { statementKinds } from "../evidence/evidence.ts";
import { shortId } from "../evidence/keys/key-folder.ts";
import { signBundle } from "../evidence/statement/bundle.ts";
import { makeSigner } from "../evidence/statement/statement.fixture.ts";
import { formatStatement } from "../evidence/statement/statement.ts";
import { processContext } from "../ground/context.ts";
import { openCheckedApi, type CheckedApi } from "./checked-api.fixture.ts";
import {
  occasionOfCode,
  occasionOfReplacing,
  signAssertion,
  signPossession,
  signReplacement,
} from "./client/sign-in.ts";
import { pushImage, startRegistry, type TestRegistry } from "./registry/registry.fixture.ts";
import { routes } from "./routes.ts";

/** A controller with an image, two environments, an approver with keys, and a release. */
type World = TestRegistry & {
  readonly api: CheckedApi;
  readonly image: string;
  /** As an admin; fails unless it is done. */
  readonly done: <Answer>(id: string, input?: Readonly<Record<string, unknown>>, token?: string) => Promise<Answer>;
};

const open = [{ name: "open.cedar", text: '@id("anything")\npermit(principal, action == Action::"audit", resource);' }];
const policies = ["staging", "production"].map((environment) => ({ environment, approvals: 0, files: open }));
const place = { environment: "staging", service: "web" };

async function startWorld(t: TestContext): Promise<World> {
  const world = await startRegistry(t, { now: new Date() });
  const api = openCheckedApi(world.url);
  const done: World["done"] = async <Answer>(id: string, input = {}, token = world.admin.token): Promise<Answer> => {
    const { status, body } = await api.ask<Answer>(id, { input, token });
    assert.equal(status, 200, `${id}: ${JSON.stringify(body)}`);
    return body;
  };
  const { digest } = await pushImage(world.admin, "shop/web", { tag: "1" });
  await done("applyPolicies", { policies });
  await done("deploy", { ...place, image: "shop/web:1", configuration: { replicas: 1 } });
  return { ...world, api, done, image: digest };
}

/** What each route is asked with, and what it must do. A route without a line here fails the test below by its name. */
const cases: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  describeController: ({ done }) => done("describeController"),
  describeApi: ({ done }) => done("describeApi"),
  streamEvents: ({ done }) => done("streamEvents", { from: 0, types: "release.*" }),
  issueToken: async ({ done, admin, enter, api }) => {
    await done("issueToken", { grant: "token", token: admin.token, lifetime: 60 });
    await enter("user:known", ["auditor"]);
    const forged = await signAssertion(ctx, makeKey(), { url: "http://ingot.example", principal: "user:known" });
    const { status } = await api.ask("issueToken", { input: { grant: "assertion", token: forged } });
    assert.equal(status, 401);
  },
  describePrincipal: ({ done }) => done("describePrincipal"),
  addIdentity: ({ done }) => done("addIdentity", someone("added")),
  listIdentities: ({ done }) => done("listIdentities", { removed: true }),
  showIdentity: async ({ done, api, admin }) => {
    await done("showIdentity", { principal: "user:admin" });
    const input = { principal: "user:nobody" };
    assert.equal((await api.ask("showIdentity", { input, token: admin.token })).code, "identity-unknown");
  },
  changeIdentity: async ({ done }) => {
    await done("addIdentity", someone("changed"));
    await done("changeIdentity", { principal: "user:changed", groups: ["shop"] });
  },
  removeIdentity: async ({ done }) => {
    await done("addIdentity", someone("gone"));
    await done("removeIdentity", { principal: "user:gone", reason: "left" });
  },
  openEnrolment: async ({ done }) => {
    await done("addIdentity", someone("invited"));
    await done("openEnrolment", { principal: "user:invited" });
  },
  enrol: async ({ done, controller }) => {
    const added = await done<{ enrolment: { code: string } }>("addIdentity", someone("enrolled"));
    const { code } = added.enrolment;
    const key = makeKey();
    const about = { url: controller.settings.baseUrl, use: "identity", occasion: occasionOfCode(code) };
    const keys = [{ pem: key.pem, use: "identity", proof: await signPossession(ctx, key, about) }];
    await done("enrol", { code, keys });
  },
  addKeys: async ({ done }) => {
    await done("addIdentity", someone("keyed"));
    await done("addKeys", { principal: "user:keyed", keys: [{ pem: makeKey().pem, use: "approver" }] });
  },
  retireKey: async ({ done }) => {
    const [kept, retired] = [makeKey(), makeKey()];
    const keys = [kept, retired].map(({ pem }) => ({ pem, use: "identity" }));
    await done("addIdentity", { ...someone("retiring"), keys });
    await done("retireKey", { principal: "user:retiring", key: shortId(retired.id) });
  },
  succeedKey: async ({ done, controller }) => {
    const { baseUrl: url } = controller.settings;
    const [old, next] = [makeKey(), makeKey()];
    await done("addIdentity", { ...someone("replacing"), keys: [{ pem: old.pem, use: "identity" }] });
    const assertion = await signAssertion(ctx, old, { url, principal: "user:replacing" });
    const { token } = await done<{ token: string }>("issueToken", { grant: "assertion", token: assertion });
    const about = { url, use: "identity", occasion: occasionOfReplacing(old.id) };
    const proof = await signPossession(ctx, next, about);
    const agreed = await signReplacement(ctx, old, { url, newKey: next.id });
    await done("succeedKey", { key: old.id, pem: next.pem, proof, agreed }, token);
  },
  applyPolicies: ({ done }) => done("applyPolicies", { policies }),
  diffPolicies: ({ done }) => done("diffPolicies", { policies: [{ environment: "staging", approvals: 2, files: [] }] }),
  listPolicies: ({ done }) => done("listPolicies"),
  listPolicyVersions: ({ done }) => done("listPolicyVersions", { environment: "staging", limit: 1 }),
  describeImage: ({ done }) => done("describeImage", { image: "shop/web:1" }),
  explainDecision: ({ done, image }) => done("explainDecision", { image, environment: "staging", action: "pull" }),
  approve: async ({ done, enter, image, controller }) => {
    const signer = makeSigner("approver");
    const token = await enter("user:approver", ["approver"]);
    await done("addKeys", { principal: "user:approver", keys: [{ pem: signer.key.pem, use: "approver" }] });
    const listed = await done<{ policies: readonly { environment: string; digest: string }[] }>("listPolicies");
    const policyDigest = listed.policies.find(({ environment }) => environment === "staging")?.digest;
    const said = { approver: "user:approver", decision: "approve", environment: "staging", policyDigest, reviewed: [] };
    const now = controller.ledger.now().getTime();
    const predicate = {
      ...said,
      controller: controller.settings.baseUrl,
      created: new Date(now).toISOString(),
      expires: new Date(now + 3_600_000).toISOString(),
      reason: "looks right",
      nonce: "0123456789abcdef0123456789abcdef",
    };
    const statement = formatStatement({ image: image as never }, { ...statementKinds.approval, predicate });
    await done("approve", { image: "shop/web:1", bundle: (await signBundle(statement, signer)).toString() }, token);
  },
  deploy: async ({ done, api, admin }) => {
    await done("deploy", { ...place, image: "shop/web:1", configuration: { replicas: 2 } });
    const input = { ...place, image: "shop/none:1" };
    assert.equal((await api.ask("deploy", { input, token: admin.token })).code, "image-not-pushed");
  },
  promote: ({ done }) => done("promote", { environment: "production", service: "web", from: "staging" }),
  rollBack: async ({ done, admin }) => {
    await pushImage(admin, "shop/web", { tag: "2", text: "another layer" });
    await done("deploy", { ...place, image: "shop/web:2" });
    await done("rollBack", { ...place, reason: "it is slow" });
  },
  listReleases: ({ done }) => done("listReleases", { ...place, limit: 5 }),
  showStatus: ({ done }) => done("showStatus", { environment: "staging" }),
  listDrift: ({ done }) => done("listDrift", { ...place, open: true, limit: 5 }),
  showDrift: async ({ done, api, admin, controller }) => {
    const { id: number } = await recordDrift(controller, driftOf("web-1"), { ...place, release: 1, image: "" });
    await done("showDrift", { number });
    const { status, code } = await api.ask("showDrift", { input: { number: 0 }, token: admin.token });
    assert.deepEqual([status, code], [404, "drift-unknown"]);
  },
  describeGuard: ({ done }) => done("describeGuard"),
  showGuardKey: ({ done }) => done("showGuardKey"),
  captureInstance: runsNothing("captureInstance", { instance: "web-1" }),
  resetBreaker: runsNothing("resetBreaker"),
  readHistory: ({ done }) => done("readHistory", { type: "release", limit: 10 }),
  revoke: ({ done }) =>
    done("revoke", {
      subject: { kind: "package", ecosystem: "debian", name: "nginx", version: "1.2" },
      reason: "a hole",
      dryRun: true,
    }),
  listRevocations: ({ done }) => done("listRevocations"),
  collectGarbage: ({ done }) => done("collectGarbage", { dryRun: true }),
  proveEvent: async ({ done, api, admin }) => {
    await done("proveEvent", { index: 0 });
    assert.equal(
      (await api.ask("proveEvent", { input: { index: 1e9 }, token: admin.token })).code,
      "log-entry-unknown",
    );
  },
  exportRelease: ({ done }) => done("exportRelease", { ...place, number: 1 }),
  readTrustedRoot: ({ done }) => done("readTrustedRoot"),
  listServices: async ({ done }) => {
    const { services } = await done<{ services: readonly { rollout?: { status: string } }[] }>("listServices", place);
    assert.equal(services[0]?.rollout?.status, "pending");
  },
  listRollouts: ({ done }) => done("listRollouts", place),
  pauseRollout: ({ done }) => done("pauseRollout", { ...place, reason: "wait" }),
  resumeRollout: ({ done }) => done("resumeRollout", place),
  promoteRollout: ({ done }) => done("promoteRollout", place),
  cancelRollout: async ({ done, api, admin }) => {
    await done("cancelRollout", place);
    assert.equal((await api.ask("pauseRollout", { input: place, token: admin.token })).code, "rollout-unknown");
  },
  liftQuarantine: async ({ done, controller, image }) => {
    const quarantined = makeEvent(system, "image.quarantined", { ...place, image, why: "it failed", rollout: 1 });
    await controller.ledger.transact(() => ({ events: [quarantined], result: undefined }));
    await done("liftQuarantine", { ...place, image, reason: "mended" });
  },
  planDeployment: runsNothing("planDeployment", { image: "shop/web:1" }),
  replaceInstances: runsNothing("replaceInstances"),
  executeInInstance: runsNothing("executeInInstance", { instance: "web-1", command: ["true"], reason: "a look" }),
  streamLogs: runsNothing("streamLogs"),
};

/** What needs instances is asked where there are some, in test/fleet.test.ts; a controller without any says so. */
const needInstances = new Set([
  "planDeployment",
  "replaceInstances",
  "executeInInstance",
  "streamLogs",
  "captureInstance",
  "resetBreaker",
]);

function runsNothing(id: string, more: object = {}): (world: World) => Promise<void> {
  return async ({ api, admin }) => {
    assert.equal((await api.ask(id, { input: { ...place, ...more }, token: admin.token })).code, "fleet-not-here");
  };
}

const ctx = processContext();

function someone(name: string): object & Readonly<Record<string, unknown>> {
  return { principal: `user:${name}`, roles: ["auditor"], groups: [], emails: [], keys: [] };
}

test("every route does what it should, and all that it answers is as the document says", async (t) => {
  const world = await startWorld(t);
  assert.deepEqual(Object.keys(cases).toSorted(), routes.map(({ id }) => id).toSorted(), "a case a route");
  for (const { id } of routes) {
    await t.test(id, async () => {
      await cases[id]?.(world);
      if (needInstances.has(id)) return;
      assert.ok(world.api.answered.get(id)?.has(200), `${id} was not asked with what it takes`);
    });
  }
});

test("no route takes a member that it does not know, or does anything for who has no token, another's or one that is none", async (t) => {
  const world = await startWorld(t);
  const { admin, api } = world;
  for (const { id, access, path } of routes) {
    const input: Record<string, unknown> = {};
    for (const [, name = ""] of path.matchAll(/\{(\w+)\}/g))
      input[name] = name === "index" || name === "number" ? 1 : "a";
    const unknown = await api.ask(id, { input: { ...input, breakglass: "x" }, token: admin.token });
    assert.deepEqual([unknown.status, unknown.code], [400, "request-malformed"], id);
    assert.match(JSON.stringify(unknown.body), /breakglass/, id);
    if (access === "anonymous") continue;
    for (const token of [undefined, "x", `${admin.token.slice(0, -8)}AAAAAAAA`]) {
      const { status, code } = await api.ask(id, { input, token });
      assert.deepEqual([status, code], [401, token === undefined ? "token-missing" : "token-invalid"], id);
    }
  }
});

test("a member that is not known is refused within others, too", async (t) => {
  const { api, admin } = await startWorld(t);
  const glass = { reason: "an incident", second: 60 };
  const file = { name: "a.cedar", text: "", mode: "x" };
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["deploy", { ...place, image: "shop/web:1", breakGlass: glass }],
    ["applyPolicies", { policies: [{ environment: "a", approvals: 0, files: [], approval: 2 }] }],
    ["applyPolicies", { policies: [{ environment: "a", approvals: 0, files: [file] }] }],
    ["revoke", { reason: "x", subject: { kind: "key", id: "0", until: 1 } }],
    ["addKeys", { principal: "user:admin", keys: [{ pem: "", use: "approver", expires: 1 }] }],
  ];
  for (const [id, input] of wrong) {
    const { status, body } = await api.ask(id, { input, token: admin.token });
    assert.equal(status, 400, id);
    assert.match(JSON.stringify(body), /Unrecognized key/, id);
  }
});

test("whoever has no role gets nothing from any route but who they are", async (t) => {
  const world = await startWorld(t);
  const token = await world.enter("user:nobody", []);
  const forAll = new Set(["describePrincipal", "succeedKey"]);
  for (const { id, access, method } of routes) {
    if (access === "anonymous" || method !== "GET" || forAll.has(id)) continue;
    const input = { ...place, principal: "user:admin", image: "shop/web:1", index: 0, number: 1 };
    const route = routes.find((one) => one.id === id);
    const known = Object.entries(input).filter(
      ([name]) => route?.path.includes(`{${name}}`) === true || (id === "explainDecision" && name === "environment"),
    );
    const { status, code } = await world.api.ask(id, { input: Object.fromEntries(known), token });
    assert.deepEqual([status, code], [403, "policy-denied"], id);
  }
});
