import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { openOnce } from "../policy.fixture.ts";
import { readCases } from "./read-cases.ts";
import { runCases, type CaseResult } from "./run-cases.ts";
import { toRequest } from "./to-request.ts";

const shippedCases = join(import.meta.dirname, "../environment.cases.yaml");

async function run(text: string): Promise<readonly CaseResult[]> {
  return runCases(await openOnce(), [], readCases("x.cases.yaml", text));
}

function mistakesOf(text: string): readonly string[] {
  try {
    readCases("x.cases.yaml", text);
  } catch (error) {
    assert.ok(error instanceof IngotError && error.code === "policy-cases-invalid", String(error));
    return error.details;
  }
  return [];
}

test("every case that ships with the default policy is decided as it says", async () => {
  const results = await run(readFileSync(shippedCases, "utf8"));
  assert.ok(results.length >= 25);
  assert.deepEqual(
    results.flatMap(({ name, problems }) => problems.map((one) => `${name}: ${one}`)),
    [],
  );
});

test("the shipped cases make every rule of the shipped environment's policy deny", async () => {
  const { shipped } = await openOnce();
  const results = await run(readFileSync(shippedCases, "utf8"));
  const denied = new Set(results.flatMap(({ decision }) => decision.policies));
  const ids = [...shipped.environment.text.matchAll(/@id\("([^"]+)"\)/g)].map(([, id]) => id);
  assert.deepEqual(
    ids.filter((id) => id === undefined || !denied.has(id)),
    [],
  );
});

test("a case that is decided otherwise says how, with its line", async () => {
  const results = await run(`
given: {action: deploy, environment: production, principal: {user: dora, roles: [deployer]}}
cases:
  - {name: a, expect: permit, image: {statements: [provenance, cyclonedx], scan: {}, tests: passed}}
  - {name: b, expect: deny, missing: [signed, approvals], image: {statements: [], scan: {}, tests: passed}}
`);
  assert.deepEqual(
    results.map(({ line, passed, problems }) => ({ line, passed, problems })),
    [
      {
        line: 4,
        passed: false,
        problems: ["expected permit, got deny\n  signed: no signature by a trusted builder counts"],
      },
      {
        line: 5,
        passed: false,
        problems: [
          "expected approvals to be missing, and it is not",
          "provenance is missing too: nothing that counts says how the image was built",
          "sbom is missing too: no bill of materials counts, neither CycloneDX nor SPDX",
        ],
      },
    ],
  );
});

test("every mistake of a file is told with its place, in order", () => {
  assert.deepEqual(
    mistakesOf(
      "given: {acton: x}\ncases:\n  - name: a\n    expect: maybe\n    image: {scan: {age: 5}, foo: 1}\n  - {name: b, expect: permit, missing: [a]}\n",
    ),
    [
      'x.cases.yaml:1:9: there is no key "acton" here',
      "x.cases.yaml:4:5: expected permit or deny",
      "x.cases.yaml:5:20: expected an age such as 30m, 26h or 10d",
      'x.cases.yaml:5:29: there is no key "foo" here',
      "x.cases.yaml:6:31: expected nothing where a permit is expected",
    ],
  );
  assert.match(mistakesOf("cases: [")[0] ?? "", /^x\.cases\.yaml:1:\d+: expected valid YAML/);
  assert.match(mistakesOf("cases: []")[0] ?? "", /^x\.cases\.yaml:1:1: expected at least one case/);
});

test("aliases that stand for billions of values, and a text that is too long, are refused", () => {
  const laughs = Array.from({ length: 12 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(9)}]`);
  assert.match(mistakesOf(`a0: &a0 x\n${laughs.join("\n")}\ncases: *a12`)[0] ?? "", /aliases stand for too much/);
  assert.match(mistakesOf(`# ${"x".repeat(1_000_001)}`)[0] ?? "", /characters/);
});

test("the short form of an image gives its facts", () => {
  const file = readCases(
    "x.cases.yaml",
    `cases:
  - name: a
    now: 2026-11-23T10:00:00Z
    environment: {name: production, approvals: 1}
    image:
      statements: {signature: [user:dave]}
      scan: {age: 1h, critical: [2d, unknown], unrated: [3w]}
      tests: {failed: [x], age: 5m}
      approvals: [{by: user:erin, verdict: reject, expires: 30s}]
      uncounted: {scan: why}
    expect: deny
`,
  );
  const [one] = file.cases;
  assert.ok(one !== undefined);
  const { image, now, environment } = toRequest(file.given, one);
  assert.deepEqual(environment, { name: "production", approvals: 1 });
  assert.deepEqual(image?.statements, [{ kind: "signature", by: ["user:dave"] }]);
  assert.deepEqual(image?.scan, {
    finished: now - 3600,
    gaps: 0,
    exploited: [],
    fixable: [
      { id: "CVE-2026-critical-1", severity: "critical", since: now - 2 * 86_400 },
      { id: "CVE-2026-critical-2", severity: "critical", since: 0 },
      { id: "CVE-2026-unrated-1", severity: "unknown", since: now - 3 * 604_800 },
    ],
  });
  assert.deepEqual(image.tests, { passed: true, failed: ["x"], finished: now - 300 });
  assert.deepEqual(image.approvals, [
    { by: "user:erin", environment: "production", verdict: "reject", expires: now + 30 },
  ]);
  assert.deepEqual(image.uncounted, [{ kind: "scan", reason: "why" }]);
});
