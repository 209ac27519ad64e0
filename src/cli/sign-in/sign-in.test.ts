import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { freePort } from "../../../test/support/daemon.ts";
import { serve } from "../../api/api.ts";
import { openServerLog } from "../../api/server-log.ts";
import type { TestController } from "../../controller/controller.fixture.ts";
import { openTestController } from "../../controller/controller.fixture.ts";
import { makeEvent } from "../../controller/events/events.ts";
import { authenticate } from "../../controller/identity/authenticate.ts";
import { firstEnrolment } from "../../controller/identity/first-enrolment.ts";
import { startIssuer, type TestIssuer } from "../../controller/identity/oidc-issuer.fixture.ts";
import { findIdentity } from "../../controller/state/identities.ts";
import { openClient } from "../../api/client/client.ts";
import { processContext, type Context } from "../../ground/context.ts";
import { openStore } from "../../oci/layout.ts";
import { copyImage } from "../../oci/oci.ts";
import { parseReference } from "../../oci/reference.ts";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { findController, registryLogin, tokenFor } from "../controller-access.ts";
import { rotateRegisteredKey } from "../identity/rotate-identity-key.ts";
import { enrolHere } from "./enrol-here.ts";
import { logIn } from "./log-in.ts";
import { parseControllerUrl } from "./parse-controller-url.ts";
import { readLogins } from "./login-file.ts";

const passphrase = "four random words here";

type World = TestController & {
  readonly url: string;
  readonly issuer: TestIssuer;
  readonly client: (env?: Context["env"]) => Context;
};

/** A real controller behind a real server, and homes of people beside it. */
async function openWorld(t: TestContext): Promise<World> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const clock = new Date("2026-11-21T12:00:00Z");
  const issuer = await startIssuer(t, { now: () => clock.getTime() / 1000 });
  const rules = [{ claim: "repository", value: "acme/shop", roles: ["builder"] }] as const;
  const issuers = [{ url: issuer.url, audience: "ingot", kind: "workload", name: "sub", rules }] as const;
  const settings = { baseUrl: url, listen: { host: "127.0.0.1", port }, issuers };
  const world = await openTestController(t, { settings, now: clock });
  const served = await serve(world.controller, { log: openServerLog({ level: "silent" }) });
  t.after(() => served.close());
  const client = (env: Context["env"] = { INGOT_KEY_PASSPHRASE: passphrase }): Context => {
    const home = mkdtempSync(join(tmpdir(), "ingot-client-"));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    const ctx: Context = processContext({
      home,
      cwd: home,
      env: { HOME: home, ...env },
      now: world.ctx.now,
      registryLogin: (registry) => registryLogin(ctx, registry),
    });
    return ctx;
  };
  return { ...world, url, issuer, client };
}

/** Somebody who enrolled and logged in. */
async function enter(world: World): Promise<Context> {
  const ctx = world.client();
  const code = await firstEnrolment(world.controller);
  const { principal } = await enrolHere(ctx, { url: world.url, code: code ?? "", name: "alice", roles: [] });
  await logIn(ctx, { url: world.url, principal });
  return ctx;
}

function countTokens({ controller }: World): number {
  return [...controller.ledger.events()].filter(({ type }) => type === "token.issued").length;
}

test("who enrols has sealed keys, a login and a token that only they can read, and is asked for the passphrase once an hour", async (t) => {
  const world = await openWorld(t);
  const ctx = world.client();
  const code = (await firstEnrolment(world.controller)) ?? "";
  const options = { url: world.url, name: "alice", roles: ["approver"] } as const;
  // A code that is wrong leaves keys that the next try uses, and no login.
  await assert.rejects(enrolHere(ctx, { ...options, code: code.slice(1) }), { code: "enrolment-invalid" });
  const key = readFileSync(join(ctx.home, "keys/identity.pub"), "utf8");
  assert.deepEqual(readLogins(ctx), []);
  const { principal } = await enrolHere(ctx, { ...options, code });
  const registered = findIdentity(world.controller.ledger.state, principal)?.keys.map(({ use, pem }) => [use, pem]);
  assert.deepEqual(registered?.[1], ["identity", key]);
  await logIn(ctx, { url: world.url, principal });
  assert.deepEqual(readdirSync(join(ctx.home, "keys")).toSorted(), [
    "approver.key",
    "approver.pub",
    "identity.key",
    "identity.pub",
    "lock",
  ]);
  const [cached = ""] = readdirSync(join(ctx.home, "cache/tokens"));
  for (const file of ["login.json", "keys/identity.key", `cache/tokens/${cached}`]) {
    assert.equal(statSync(join(ctx.home, file)).mode & 0o777, 0o600, file);
  }
  const first = await tokenFor(ctx);
  assert.deepEqual(await tokenFor({ ...ctx, env: {} }), first);
  assert.equal(countTokens(world), 1);
  assert.equal((await authenticate(world.controller, `Bearer ${first.token}`))?.name, "alice");
  // A minute before its end another one is fetched.
  world.pass(3550);
  await assert.rejects(tokenFor({ ...ctx, env: {} }), { code: "passphrase-missing" });
  assert.notEqual((await tokenFor(ctx)).token, first.token);
  chmodSync(join(ctx.home, "cache/tokens", cached), 0o644);
  await assert.rejects(tokenFor(ctx), { code: "key-exposed" });
});

test("which controller is meant: INGOT_URL, else the last login; tokens come from INGOT_TOKEN or INGOT_ID_TOKEN where they are set; one for an environment is for it alone", async (t) => {
  const world = await openWorld(t);
  const ctx = await enter(world);
  const { token } = await tokenFor(ctx);
  assert.deepEqual(findController(ctx), { url: world.url });
  const stranger = world.client({});
  assert.throws(() => findController(stranger), { code: "not-logged-in" });
  const withUrl = (env: Context["env"]): Context => ({ ...stranger, env: { INGOT_URL: `${world.url}/`, ...env } });
  await assert.rejects(tokenFor(withUrl({})), { code: "not-logged-in" });
  assert.deepEqual(await tokenFor(withUrl({ INGOT_TOKEN: token })), { url: world.url, token });
  const shorter = await tokenFor(withUrl({ INGOT_TOKEN: token }), { lifetime: 60 });
  assert.notEqual(shorter.token, token);
  const idToken = await world.issuer.sign({ repository: "acme/shop" });
  const ci = await tokenFor(withUrl({ INGOT_ID_TOKEN: idToken }));
  assert.equal((await authenticate(world.controller, `Bearer ${ci.token}`))?.kind, "workload");
  // The second command of a job: the ID token is taken once, the access token is kept.
  assert.equal((await tokenFor(withUrl({ INGOT_ID_TOKEN: idToken }))).token, ci.token);
  const digest = world.controller.policies.forEnvironment([]).digest;
  const applied = makeEvent("user:alice", "policy.applied", {
    environment: "production",
    approvals: 0,
    files: [],
    digest,
  });
  await world.controller.ledger.transact(() => ({ events: [applied], result: undefined }));
  const host = await tokenFor(ctx, { environment: "production", lifetime: 1800 });
  const principal = await authenticate(world.controller, `Bearer ${host.token}`);
  assert.equal(principal?.environment, "production");
  assert.throws(() => findController({ ...ctx, env: { INGOT_URL: "http://ingot.example" } }), {
    code: "login-insecure",
  });
});

test("a CI job logs in with an ID token in a file, which nobody else may read", async (t) => {
  const world = await openWorld(t);
  const ctx = world.client({});
  const tokenFile = join(ctx.home, "token");
  await assert.rejects(logIn(ctx, { url: world.url, tokenFile }), { code: "not-logged-in" });
  writeFileSync(tokenFile, `${await world.issuer.sign({ repository: "acme/shop" })}\n`, { mode: 0o644 });
  await assert.rejects(logIn(ctx, { url: world.url, tokenFile }), { code: "key-exposed" });
  chmodSync(tokenFile, 0o600);
  assert.match((await logIn(ctx, { url: world.url, tokenFile })).principal, /^workload:repo:shop@/);
  assert.equal(readLogins(ctx)[0]?.by, "id-token");
  await assert.rejects(logIn(world.client({}), { url: world.url }), { code: "not-logged-in", message: /who you are/ });
  await assert.rejects(logIn(world.client({}), { url: world.url, principal: "user:x" }), {
    code: "key-missing",
    hint: /--enrol/,
  });
});

test("images go to the controller's registry and come back with the login alone; no other registry sees it", async (t) => {
  const world = await openWorld(t);
  const idToken = await world.issuer.sign({ repository: "acme/shop" });
  const ctx = world.client({ INGOT_URL: world.url, INGOT_ID_TOKEN: idToken });
  const { host } = new URL(world.url);
  const store = openStore(ctx);
  const image = putTinyImage(store, { text: "hello" });
  await store.setReference("shop/web", image);
  const reference = parseReference(`${host}/shop/web:1`);
  const push = { from: { kind: "store", name: "shop/web" }, to: { kind: "registry", reference } } as const;
  const pull = { from: { kind: "registry", reference }, to: { kind: "store", name: "shop/web" } } as const;
  assert.equal((await copyImage(ctx, push, {})).digest, image.digest);
  const { token } = await tokenFor(ctx);
  await assert.rejects(copyImage(world.client({}), pull, {}), { code: "registry-denied" });
  const other = world.client({ INGOT_URL: world.url, INGOT_TOKEN: token });
  assert.equal((await copyImage(other, pull, {})).digest, image.digest);
  for (const registry of ["127.0.0.1:1", "registry.example", `${host}.registry.example`]) {
    assert.equal(await registryLogin(ctx, registry), undefined);
  }
});

test("a key is rotated here and at the controller; where that fails, the old one still signs", async (t) => {
  const world = await openWorld(t);
  const ctx = await enter(world);
  const client = openClient(ctx, { url: world.url, token: async () => (await tokenFor(ctx)).token });
  const before = readFileSync(join(ctx.home, "keys/identity.pub"), "utf8");
  const offline = openClient(ctx, { url: "http://127.0.0.1:1" });
  const rotate = (to: typeof client): ReturnType<typeof rotateRegisteredKey> =>
    rotateRegisteredKey(ctx, to, { name: "identity", principal: "user:alice" });
  await assert.rejects(rotate(offline), { code: "controller-unreachable" });
  assert.equal(readFileSync(join(ctx.home, "keys/identity.pub"), "utf8"), before);
  const { former, key } = await rotate(client);
  const keys = findIdentity(world.controller.ledger.state, "user:alice")?.keys ?? [];
  const statusOf = (id: string): unknown => keys.find((one) => one.id === id)?.status;
  assert.deepEqual([statusOf(former), statusOf(key)], ["retired", "active"]);
  assert.ok((await tokenFor(ctx)).token);
});

test("a controller's address is https, or of this machine, and nothing but an address", () => {
  assert.equal(parseControllerUrl("ingot.example"), "https://ingot.example");
  assert.equal(parseControllerUrl("https://ingot.example:8443/"), "https://ingot.example:8443");
  assert.equal(parseControllerUrl("127.0.0.1:8700"), "http://127.0.0.1:8700");
  assert.equal(parseControllerUrl("localhost.example:8700"), "https://localhost.example:8700");
  for (const text of ["http://127.0.0.1:8700", "http://[::1]:8700", "http://localhost:1"])
    assert.equal(parseControllerUrl(text), text);
  for (const text of ["http://ingot.example", "http://localhost.example", "http://127.0.0.1.example"]) {
    assert.throws(() => parseControllerUrl(text), { code: "login-insecure" });
  }
  for (const text of ["", "ftp://x", "https://x/path", "https://user:pw@x", "https://x?y", "file:///x"]) {
    assert.throws(() => parseControllerUrl(text), { code: "usage" });
  }
});
