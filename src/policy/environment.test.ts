import assert from "node:assert/strict";
import { test } from "node:test";
import { approval, day, decideBy, deployment, goodImage, now, openOnce, person } from "./policy.fixture.ts";
import type { ImageFacts, Request } from "./policy.ts";

/** What the shipped policy of an environment says is missing, by the ids of its rules. */
async function missingFor(image: Partial<ImageFacts>, more: Partial<Request> = {}): Promise<readonly string[]> {
  const decision = await decideBy([], deployment({ image: { ...goodImage, ...image }, ...more }));
  assert.equal(decision.permit, decision.missing.length === 0);
  return decision.missing.map(({ policy }) => policy);
}

const scan = { finished: now - 3600, exploited: [], fixable: [], gaps: 0 };
const without = (...kinds: readonly string[]): Partial<ImageFacts> => ({
  statements: goodImage.statements.filter(({ kind }) => !kinds.includes(kind)),
});

test("the shipped texts are valid for the schema, without a warning", async () => {
  const engine = await openOnce();
  const { errors, warnings } = engine.inspect([engine.shipped.roles, engine.shipped.environment]);
  assert.deepEqual([...errors, ...warnings], []);
});

test("an image that has everything is permitted, by the rule that permits its deployer", async () => {
  const decision = await decideBy([], deployment());
  assert.equal(decision.permit, true);
  assert.deepEqual([decision.policies, decision.missing], [["deployers"], []]);
  assert.match(decision.policyDigest, /^sha256:[0-9a-f]{64}$/);
});

test("an image about which nothing is known is denied with all that is missing, each with a command", async () => {
  const nothing: ImageFacts = { ...goodImage, statements: [], approvals: [] };
  delete (nothing as { scan?: unknown }).scan;
  delete (nothing as { tests?: unknown }).tests;
  const decision = await decideBy([], deployment({ image: nothing }));
  assert.deepEqual(
    decision.missing.map(({ policy, supply }) => [policy, supply]),
    [
      ["signed", "ingot attest abababababab --type signature && ingot push abababababab"],
      ["provenance", "ingot build && ingot push abababababab"],
      ["sbom", "ingot build && ingot push abababababab"],
      ["scan", "ingot scan abababababab && ingot push abababababab"],
      ["tested", "ingot test abababababab && ingot push abababababab"],
      ["approvals", `ingot approve shop/web@${goodImage.digest} --for production`],
    ],
  );
  assert.equal(decision.missing.at(-1)?.missing, "2 people must approve it for production, nobody has");
});

test("each statement is needed by itself, and either bill of materials is enough", async () => {
  assert.deepEqual(await missingFor(without("signature")), ["signed"]);
  assert.deepEqual(await missingFor(without("provenance")), ["provenance"]);
  assert.deepEqual(await missingFor(without("cyclonedx")), ["sbom"]);
  const spdx = [...(without("cyclonedx").statements ?? []), { kind: "spdx" as const, by: ["workload:ci"] }];
  assert.deepEqual(await missingFor({ statements: spdx }), []);
});

test("a scan counts for 24 hours", async () => {
  assert.deepEqual(await missingFor({ scan: { ...scan, finished: now - day + 1 } }), []);
  assert.deepEqual(await missingFor({ scan: { ...scan, finished: now - day } }), ["scan-fresh"]);
});

test("a scan with gaps, or with a finding that is known to be exploited, is not enough", async () => {
  assert.deepEqual(await missingFor({ scan: { ...scan, gaps: 1 } }), ["scan-complete"]);
  assert.deepEqual(await missingFor({ scan: { ...scan, exploited: ["CVE-2026-1"] } }), ["exploited"]);
});

test("a fixable critical has a grace of 7 days, a high or unrated one of 30", async () => {
  const fixable = (severity: "critical" | "high" | "unknown", age: number): Partial<ImageFacts> => ({
    scan: { ...scan, fixable: [{ id: "CVE-2026-1", severity, since: now - age }] },
  });
  assert.deepEqual(await missingFor(fixable("critical", 7 * day)), []);
  assert.deepEqual(await missingFor(fixable("critical", 7 * day + 1)), ["critical-overdue"]);
  assert.deepEqual(await missingFor(fixable("high", 30 * day)), []);
  assert.deepEqual(await missingFor(fixable("high", 30 * day + 1)), ["high-overdue"]);
  assert.deepEqual(await missingFor(fixable("unknown", 30 * day + 1)), ["high-overdue"]);
  assert.deepEqual(await missingFor(fixable("unknown", now)), ["high-overdue"]);
});

test("tests must be there and have passed", async () => {
  assert.deepEqual(await missingFor({ tests: { passed: false, finished: now, failed: [] } }), ["tests-passed"]);
  assert.deepEqual(await missingFor({ tests: { passed: true, finished: now, failed: ["a"] } }), ["tests-passed"]);
});

test("as many people must approve as the environment asks for, and no rejection may stand", async () => {
  assert.deepEqual(await missingFor({ approvals: [approval("user:alice")] }), ["approvals"]);
  assert.deepEqual(await missingFor({ approvals: [] }, { environment: { name: "production", approvals: 0 } }), []);
  const rejected = [...goodImage.approvals, approval("user:erin", { verdict: "reject" })];
  assert.deepEqual(await missingFor({ approvals: rejected }), ["rejected"]);
});

test("pull, promote and rollback are held to the same rules as deploy", async () => {
  const bad = { ...without("signature"), approvals: [], scan: { ...scan, finished: now - 2 * day } };
  for (const action of ["pull", "deploy", "promote", "rollback"] as const)
    assert.deepEqual(await missingFor(bad, { action }), ["signed", "scan-fresh", "approvals"], action);
});

test("what was released may be pulled and rolled back to when it has grown old, but not when it is exploited, rejected or revoked", async () => {
  const old: Partial<ImageFacts> = {
    approvals: [],
    scan: { ...scan, finished: now - 9 * day, fixable: [{ id: "CVE-1", severity: "critical", since: now - 90 * day }] },
    releases: ["production"],
  };
  for (const action of ["pull", "rollback"] as const) {
    assert.deepEqual(await missingFor(old, { action }), [], action);
    assert.deepEqual(await missingFor({ ...old, scan: { ...scan, exploited: ["CVE-1"] } }, { action }), ["exploited"]);
    assert.deepEqual(
      await missingFor({ ...old, approvals: [approval("user:bob", { verdict: "reject" })] }, { action }),
      ["rejected"],
    );
    const revocations = [{ event: 7, what: "package libssl3 3.0.1", reason: "CVE-1" }];
    assert.deepEqual(await missingFor({ ...old, revocations }, { action }), ["revoked"]);
    assert.deepEqual(await missingFor({ ...old, releases: ["staging"] }, { action }), [
      "scan-fresh",
      "critical-overdue",
      "approvals",
    ]);
  }
  assert.deepEqual(await missingFor(old), ["scan-fresh", "critical-overdue", "approvals"]);
});

test("every forbid of the shipped policies has its id, what is missing and the command that supplies it", async () => {
  const { shipped, inspect } = await openOnce();
  const { rules } = inspect([shipped.roles, shipped.environment]);
  const forbids = rules.filter(({ rule }) => rule.effect === "forbid");
  assert.ok(forbids.length > 18);
  for (const { rule } of forbids) {
    assert.deepEqual(Object.keys(rule.annotations).toSorted(), ["id", "missing", "supply"], rule.text);
    assert.match(rule.annotations.supply ?? "", /^ingot [a-z]+/);
  }
});

test("an environment's own policy takes the place of the shipped one, and the roles still hold", async () => {
  const own = [
    {
      name: "staging.cedar",
      text: `@id("signed-only") forbid(principal, action in Action::"enter", resource) unless { context.image.statements.contains("signature") };`,
    },
  ];
  const image = { ...goodImage, approvals: [], statements: [] };
  const decision = await decideBy(own, deployment({ image }));
  assert.deepEqual(decision.policies, ["signed-only"]);
  assert.match(decision.missing[0]?.missing ?? "", /^the rule signed-only \(staging\.cedar:1\) forbids it$/);
  const auditor = await decideBy(own, deployment({ principal: person("eve", "auditor") }));
  assert.deepEqual(
    auditor.missing.map(({ policy }) => policy),
    ["no-permit"],
  );
});
