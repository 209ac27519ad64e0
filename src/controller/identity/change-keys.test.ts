import assert from "node:assert/strict";
import test from "node:test";
import { occasionOfReplacing, signPossession, signReplacement, type OpenKey } from "../../api/client/sign-in.ts";
import { shortId } from "../../evidence/keys/key-folder.ts";
import { findIdentity } from "../state/identities.ts";
import { addIdentity } from "./add-identity.ts";
import { addKeys, retireKey, succeedKey } from "./change-keys.ts";
import { makeKey, openIdentityWorld, type IdentityWorld } from "./identity.fixture.ts";
import { readIdentities, readIdentity } from "./read-identities.ts";

const alice = { kind: "user", name: "alice", groups: [], roles: ["admin"] } as const;
const bob = { kind: "user", name: "bob", groups: [], roles: ["developer"] } as const;

async function openWithBob(
  t: Parameters<typeof openIdentityWorld>[0],
): Promise<IdentityWorld & { readonly bobs: OpenKey }> {
  const world = await openIdentityWorld(t);
  const bobs = makeKey();
  const keys = [{ pem: bobs.pem, use: "identity" }] as const;
  await addIdentity(world.controller, alice, {
    principal: "user:bob",
    roles: ["developer"],
    groups: [],
    emails: [],
    keys,
  });
  return { ...world, bobs };
}

async function successor(
  { ctx, url }: IdentityWorld,
  { old, key, signer = old }: { readonly old: OpenKey; readonly key: OpenKey; readonly signer?: OpenKey },
): Promise<Parameters<typeof succeedKey>[2]> {
  const proof = await signPossession(ctx, key, { url, use: "identity", occasion: occasionOfReplacing(old.id) });
  return { key: old.id, pem: key.pem, proof, agreed: await signReplacement(ctx, signer, { url, newKey: key.id }) };
}

test("somebody puts a new key in the place of their own, signed by both, and retires the old one", async (t) => {
  const world = await openWithBob(t);
  const { controller, bobs } = world;
  const key = makeKey();
  await succeedKey(controller, bob, await successor(world, { old: bobs, key }));
  await retireKey(controller, bob, { principal: "user:bob", key: shortId(bobs.id) });
  const keys = findIdentity(controller.ledger.state, "user:bob")?.keys.map(({ id, status }) => `${status} ${id}`);
  assert.deepEqual(keys?.toSorted(), [`active ${key.id}`, `retired ${bobs.id}`]);
  await assert.rejects(retireKey(controller, bob, { principal: "user:bob", key: bobs.id }), {
    code: "key-unregistered",
  });
  await assert.rejects(retireKey(controller, bob, { principal: "user:bob", key: key.id }), {
    code: "identity-last-key",
  });
  // A retired key has no successor.
  await assert.rejects(succeedKey(controller, bob, await successor(world, { old: bobs, key: makeKey() })), {
    code: "key-unregistered",
  });
});

test("attack: a stolen token alone, or a new key whose owner has not agreed, plants no key", async (t) => {
  const world = await openWithBob(t);
  const { controller, bobs, alice: alices } = world;
  const key = makeKey();
  const wrong = [
    await successor(world, { old: bobs, key, signer: key }),
    await successor(world, { old: bobs, key, signer: { ...key, id: bobs.id } }),
    { ...(await successor(world, { old: bobs, key })), pem: makeKey().pem },
    { ...(await successor(world, { old: bobs, key: makeKey() })), pem: key.pem },
    {
      ...(await successor(world, { old: bobs, key })),
      agreed: (await successor(world, { old: bobs, key: makeKey() })).agreed,
    },
  ];
  for (const one of wrong) await assert.rejects(succeedKey(controller, bob, one), { code: "assertion-invalid" });
  await assert.rejects(succeedKey(controller, bob, await successor(world, { old: alices, key })), {
    code: "key-unregistered",
  });
});

test("an admin adds and ends keys of others, and others do not", async (t) => {
  const { controller, bobs, alice: alices } = await openWithBob(t);
  const builder = makeKey();
  const added = { principal: "user:bob", keys: [{ pem: builder.pem, use: "builder" }] } as const;
  await assert.rejects(addKeys(controller, bob, added), { code: "policy-denied" });
  assert.deepEqual((await addKeys(controller, alice, added)).keys, [builder.id]);
  await assert.rejects(addKeys(controller, alice, added), { code: "key-registered" });
  await assert.rejects(addKeys(controller, alice, { ...added, principal: "user:x" }), { code: "identity-unknown" });
  await assert.rejects(addKeys(controller, alice, { ...added, keys: [{ pem: "x", use: "builder" }] }), {
    code: "key-malformed",
  });
  await assert.rejects(retireKey(controller, bob, { principal: "user:alice", key: alices.id }), {
    code: "policy-denied",
  });
  await assert.rejects(retireKey(controller, alice, { principal: "user:alice", key: alices.id }), {
    code: "identity-last-key",
  });
  assert.deepEqual((await retireKey(controller, alice, { principal: "user:bob", key: bobs.id })).keys, [bobs.id]);
  await assert.rejects(retireKey(controller, alice, { principal: "user:bob", key: "" }), { code: "key-unregistered" });
});

test("everybody may look at themselves; at others who may audit", async (t) => {
  const { controller } = await openWithBob(t);
  assert.deepEqual(
    (await readIdentities(controller, alice, { removed: false })).map(({ principal }) => principal),
    ["user:alice", "user:bob"],
  );
  const nobody = { ...bob, roles: [] };
  assert.equal((await readIdentity(controller, nobody, { principal: "user:bob" })).principal, "user:bob");
  await assert.rejects(readIdentity(controller, nobody, { principal: "user:alice" }), { code: "policy-denied" });
  await assert.rejects(readIdentities(controller, nobody, { removed: true }), { code: "policy-denied" });
  await assert.rejects(readIdentity(controller, alice, { principal: "user:x" }), { code: "identity-unknown" });
});
