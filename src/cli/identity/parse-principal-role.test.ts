import assert from "node:assert/strict";
import { test } from "node:test";
import { principalRoles } from "../../policy/policy.ts";
import { parsePrincipalRole } from "./parse-principal-role.ts";

test("every role is taken, and one that is written wrongly is asked back about", () => {
  for (const role of principalRoles) assert.equal(parsePrincipalRole(role), role);
  assert.throws(() => parsePrincipalRole("builer"), { code: "usage", message: /did you mean "builder"\?$/ });
});

test("the role of a key is told from the roles of people", () => {
  assert.throws(() => parsePrincipalRole("scanner"), { code: "usage", hint: /^--key FILE=scanner registers one; / });
});
