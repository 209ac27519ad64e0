import assert from "node:assert/strict";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { join } from "node:path";
import test from "node:test";
import { signAssertion } from "../../api/client/sign-in.ts";
import { SignJWT, UnsecuredJWT } from "jose";
import { z } from "zod";
import { makeEvent } from "../events/events.ts";
import { addIdentity } from "./add-identity.ts";
import { authenticate } from "./authenticate.ts";
import { changeIdentity, removeIdentity } from "./change-identity.ts";
import { retireKey } from "./change-keys.ts";
import { bearer, enrolWith, makeKey, openIdentityWorld, type IdentityWorld } from "./identity.fixture.ts";
import { issueToken } from "./issue-token.ts";
import { readTokenKeys } from "./token-key.ts";

const admin = { kind: "user", name: "alice", groups: [], roles: ["admin"] } as const;

const keptKey = z.object({ secret: z.string() });

/** The key that the controller signs tokens with: the attacker of these tests has the public half, and in one of them both. */
function tokenKey(world: IdentityWorld): KeyObject {
  const { secret } = keptKey.parse(JSON.parse(readFileSync(join(world.ctx.home, "ledger/token.key"), "utf8")));
  return createPrivateKey(secret);
}

function headerOf(token: string): { readonly kid: string } {
  return z
    .object({ kid: z.string() })
    .parse(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()));
}

function payloadOf(token: string): Record<string, unknown> {
  return z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()));
}

function sign(world: IdentityWorld, token: string, changes: Record<string, unknown>): Promise<string> {
  const header = { alg: "ES256", typ: "at+jwt", kid: headerOf(token).kid };
  return new SignJWT({ ...payloadOf(token), ...changes }).setProtectedHeader(header).sign(tokenKey(world));
}

test("a token says who asks, as Bearer and as the password of Basic", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  const issued = await world.signIn();
  const basic = (name: string): string => `Basic ${Buffer.from(`${name}:${issued.token}`).toString("base64")}`;
  for (const header of [bearer(issued), bearer(issued), basic("anybody"), basic(""), basic("user:alice")]) {
    assert.deepEqual(await authenticate(controller, header), admin);
  }
  assert.equal(await authenticate(controller, undefined), undefined);
  await assert.rejects(authenticate(controller, basic("user:bob")), {
    code: "token-invalid",
    message: /not of user:bob/,
  });
  for (const header of [
    "Basic",
    "Digest x",
    "Bearer ",
    "Bearer a.b.c",
    `Basic ${Buffer.from("nothing").toString("base64")}`,
  ]) {
    await assert.rejects(authenticate(controller, header), { code: "token-invalid" });
  }
  assert.equal(statSync(join(world.ctx.home, "ledger/token.key")).mode & 0o777, 0o600);
});

test("attack: an expired token is refused, also when it was checked before and when the clock is turned back", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  const issued = await world.signIn();
  assert.deepEqual(await authenticate(controller, bearer(issued)), admin);
  world.pass(3600);
  await assert.rejects(authenticate(controller, bearer(issued)), { code: "token-expired" });
  world.pass(-1800);
  await assert.rejects(authenticate(controller, bearer(issued)), { code: "token-expired" });
});

test("attack: the clock is turned back before the newest event: time goes on from there, and an expired token stays expired", async (t) => {
  const world = await openIdentityWorld(t);
  const issued = await world.signIn();
  world.pass(3601);
  await world.signIn();
  world.pass(-3000);
  assert.ok(world.controller.ledger.now().getTime() / 1000 > issued.expires);
  await assert.rejects(authenticate(world.controller, bearer(issued)), { code: "token-expired" });
});

test("attack: a token that is not valid yet is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const { token, expires } = await world.signIn();
  const early = await sign(world, token, { nbf: expires - 60 });
  await assert.rejects(authenticate(world.controller, `Bearer ${early}`), {
    code: "token-invalid",
    message: /not valid yet/,
  });
});

test("attack: a token of another controller, by its key, its issuer or its audience, is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const other = await openIdentityWorld(t, { settings: { baseUrl: "http://other.example" } });
  const { controller } = world;
  const { token } = await world.signIn();
  await assert.rejects(authenticate(controller, bearer(await other.signIn())), { code: "token-invalid" });
  for (const changes of [{ aud: other.url }, { iss: other.url }, { aud: [world.url, other.url] }]) {
    const wrong = await sign(world, token, changes);
    await assert.rejects(authenticate(controller, `Bearer ${wrong}`), { code: "token-invalid" });
  }
});

test("attack: alg none is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const { token } = await world.signIn();
  const unsigned = new UnsecuredJWT(payloadOf(token)).encode();
  const [, payload] = token.split(".");
  const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: headerOf(token).kid })).toString(
    "base64url",
  );
  for (const wrong of [unsigned, `${none}.${payload}.`, `${none}.${token.split(".").slice(1).join(".")}`]) {
    await assert.rejects(authenticate(world.controller, `Bearer ${wrong}`), { code: "token-invalid" });
  }
});

test("attack: HS256 with the public key as its secret is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const { token } = await world.signIn();
  const pem = createPublicKey(tokenKey(world)).export({ type: "spki", format: "pem" });
  const header = { alg: "HS256", typ: "at+jwt", kid: headerOf(token).kid };
  const wrong = await new SignJWT(payloadOf(token)).setProtectedHeader(header).sign(Buffer.from(pem));
  await assert.rejects(authenticate(world.controller, `Bearer ${wrong}`), {
    code: "token-invalid",
    message: /signed in a way that is not taken/,
  });
});

test("attack: what somebody signed to sign in is no access token", async (t) => {
  const world = await openIdentityWorld(t);
  const assertion = await signAssertion(world.ctx, world.alice, { url: world.url, principal: "user:alice" });
  await assert.rejects(authenticate(world.controller, `Bearer ${assertion}`), { code: "token-invalid" });
});

test("attack: who has the token key alone makes no token, since the ledger knows all that were given", async (t) => {
  const world = await openIdentityWorld(t);
  const { token } = await world.signIn();
  const { controller } = world;
  const { id, expires } = [...controller.ledger.events()].find(({ type }) => type === "token.issued")?.data ?? {};
  for (const changes of [{ jti: "made by a thief" }, { jti: id }, { exp: Number(expires) + 600 }]) {
    const made = await sign(world, token, changes);
    await assert.rejects(authenticate(controller, `Bearer ${made}`), {
      code: "token-invalid",
      message: /never gave it/,
    });
  }
  const renamed = await sign(world, token, { sub: "user:mallory" });
  await assert.rejects(authenticate(world.controller, `Bearer ${renamed}`), { code: "token-invalid" });
});

test("attack: the token of an identity that was removed ends at once, and so do changed roles", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller, ctx } = world;
  const { enrolment } = await addIdentity(controller, admin, {
    principal: "user:bob",
    roles: ["admin"],
    groups: ["ops"],
    emails: [],
    keys: [],
  });
  const bob = makeKey();
  await enrolWith(world, enrolment?.code ?? "", { keys: [[bob, "identity"]] });
  const token = await signAssertion(ctx, bob, { url: world.url, principal: "user:bob" });
  const issued = await issueToken(controller, { kind: "assertion", token });
  assert.deepEqual((await authenticate(controller, bearer(issued)))?.roles, ["admin"]);
  await changeIdentity(controller, admin, { principal: "user:bob", roles: ["auditor"] });
  assert.deepEqual(await authenticate(controller, bearer(issued)), {
    kind: "user",
    name: "bob",
    groups: ["ops"],
    roles: ["auditor"],
  });
  await removeIdentity(controller, admin, { principal: "user:bob", reason: "left" });
  await assert.rejects(authenticate(controller, bearer(issued)), { code: "token-invalid", message: /was removed/ });
  const again = await signAssertion(ctx, bob, { url: world.url, principal: "user:bob" });
  await assert.rejects(issueToken(controller, { kind: "assertion", token: again }), { code: "assertion-invalid" });
});

test("attack: a role that was about to be given when the disk failed is nobody's, though they asked for something meanwhile", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller, ctx } = world;
  const issued = await world.signIn();
  const folder = join(ctx.home, "ledger/events/tile");
  renameSync(folder, `${folder}.away`);
  writeFileSync(folder, "no folder");
  const roles = ["admin", "approver"] as const;
  const changing = changeIdentity(controller, admin, { principal: "user:alice", roles });
  const asking = authenticate(controller, bearer(issued));
  await assert.rejects(changing, { code: "log-write-failed" });
  await assert.rejects(asking, { code: "log-write-failed" });
  rmSync(folder);
  renameSync(`${folder}.away`, folder);
  assert.deepEqual((await authenticate(controller, bearer(issued)))?.roles, ["admin"]);
});

test("attack: a token that rests on a key that was retired, or revoked, ends at once, and what was made from it too", async (t) => {
  for (const how of ["retired", "revoked"]) {
    const world = await openIdentityWorld(t);
    const { controller, alice } = world;
    const issued = await world.signIn();
    const child = await issueToken(controller, { kind: "token", token: issued.token });
    assert.deepEqual(await authenticate(controller, bearer(child)), admin);
    if (how === "retired") {
      const eve = { principal: "user:eve", roles: ["admin"], groups: [], emails: [] } as const;
      await addIdentity(controller, admin, { ...eve, keys: [{ pem: makeKey().pem, use: "identity" }] });
      await retireKey(controller, { ...admin, name: "eve" }, { principal: "user:alice", key: alice.id });
    } else {
      const revoked = makeEvent("user:alice", "revocation.made", {
        subject: { kind: "key", id: alice.id },
        reason: "stolen",
      });
      await controller.ledger.transact(() => ({ events: [revoked], result: undefined }));
    }
    for (const one of [issued, child]) {
      await assert.rejects(authenticate(controller, bearer(one)), {
        code: "token-invalid",
        message: /retired or revoked/,
      });
    }
  }
});

test("the token key is replaced when it is a month old; tokens that it signed are good until they end", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  await world.signIn();
  world.pass(30 * 86_400 - 600);
  const before = await world.signIn();
  world.pass(1200);
  const after = await world.signIn();
  assert.notEqual(headerOf(before.token).kid, headerOf(after.token).kid);
  for (const one of [before, after]) assert.deepEqual(await authenticate(controller, bearer(one)), admin);
});

test("a token key that is no key is an error that does not quote it", async (t) => {
  const world = await openIdentityWorld(t);
  const path = join(world.ctx.home, "ledger/token.key");
  for (const text of [
    "secret-stuff",
    '{"created":1,"secret":"secret-stuff"}',
    '{"created":9999999999,"secret":"secret-stuff"}',
  ]) {
    writeFileSync(path, text, { mode: 0o600 });
    assert.throws(
      () => readTokenKeys(world.ctx, 2),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "key-malformed");
        assert.ok(!`${error.message}${String(error.cause)}`.includes("secret-stuff"));
        return true;
      },
    );
  }
});

test("a token that was checked is known again in ten microseconds", async (t) => {
  const world = await openIdentityWorld(t);
  const header = bearer(await world.signIn());
  await authenticate(world.controller, header);
  const start = process.cpuUsage();
  for (let count = 0; count < 20_000; count += 1) await authenticate(world.controller, header);
  const { user, system } = process.cpuUsage(start);
  assert.ok((user + system) / 20_000 < 20, `took ${(user + system) / 20_000} µs`);
});
