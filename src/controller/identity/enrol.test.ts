import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { occasionOfCode, signPossession } from "../../api/client/sign-in.ts";
import { openTestController, type TestController } from "../controller.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { findIdentity } from "../state/identities.ts";
import { addIdentity } from "./add-identity.ts";
import { retireKey } from "./change-keys.ts";
import { changeIdentity, inviteIdentity, removeIdentity } from "./change-identity.ts";
import { enrol } from "./enrol.ts";
import { makeEnrolmentCode, readEnrolmentCode } from "./enrolment-code.ts";
import { firstEnrolment } from "./first-enrolment.ts";
import { enrolWith, makeKey, openIdentityWorld, type IdentityWorld } from "./identity.fixture.ts";

const admin = { kind: "user", name: "alice", groups: [], roles: ["admin"] } as const;
const bob = { principal: "user:bob", roles: [], groups: [], emails: [], keys: [] } as const;

async function openFirst(t: TestContext): Promise<TestController & { readonly code: string }> {
  const world = await openTestController(t);
  const code = await firstEnrolment(world.controller);
  assert.ok(code);
  return { ...world, code };
}

async function invite(world: IdentityWorld): Promise<string> {
  const { enrolment } = await addIdentity(world.controller, admin, bob);
  assert.ok(enrolment);
  return enrolment.code;
}

test("the first start opens a code, with which the first admin registers a name and keys; then there is none any more", async (t) => {
  const world = await openFirst(t);
  const [key, approver] = [makeKey(), makeKey()];
  const keys = [
    [key, "identity"],
    [approver, "approver"],
  ] as const;
  assert.deepEqual(await enrolWith(world, world.code.toLowerCase().replaceAll("-", " "), { name: "carol", keys }), {
    principal: "user:carol",
  });
  const carol = findIdentity(world.controller.ledger.state, "user:carol");
  assert.deepEqual(carol?.roles, ["admin"]);
  const registered = carol?.keys.map(({ id, use }) => `${use} ${id}`);
  assert.deepEqual(registered?.toSorted(), [`approver ${approver.id}`, `identity ${key.id}`]);
  assert.equal(await firstEnrolment(world.controller), undefined);
});

test("each start without an admin opens another code, and the one before is no longer good", async (t) => {
  const world = await openFirst(t);
  const second = await firstEnrolment(world.controller);
  assert.ok(second);
  const keys = [[makeKey(), "identity"]] as const;
  await assert.rejects(enrolWith(world, world.code, { keys }), { code: "enrolment-invalid" });
  assert.deepEqual(await enrolWith(world, second, { keys }), { principal: "user:admin" });
});

test("the code is in no event and in no state, only its hash", async (t) => {
  const world = await openFirst(t);
  await assert.rejects(
    enrolWith(world, world.code.slice(0, -1) + (world.code.endsWith("0") ? "1" : "0"), {
      keys: [[makeKey(), "identity"]],
    }),
  );
  await enrolWith(world, world.code, { keys: [[makeKey(), "identity"]] });
  const secret = world.code.slice(6);
  const { ledger } = world.controller;
  const all = JSON.stringify([[...ledger.events()], ledger.state.all("SELECT * FROM enrolments")]);
  assert.ok(!all.includes(secret) && !all.includes(secret.replaceAll("-", "")));
  assert.ok(all.includes(readEnrolmentCode(world.code)?.hash ?? "?"));
});

test("attack: a code is used twice, also by two at once", async (t) => {
  const world = await openFirst(t);
  const use = (name: string): Promise<unknown> =>
    enrolWith(world, world.code, { name, keys: [[makeKey(), "identity"]] });
  const both = await Promise.allSettled([use("carol"), use("mallory")]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  await assert.rejects(use("mallory"), { code: "enrolment-invalid", message: /used before/ });
});

test("attack: an expired code", async (t) => {
  const world = await openFirst(t);
  world.pass(3600);
  await assert.rejects(enrolWith(world, world.code, { keys: [[makeKey(), "identity"]] }), {
    code: "enrolment-invalid",
    message: /expired/,
  });
});

test("attack: brute force closes the code after five wrong tries, also for the right one, and no other code", async (t) => {
  const world = await openIdentityWorld(t);
  const code = await invite(world);
  const keys = [[makeKey(), "identity"]] as const;
  const guess = (start: string): string => `${start}${makeEnrolmentCode(world.ctx).slice(5)}`;
  for (let count = 0; count < 5; count += 1) {
    await assert.rejects(enrolWith(world, guess(code.slice(0, 5)), { keys }), { code: "enrolment-invalid" });
  }
  await assert.rejects(enrolWith(world, guess(code.slice(0, 5)), { keys }), { code: "too-many-attempts" });
  await assert.rejects(enrolWith(world, code, { keys }), { code: "too-many-attempts" });
  // Codes that do not exist close nothing.
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(enrolWith(world, makeEnrolmentCode(world.ctx), { keys }), { code: "enrolment-invalid" });
  }
  const { enrolment } = await inviteIdentity(world.controller, admin, "user:bob");
  assert.deepEqual(await enrolWith(world, enrolment?.code ?? "", { keys }), { principal: "user:bob" });
});

test("who has a key to sign in with adds the key of a role by another code, on the same machine; retired keys stay retired", async (t) => {
  const world = await openIdentityWorld(t);
  const [identity, approver] = [makeKey(), makeKey()];
  await enrolWith(world, await invite(world), { keys: [[identity, "identity"]] });
  const again = async (...keys: Parameters<typeof enrolWith>[2]["keys"]): Promise<unknown> => {
    const { enrolment } = await inviteIdentity(world.controller, admin, "user:bob");
    return enrolWith(world, enrolment?.code ?? "", { keys });
  };
  await again([identity, "identity"], [approver, "approver"]);
  const { state } = world.controller.ledger;
  assert.deepEqual(
    findIdentity(state, "user:bob")
      ?.keys.map(({ use }) => use)
      .toSorted(),
    ["approver", "identity"],
  );
  await retireKey(world.controller, admin, { principal: "user:bob", key: approver.id });
  const both = [
    [identity, "identity"],
    [approver, "approver"],
  ] as const;
  await assert.rejects(again(...both), { code: "key-registered" });
  await assert.rejects(again([approver, "identity"]), { code: "key-registered" });
});

test("attack: what is no code, or the code of somebody else, is refused", async (t) => {
  const world = await openIdentityWorld(t);
  const code = await invite(world);
  for (const wrong of ["", "x", "'; DROP TABLE keys", code.slice(1), `${code}0`]) {
    await assert.rejects(enrolWith(world, wrong, { keys: [[makeKey(), "identity"]] }), { code: "enrolment-invalid" });
  }
  await assert.rejects(enrolWith(world, code, { name: "alice", keys: [[makeKey(), "identity"]] }), {
    code: "enrolment-invalid",
    message: /user:bob/,
  });
  // Codes are read as people write them down.
  assert.equal(readEnrolmentCode(code.replaceAll("0", "o").replaceAll("1", "l"))?.hash, readEnrolmentCode(code)?.hash);
});

test("attack: a key is offered by somebody who does not have it, or whose proof is for another use, code or controller", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller, ctx, url } = world;
  const code = await invite(world);
  const [key, other] = [makeKey(), makeKey()];
  const occasion = occasionOfCode(code);
  const offer = async (
    signer: typeof key,
    about: { url?: string; use?: string; occasion?: string },
  ): Promise<unknown> => {
    const proof = await signPossession(ctx, signer, { url, use: "identity", occasion, ...about });
    return enrol(controller, { code, keys: [{ pem: key.pem, use: "identity", proof }] });
  };
  await assert.rejects(offer({ ...other, id: key.id }, {}), {
    code: "assertion-invalid",
    message: /signature is wrong/,
  });
  await assert.rejects(offer(other, {}), { code: "assertion-invalid" });
  await assert.rejects(offer(key, { use: "approver" }), { code: "assertion-invalid" });
  await assert.rejects(offer(key, { occasion: occasionOfCode(makeEnrolmentCode(ctx)) }), { code: "assertion-invalid" });
  await assert.rejects(offer(key, { url: "http://other.example" }), { code: "controller-mismatch" });
  await assert.rejects(enrolWith(world, code, { keys: [[key, "approver"]] }), {
    code: "assertion-invalid",
    message: /to sign in/,
  });
  assert.deepEqual(await offer(key, {}), { principal: "user:bob" });
});

test("attack: the public key of somebody else is registered again, to take its word over or to bring it back", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller, alice } = world;
  const code = await invite(world);
  const key = makeKey();
  for (const keys of [
    [[alice, "identity"]],
    [
      [key, "identity"],
      [alice, "approver"],
    ],
    [
      [key, "identity"],
      [key, "approver"],
    ],
  ] as const) {
    await assert.rejects(enrolWith(world, code, { keys }), { code: "key-registered" });
  }
  const eve = { ...bob, principal: "user:eve", keys: [{ pem: alice.pem, use: "approver" }] } as const;
  await assert.rejects(addIdentity(controller, admin, eve), { code: "key-registered", message: /user:alice/ });
});

test("attack: the code of the first admin, when there is an admin by then", async (t) => {
  const world = await openFirst(t);
  const direct = { ...bob, roles: ["admin"], keys: [{ pem: makeKey().pem, use: "identity" }] } as const;
  await addIdentity(world.controller, admin, direct);
  await assert.rejects(enrolWith(world, world.code, { name: "mallory", keys: [[makeKey(), "identity"]] }), {
    code: "enrolment-invalid",
    message: /there is one by now/,
  });
});

test("attack: who has the first admin's code becomes somebody whom history knows; an admin who lost the key comes back", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  const [key, dave] = [makeKey(), { ...bob, principal: "user:dave" }];
  const add = (one: object): Promise<unknown> => addIdentity(controller, admin, { ...bob, ...one });
  await add({ roles: ["developer"] });
  await add(dave);
  await removeIdentity(controller, admin, { principal: "user:dave", reason: "left" });
  const groups = ["platform"];
  await add({
    principal: "user:carol",
    roles: ["admin", "auditor"],
    groups,
    keys: [{ pem: key.pem, use: "identity" }],
  });
  for (const { principal, id } of [
    { principal: "user:alice", id: world.alice.id },
    { principal: "user:carol", id: key.id },
  ]) {
    const retired = makeEvent("user:alice", "key.retired", { principal, id, use: "identity" });
    await controller.ledger.transact(() => ({ events: [retired], result: undefined }));
  }
  const code = await firstEnrolment(controller);
  const enter = (name: string): Promise<unknown> =>
    enrolWith(world, code ?? "", { name, keys: [[makeKey(), "identity"]] });
  for (const name of ["bob", "dave", "Bob", "CAROL"]) await assert.rejects(enter(name), { code: "identity-exists" });
  await enter("carol");
  const { roles, groups: kept } = findIdentity(controller.ledger.state, "user:carol") ?? {};
  assert.deepEqual([roles, kept], [["admin", "auditor"], groups]);
});

test("attack: the code of somebody who was removed meanwhile", async (t) => {
  const world = await openIdentityWorld(t);
  const code = await invite(world);
  await removeIdentity(world.controller, admin, { principal: "user:bob", reason: "" });
  await assert.rejects(enrolWith(world, code, { keys: [[makeKey(), "identity"]] }), { code: "enrolment-invalid" });
});

test("where a rule of an issuer makes admins, no code is opened", async (t) => {
  const rules = [{ claim: "groups", value: "platform", roles: ["admin"] }] as const;
  const issuers = [{ url: "https://login.example", audience: "ingot", kind: "user", name: "sub", rules }] as const;
  const { controller } = await openTestController(t, { settings: { issuers } });
  assert.equal(await firstEnrolment(controller), undefined);
});

test("a name is for one person for ever, and nobody is left without an admin", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  await invite(world);
  await assert.rejects(addIdentity(controller, admin, bob), { code: "identity-exists" });
  for (const principal of ["user:Bob", "user:ALICE"])
    await assert.rejects(addIdentity(controller, admin, { ...bob, principal }), {
      code: "identity-exists",
      message: /but for upper and lower case/,
    });
  await assert.rejects(removeIdentity(controller, admin, { principal: "user:alice", reason: "" }), {
    code: "identity-last-admin",
  });
  await assert.rejects(changeIdentity(controller, admin, { principal: "user:alice", roles: [] }), {
    code: "identity-last-admin",
  });
  await removeIdentity(controller, admin, { principal: "user:bob", reason: "left" });
  await assert.rejects(addIdentity(controller, admin, bob), { code: "identity-exists", message: /removed/ });
  for (const principal of ["user:bob", "user:nobody"]) {
    await assert.rejects(removeIdentity(controller, admin, { principal, reason: "" }), { code: "identity-unknown" });
  }
  assert.ok((await addIdentity(controller, admin, { ...bob, again: true })).enrolment);
});

test("only an admin registers, changes or removes; a denial names what is missing and is on the record", async (t) => {
  const world = await openIdentityWorld(t);
  const { controller } = world;
  const nobody = { kind: "user", name: "bob", groups: [], roles: ["developer"] } as const;
  const before = controller.ledger.log.checkpoint().size;
  await assert.rejects(addIdentity(controller, nobody, bob), {
    code: "policy-denied",
    message: /user:bob may not administer/,
  });
  await assert.rejects(changeIdentity(controller, nobody, { principal: "user:alice", roles: ["admin"] }), {
    code: "policy-denied",
  });
  const events = [...controller.ledger.events(before)];
  assert.deepEqual(
    events.map(({ type }) => type),
    ["decision.made", "decision.made"],
  );
  for (const principal of ["bob", "user:", "user:../x", "group:x", "user:a b"]) {
    await assert.rejects(addIdentity(controller, admin, { ...bob, principal }), { code: "usage" });
  }
});
