import assert from "node:assert/strict";
import { test } from "node:test";
import { startRegistry } from "../registry/registry.fixture.ts";

test("a policy that is more than an event holds is refused with its bounds, and so is the name of a file that moves a terminal's cursor", async (t) => {
  const { admin } = await startRegistry(t);
  const apply = async (file: object): Promise<readonly [number, string]> => {
    const policies = [{ environment: "production", approvals: 0, files: [file] }];
    const headers = { "content-type": "application/json" };
    const answer = await admin.send("POST", "/api/v1/policies", { headers, body: JSON.stringify({ policies }) });
    const { error } = (await answer.json()) as { readonly error?: { readonly message: string } };
    return [answer.status, error?.message ?? ""];
  };
  const rule = `permit(principal, action == Action::"audit", resource);`;
  // As JSON each line's end is two bytes.
  const [status, message] = await apply({ name: "p.cedar", text: rule + "\n".repeat(31_000) });
  assert.equal(status, 400);
  assert.match(message, /at most 60000 bytes of policies/);
  assert.equal((await apply({ name: "p.cedar", text: rule + "\n".repeat(29_000) }))[0], 200);
  const [refused, why] = await apply({ name: "p\u001b[2J.cedar", text: rule });
  assert.deepEqual([refused, /a name without control characters/.test(why)], [400, true], why);
});
