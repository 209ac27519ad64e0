import assert from "node:assert/strict";
import test from "node:test";
import { SignJWT, UnsecuredJWT } from "jose";
import { signAssertion, type OpenKey } from "../../api/client/sign-in.ts";
import { makeEvent } from "../events/events.ts";
import { addIdentity } from "./add-identity.ts";
import { authenticate } from "./authenticate.ts";
import { bearer, makeKey, openIdentityWorld, type IdentityWorld } from "./identity.fixture.ts";
import { issueToken, type IssuedToken } from "./issue-token.ts";

const admin = { kind: "user", name: "alice", groups: [], roles: ["admin"] } as const;

function claimsOf({ controller, url }: IdentityWorld): Readonly<Record<string, string | number>> {
  const now = Math.floor(controller.ledger.now().getTime() / 1000);
  return { iss: "user:alice", sub: "user:alice", aud: url, iat: now, exp: now + 120, jti: "0123456789abcdef" };
}

/** An assertion as a client makes it, with changes. */
function assertion(
  world: IdentityWorld,
  changes: Readonly<Record<string, unknown>> = {},
  { key = world.alice, header = {} }: { readonly key?: OpenKey; readonly header?: Record<string, unknown> } = {},
): Promise<string> {
  return new SignJWT({ ...claimsOf(world), ...changes })
    .setProtectedHeader({ alg: "ES256", kid: key.id, ...header })
    .sign(key.secret);
}

function present({ controller }: IdentityWorld, token: string): Promise<IssuedToken> {
  return issueToken(controller, { kind: "assertion", token });
}

async function makeEnvironment({ controller }: IdentityWorld, environment: string): Promise<void> {
  const digest = controller.policies.forEnvironment([]).digest;
  const applied = makeEvent("user:alice", "policy.applied", { environment, approvals: 0, files: [], digest });
  await controller.ledger.transact(() => ({ events: [applied], result: undefined }));
}

test("an assertion of a registered key gives a token for an hour, which is on the record without anything secret", async (t) => {
  const world = await openIdentityWorld(t);
  const before = world.controller.ledger.log.checkpoint().size;
  const signed = await assertion(world);
  const issued = await present(world, signed);
  assert.equal(issued.expires, world.controller.ledger.now().getTime() / 1000 + 3600);
  const [event] = [...world.controller.ledger.events(before)];
  assert.equal(event?.type, "token.issued");
  assert.equal(event?.actor, "user:alice");
  const text = JSON.stringify([...world.controller.ledger.events()]);
  assert.ok(!text.includes(issued.token.split(".")[2] ?? "") && !text.includes(signed.split(".")[2] ?? ""));
});

test("attack: an assertion that is sent twice is taken once, also when both come at once or its signature is written otherwise", async (t) => {
  const world = await openIdentityWorld(t);
  const signed = await assertion(world);
  const both = await Promise.allSettled([present(world, signed), present(world, signed)]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  await assert.rejects(present(world, signed), { code: "assertion-replayed" });
  // ECDSA signs anew with another nonce: other bytes, the same jti.
  await assert.rejects(present(world, await assertion(world)), { code: "assertion-replayed" });
  world.pass(119);
  await assert.rejects(present(world, signed), { code: "assertion-replayed" });
  world.pass(3600);
  await world.signIn();
  await assert.rejects(present(world, signed), { code: "assertion-invalid", message: /expired/ });
});

test("attack: an assertion for another audience, also one among several, is refused", async (t) => {
  const world = await openIdentityWorld(t);
  for (const aud of ["http://other.example", `${world.url}/`, [world.url], [world.url, "http://other.example"]]) {
    await assert.rejects(present(world, await assertion(world, { aud })), {
      code: "controller-mismatch",
      hint: `ingot login ${world.url}`,
    });
  }
});

test("attack: an assertion that is too old, from the future, or good for too long is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const now = Math.floor(world.controller.ledger.now().getTime() / 1000);
  for (const times of [
    { iat: now - 400, exp: now - 60 },
    { iat: now - 400, exp: now + 60 },
    { iat: now + 60, exp: now + 120 },
    { nbf: now + 60 },
    { exp: now + 400 },
    { exp: undefined },
    { iat: undefined },
  ]) {
    await assert.rejects(
      present(world, await assertion(world, times)),
      { code: "assertion-invalid" },
      JSON.stringify(times),
    );
  }
});

test("attack: an assertion in somebody else's name, by an unknown key, by a key of a role, or without a jti is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  const [bob, builder] = [makeKey(), makeKey()];
  const of = { roles: [], groups: [], emails: [] };
  await addIdentity(controller, admin, {
    principal: "user:bob",
    ...of,
    keys: [
      { pem: bob.pem, use: "identity" },
      { pem: builder.pem, use: "builder" },
    ],
  });
  const bobs = { iss: "user:bob", sub: "user:bob" };
  assert.equal((await present(world, await assertion(world, bobs, { key: bob }))).principal, "user:bob");
  const refused = [
    assertion(world, {}, { key: bob }),
    assertion(world, { iss: "user:bob" }, { key: bob }),
    assertion(world, bobs, { key: builder }),
    assertion(world, {}, { key: makeKey() }),
    // The signature is bob's, and the header names alice's key.
    assertion(world, {}, { key: { ...bob, id: world.alice.id } }),
    assertion(world, { jti: undefined }),
    assertion(world, { jti: "x" }),
    assertion(world, { jti: 12_345_678 }),
  ];
  for (const one of refused) await assert.rejects(present(world, await one), { code: "assertion-invalid" });
});

test("attack: an assertion with alg none, or HS256 with the public key as secret, is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const claims = claimsOf(world);
  const hmac = new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: world.alice.id });
  for (const wrong of [
    new UnsecuredJWT(claims).encode(),
    await hmac.sign(Buffer.from(world.alice.pem)),
    "",
    "a.b",
    "x".repeat(20_000),
  ]) {
    await assert.rejects(present(world, wrong), { code: "assertion-invalid" });
  }
});

test("a token for one environment is for it alone, and no token is made from it that may more", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  await makeEnvironment(world, "production");
  await makeEnvironment(world, "staging");
  const whole = await world.signIn();
  const narrow = await issueToken(controller, {
    kind: "token",
    token: whole.token,
    environment: "production",
    lifetime: 60,
  });
  assert.deepEqual(await authenticate(controller, bearer(narrow)), { ...admin, environment: "production" });
  assert.equal(narrow.expires, controller.ledger.now().getTime() / 1000 + 60);
  const again = (environment?: string): Promise<IssuedToken> =>
    issueToken(controller, {
      kind: "token",
      token: narrow.token,
      ...(environment === undefined ? {} : { environment }),
    });
  // Attack: a stolen token is exchanged for a longer one, for one of another environment, or for one of none.
  assert.equal((await again()).expires, narrow.expires);
  assert.equal((await again()).environment, "production");
  await assert.rejects(again("staging"), { code: "token-environment" });
  await assert.rejects(world.signIn({ environment: "nowhere" }), { code: "environment-unknown" });
});

test("attack: the token of one environment administers nothing", async (t) => {
  const world = await openIdentityWorld(t);
  await makeEnvironment(world, "staging");
  const principal = await authenticate(world.controller, bearer(await world.signIn({ environment: "staging" })));
  assert.ok(principal);
  const eve = { principal: "user:eve", roles: ["admin"], groups: [], emails: [], keys: [] } as const;
  await assert.rejects(addIdentity(world.controller, principal, eve), { code: "policy-denied", message: /staging/ });
});

test("a host that is registered for one environment gets tokens for no other", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller, ctx, url } = world;
  await makeEnvironment(world, "production");
  await makeEnvironment(world, "staging");
  const host = makeKey();
  const keys = [{ pem: host.pem, use: "identity" }] as const;
  await addIdentity(controller, admin, {
    principal: "workload:host1",
    roles: ["host"],
    groups: [],
    emails: [],
    environment: "staging",
    keys,
  });
  const signIn = async (environment?: string): Promise<IssuedToken> => {
    const token = await signAssertion(ctx, host, { url, principal: "workload:host1" });
    return issueToken(controller, { kind: "assertion", token, ...(environment === undefined ? {} : { environment }) });
  };
  assert.equal((await signIn()).environment, "staging");
  await assert.rejects(signIn("production"), { code: "token-environment" });
});
