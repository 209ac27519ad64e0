import assert from "node:assert/strict";
import { test } from "node:test";
import { addIdentity } from "./add-identity.ts";
import { changeIdentity, removeIdentity } from "./change-identity.ts";
import { openIdentityWorld } from "./identity.fixture.ts";

const alice = { kind: "user", name: "alice", groups: [], roles: ["admin"] } as const;
const standing = { roles: ["approver"], groups: [], keys: [] } as const;

test("attack: a second account of the same person is refused by the address, whatever its case, until the first is removed", async (t) => {
  const { controller } = await openIdentityWorld(t);
  await addIdentity(controller, alice, { ...standing, principal: "user:bob", emails: ["bob@shop.example"] });
  const second = { ...standing, principal: "user:robert", emails: ["Bob@Shop.example"] };
  const refused = { code: "identity-exists", message: /is that of user:bob already/ };
  await assert.rejects(addIdentity(controller, alice, second), refused);
  await addIdentity(controller, alice, { ...second, emails: [] });
  await assert.rejects(changeIdentity(controller, alice, second), refused);
  await changeIdentity(controller, alice, {
    principal: "user:bob",
    emails: ["bob@shop.example"],
    roles: ["developer"],
  });
  await removeIdentity(controller, alice, { principal: "user:bob", reason: "left" });
  await changeIdentity(controller, alice, second);
});
