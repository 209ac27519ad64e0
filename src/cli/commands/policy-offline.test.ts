import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { readShippedPolicies } from "../../policy/shipped.ts";

const good = `@id("rebuilt")
@missing("nobody but the builder has built it")
@supply("ingot rebuild {image}")
forbid(principal, action in Action::"enter", resource)
unless { context.image.statements.contains("rebuild") };
`;

const cases = `given:
  principal: {user: dora, roles: [deployer]}
  environment: production
cases:
  - {name: built by two, image: {statements: [rebuild]}, expect: permit}
  - {name: built by one, image: {statements: [signature]}, expect: deny, missing: [rebuilt]}
`;

/** A project whose production has a policy, with `files` besides. */
function makeProject(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): { cwd: string; env: { INGOT_HOME: string } } {
  const cwd = mkdtempSync(join(tmpdir(), "ingot-policy-"));
  t.after(() => rmSync(cwd, { recursive: true }));
  mkdirSync(join(cwd, "policy"));
  const definition =
    "project: shop\nimages: {web: {base: debian:bookworm}}\nenvironments: {production: {policy: policy/production.cedar}}\n";
  for (const [name, text] of Object.entries({ "ingot.yaml": definition, ...files }))
    writeFileSync(join(cwd, name), text);
  return { cwd, env: { INGOT_HOME: join(cwd, "home") } };
}

test("policy check reads the policies that ingot.yaml names, and the shipped one", async (t) => {
  const project = makeProject(t, { "policy/production.cedar": good });
  const fine = await runIngot(["policy", "check"], project);
  assert.deepEqual(fine, { code: 0, stdout: "2 policies: nothing to find fault with\n", stderr: "" });

  writeFileSync(
    join(project.cwd, "policy/production.cedar"),
    `${good}permit(principal, action == Action::"deplyo", resource);\n`,
  );
  const wrong = await runIngot(["policy", "check"], project);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.stdout,
    /^policy\/production\.cedar:6:29: mistake: unrecognized action .*\n {4}next: .*\n2 policies: 1 mistake, no warnings, no hints\n$/,
  );
  const { findings } = parseJson<{ findings: { line: number }[] }>(
    await runIngot(["policy", "check", "--json"], project),
  );
  assert.deepEqual(
    findings.map(({ line }) => line),
    [6],
  );
});

test("policy check says what is doubtful and does not fail for it", async (t) => {
  const project = makeProject(t, { "policy/production.cedar": "forbid(principal, action, resource);\n" });
  const { code, stdout } = await runIngot(["policy", "check", "policy/production.cedar"], project);
  assert.equal(code, 0);
  assert.match(stdout, /warning: it always forbids everything/);
});

test("policy check tells of approvals that ingot.yaml asks for and the policy does not look at", async (t) => {
  const project = makeProject(t, { "policy/production.cedar": good });
  const definition =
    "project: shop\nimages: {web: {base: debian:bookworm}}\nenvironments: {production: {approvals: 2, policy: policy/production.cedar}}\n";
  writeFileSync(join(project.cwd, "ingot.yaml"), definition);
  const { stdout } = await runIngot(["policy", "check"], project);
  assert.match(
    stdout,
    /^policy\/production\.cedar:1:1: warning: its environment asks for 2 approvals, and no rule in it looks at them\n/,
  );
});

test("policy check refuses a file that is not there, too large or no text", async (t) => {
  const project = makeProject(t, { "policy/production.cedar": good, "big.cedar": " ".repeat(4_000_001) });
  writeFileSync(join(project.cwd, "bytes.cedar"), Buffer.from([0xff, 0xfe, 0x80]));
  for (const [file, reason] of [
    ["no.cedar", /there is no file/],
    ["big.cedar", /4000001 bytes/],
    ["bytes.cedar", /not UTF-8/],
    ["policy", /folder/],
  ] as const) {
    const { code, stderr } = await runIngot(["policy", "check", file], project);
    assert.equal(code, 1, file);
    assert.match(stderr, reason);
    assert.match(stderr, /code: policy-invalid/);
  }
});

test("policy test decides the cases beside a policy; one that is decided otherwise is exit code 4", async (t) => {
  const project = makeProject(t, { "policy/production.cedar": good, "policy/production.cases.yaml": cases });
  const fine = await runIngot(["policy", "test", "policy/production.cedar"], project);
  assert.deepEqual(fine, {
    code: 0,
    stdout: "policy/production.cedar\n  ✔ built by two\n  ✔ built by one\n2 cases as expected\n",
    stderr: "",
  });
  writeFileSync(join(project.cwd, "policy/production.cases.yaml"), cases.replace("[rebuild]", "[vex]"));
  const failed = await runIngot(["policy", "test"], project);
  assert.equal(failed.code, 4);
  assert.match(
    failed.stdout,
    /✖ built by two {2}\(policy\/production\.cases\.yaml:5\)\n {6}expected permit, got deny\n {8}rebuilt: nobody but the builder has built it\n/,
  );
  assert.match(failed.stdout, /the shipped policy\n.*✔/);
});

test("policy test says out loud that a policy has no cases, and fails where they were asked for", async (t) => {
  const project = makeProject(t, { "policy/production.cedar": good });
  const all = await runIngot(["policy", "test"], project);
  assert.equal(all.code, 0);
  assert.match(all.stderr, /policy\/production\.cedar has no cases/);
  const named = await runIngot(["policy", "test", "policy/production.cases.yaml"], project);
  assert.equal(named.code, 1);
  assert.match(named.stderr, /code: policy-cases-invalid/);
});

test("policy show prints the texts that ship, to start from", async () => {
  const shipped = readShippedPolicies();
  for (const what of ["environment", "roles", "schema"] as const) {
    const { stdout } = await runIngot(["policy", "show", what]);
    assert.equal(stdout, shipped[what].text);
  }
  assert.equal((await runIngot(["policy", "show", "nothing"])).code, 2);
});
