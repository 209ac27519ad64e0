import assert from "node:assert/strict";
import { test } from "node:test";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { formatFinding } from "../finding.ts";
import { openOnce } from "../policy.fixture.ts";
import { checkPolicies } from "./check-policies.ts";
import { enterActions } from "./effects.ts";

/** Findings of a file, one a line; hints only where a test is about them. */
async function findingsOf(text: string, { withHints = false } = {}): Promise<readonly string[]> {
  const findings = checkPolicies(await openOnce(), [{ name: "p.cedar", text }]);
  return findings
    .filter(({ severity }) => withHints || severity !== "hint")
    .map((one) => `${one.severity} ${formatFinding(one)}`);
}

const fine = `@id("a") @missing("x") @supply("ingot scan {image}")\nforbid(principal, action in Action::"enter", resource) when { context.image.revoked };\n`;

test("the shipped policies have no finding, not even a hint", async () => {
  const engine = await openOnce();
  assert.deepEqual(checkPolicies(engine, [engine.shipped.roles, engine.shipped.environment]), []);
  assert.deepEqual(await findingsOf(fine, { withHints: true }), []);
});

test("mistakes of syntax and types are errors with their place and the next step", async () => {
  const [syntax, type] = await findingsOf(
    "permit(principal, action, resource) when { 1 + };\n\n" + fine.replace("revoked", "revokd"),
  );
  assert.match(syntax ?? "", /^error p\.cedar:1:48: unexpected token .*`ingot policy show schema`/);
  assert.match(type ?? "", /^error p\.cedar:4:\d+: .*revokd.*`context.image.revoked`|did you mean/);
});

test("a rule that no request reaches is found", async () => {
  const [never] = await findingsOf(fine.replace("resource)", "resource is Controller)"));
  assert.match(never ?? "", /^warning p\.cedar:1:1: .*applicable action/);
  const [contradiction] = await findingsOf(
    fine.replace("context.image.revoked", "principal is User && principal is Workload"),
  );
  assert.match(contradiction ?? "", /^warning p\.cedar:1:1: .*impossible/i);
});

test("a forbid that is always true is found, and the permits that it leaves nothing of", async () => {
  const findings = await findingsOf(
    `permit(principal in Group::"sre", action == Action::"deploy", resource);\nforbid(principal, action in Action::"enter", resource) unless { false };\n`,
  );
  assert.deepEqual(findings, [
    "warning p.cedar:1:1: it has no effect: the rule at p.cedar:2 forbids all that it permits; change one of them",
    "warning p.cedar:2:1: it always forbids pull, deploy, rollback, promote, to everybody; add a `when { … }`, or take it out",
  ]);
  const all = await findingsOf("forbid(principal, action, resource);");
  assert.match(all[0] ?? "", /it always forbids everything/);
});

test("a forbid with a condition or for somebody is no such rule", async () => {
  assert.deepEqual(await findingsOf(`forbid(principal in Group::"interns", action, resource);\n${fine}`), []);
});

test("a permit for everybody in an environment's policy is found", async () => {
  const [wide] = await findingsOf(`permit(principal, action == Action::"deploy", resource);${fine}`);
  assert.match(wide ?? "", /^warning p\.cedar:1:1: it permits deploy to everybody/);
  const own = `permit(principal in Group::"sre", action == Action::"deploy", resource);`;
  assert.deepEqual(await findingsOf(`${own}${fine}`), []);
});

test("an @id that is there twice and a rule that is there twice are found", async () => {
  const findings = await findingsOf(`${fine}${fine.replace("revoked", "released")}${fine.replace('"a"', '"b"')}`);
  assert.deepEqual(findings, [
    "warning p.cedar:3:1: its @id is that of the rule at p.cedar:1; give it another one",
    "warning p.cedar:5:1: it says the same as the rule at p.cedar:1; take one of them out",
  ]);
});

test("annotations that a forbid lacks are hints, misspelt ones and unknown placeholders warnings", async () => {
  const bare = await findingsOf(fine.replace(/^.*\n/, ""), { withHints: true });
  assert.deepEqual(bare, [
    'hint p.cedar:1:1: a denial by it cannot say its name, nor what is missing, nor which command supplies it; add @id("short-name") @missing("one sentence") @supply("ingot …")',
  ]);
  assert.deepEqual(await findingsOf(fine.replace("{image}", "{imgae}").replace("@missing", "@mising")), [
    "warning p.cedar:1:1: @mising is no annotation that Ingot reads; did you mean @missing?",
    "warning p.cedar:1:1: @supply has {imgae}, which is no placeholder; did you mean {image}?",
  ]);
});

test("a policy that forbids no image to enter is found: without a rule, with permits alone, with a forbid for something else", async () => {
  const other = `@id("a") forbid(principal, action == Action::"debug", resource) when { context.hour > 20 };`;
  for (const lax of [
    "// nothing\n",
    `permit(principal in Group::"sre", action == Action::"deploy", resource);`,
    other,
  ]) {
    const found = (await findingsOf(lax)).filter((one) => one.includes("no rule forbids that an image enters"));
    assert.equal(found.length, 1, lax);
  }
});

test("a policy that does not look at the approvals that its environment asks for is found", async () => {
  const engine = await openOnce();
  const found = (text: string, approvals: number) =>
    checkPolicies(engine, [engine.shipped.roles, { name: "p.cedar", text }], { approvals }).map(
      ({ message }) => message,
    );
  assert.deepEqual(found(fine, 0), []);
  assert.deepEqual(found(fine, 2), ["its environment asks for 2 approvals, and no rule in it looks at them"]);
  assert.deepEqual(found(engine.shipped.environment.text, 2), []);
});

test("the actions that bring an image into an environment are those of the schema's group", async () => {
  const { shipped } = await openOnce();
  const answer = cedar.schemaToJson(shipped.schema.text);
  if (answer.type === "failure") assert.fail(answer.errors[0]?.message);
  const inGroup = Object.entries(answer.json[""]?.actions ?? {}).filter(([, one]) =>
    one.memberOf?.some(({ id }) => id === "enter"),
  );
  assert.deepEqual(inGroup.map(([name]) => name).toSorted(), [...enterActions].toSorted());
});
