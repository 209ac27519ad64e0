import assert from "node:assert/strict";
import { test } from "node:test";
import { IngotError } from "../../ground/error.ts";
import { approval, decideBy, deployment, goodImage, now, openOnce, person, policyOf } from "../policy.fixture.ts";
import type { ImageFacts } from "../policy.ts";
import { fillCommand, fillSentence } from "./fill-sentence.ts";
import { placeholders } from "./placeholders.ts";
import { printable, printableList, sayAge } from "./printable.ts";
import { viewOf } from "./view.ts";

/** Everything that a terminal, a shell or a template engine could take for something else. */
const hostile = [
  'a"b',
  "a'b",
  "a\nb",
  "a\r\u001b[2Jb",
  "a\u202eb",
  "a\0b",
  "$(reboot)",
  "`reboot`",
  "; reboot",
  "--force",
  "{needed}",
  '"); permit(principal, action, resource);//',
  "\ud800",
  "x".repeat(100_000),
];

function hostileImage(text: string): ImageFacts {
  return {
    ...goodImage,
    repositories: [text],
    authors: [`user:${text}`],
    statements: [{ kind: "signature", by: [`workload:${text}`] }],
    scan: {
      finished: now - 200_000,
      gaps: 3,
      exploited: [text],
      fixable: [
        { id: text, severity: "critical", since: 0 },
        { id: text, severity: "unknown", since: 0 },
      ],
    },
    tests: { passed: false, finished: now, failed: [text] },
    approvals: [approval(`user:${text}`), approval(`user:2${text}`, { verdict: "reject", reason: text })],
    revocations: [{ event: 1, what: text, reason: text }],
    uncounted: [
      { kind: "provenance", reason: text },
      { kind: text, reason: text },
    ],
  };
}

test("facts with hostile texts change no decision and break no sentence", async () => {
  const ids = async (text: string): Promise<readonly string[]> => {
    const request = deployment({ image: hostileImage(text), principal: person(text, "deployer") });
    const { missing } = await decideBy([], request);
    for (const one of missing) {
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(one.missing + String(one.supply), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      assert.ok(one.missing.length < 5000 && one.missing.isWellFormed());
    }
    return missing.map(({ policy }) => policy);
  };
  const plain = await ids("plain");
  assert.ok(plain.length >= 9);
  for (const text of hostile) assert.deepEqual(await ids(text), plain, JSON.stringify(text.slice(0, 50)));
});

test("names, groups, services and environments with hostile texts are compared to the letter", async () => {
  for (const text of hostile) {
    const environment = { name: text, approvals: 2 };
    const image = { ...goodImage, approvals: goodImage.approvals.map((one) => ({ ...one, environment: text })) };
    const request = deployment({
      principal: { ...person(text, "deployer"), groups: [text], environment: text },
      resource: { kind: "service", name: text, environment: text },
      environment,
      image,
    });
    assert.equal((await decideBy([], request)).permit, true, JSON.stringify(text.slice(0, 50)));
    const other = { ...request.principal, environment: `${text} ` };
    assert.deepEqual((await decideBy([], { ...request, principal: other })).policies, ["token-environment"]);
  }
});

test("two halves of surrogate pairs are two names", async () => {
  const image = { ...goodImage, authors: ["user:\ud800"] };
  const asked = (name: string) =>
    decideBy([], deployment({ principal: person(name, "approver"), action: "approve", image }));
  assert.equal((await asked("\ud800")).permit, false);
  assert.equal((await asked("\ud801")).permit, true);
  assert.equal((await asked("\ufffd")).permit, true);
});

test("no value gets into a command that a shell would take for more than a word", () => {
  for (const text of hostile.slice(0, -1)) {
    const view = viewOf(deployment({ environment: { name: text, approvals: 1 } }));
    assert.equal(fillCommand("ingot approve x --for {environment}", view), "ingot approve x --for ENVIRONMENT");
  }
  const view = viewOf(deployment());
  assert.equal(fillCommand("ingot scan {image}", view), "ingot scan abababababab");
  assert.equal(fillCommand("a {reference}", view), `a shop/web@${goodImage.digest}`);
});

test("a value is never taken for a placeholder, and an unknown placeholder stays", () => {
  const view = viewOf(deployment({ environment: { name: "{principal}", approvals: 1 } }));
  assert.equal(
    fillSentence("{environment} {nothing} {constructor} {uncounted}", view),
    "{principal} {nothing} {constructor} {uncounted}",
  );
});

test("every placeholder has a value for an image with everything and for one of which nothing is known", () => {
  const bare = deployment();
  delete (bare as { image?: unknown }).image;
  delete (bare as { environment?: unknown }).environment;
  for (const request of [deployment(), deployment({ image: hostileImage("x") }), bare]) {
    const view = viewOf(request);
    for (const name of Object.keys(placeholders)) {
      const written = `{${name.replace("KIND", "scan")}}`;
      assert.notEqual(fillSentence(written, view), written, name);
    }
  }
});

test("sentences say numbers, times and lists as people do", () => {
  assert.deepEqual([1, 119, 7199, 100_000, 172_800, 8 * 86_400].map(sayAge), [
    "1 second",
    "119 seconds",
    "119 minutes",
    "27 hours",
    "2 days",
    "8 days",
  ]);
  assert.equal(printableList(["a", "b", "c"]), "a, b and c");
  assert.equal(printableList(["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
  assert.equal(printable("x".repeat(200)).length, 161);
});

test("what does not count is said where something is missing", async () => {
  const image: ImageFacts = {
    ...goodImage,
    statements: goodImage.statements.filter(({ kind }) => kind !== "signature"),
    uncounted: [{ kind: "signature", reason: "a key of the role tester made it" }],
    approvals: [approval("user:alice"), approval("user:carol")],
  };
  const { missing } = await decideBy([], deployment({ image }));
  assert.deepEqual(
    missing.map((one) => one.missing),
    [
      "no signature by a trusted builder counts; there is one that does not: a key of the role tester made it",
      "2 people must approve it for production, 1 has (user:alice); does not count: user:carol, who is author or builder of it",
    ],
  );
});

test("a command names the image by the repository that was asked about, also where another one has it too", () => {
  const image = { ...goodImage, repositories: ["shop/copy", "shop/web"] };
  const command = fillCommand("ingot approve {reference}", viewOf(deployment({ image, repository: "shop/web" })));
  assert.equal(command, `ingot approve shop/web@${goodImage.digest}`);
});

test("a rejection and a revocation are told with the reason that people gave", async () => {
  const image: ImageFacts = {
    ...goodImage,
    approvals: [...goodImage.approvals, approval("user:zoe", { verdict: "reject", reason: "the basket is empty" })],
    revocations: [
      { event: 7, what: "itself", reason: "a bad basket" },
      { event: 9, what: "has openssl 3.0.1", reason: "CVE-2026-1" },
    ],
  };
  const { missing } = await decideBy([], deployment({ image }));
  assert.deepEqual(
    missing.map((one) => one.missing),
    [
      "the image is revoked: a bad basket and has openssl 3.0.1 (CVE-2026-1)",
      "it is rejected for production by user:zoe (the basket is empty), who alone can take that back",
    ],
  );
});

test("a rule without annotations is named by its position", async () => {
  const files = policyOf("forbid(principal, action, resource) when { context.now > 0 };");
  const [missing] = (await decideBy(files, deployment())).missing;
  assert.deepEqual(missing, {
    policy: "production.cedar rule 2",
    missing: "the rule production.cedar rule 2 (production.cedar:2) forbids it",
  });
});

test("a policy with a mistake is never put in force: forEnvironment throws policy-invalid", async () => {
  const { forEnvironment } = await openOnce();
  assert.throws(
    () => forEnvironment(policyOf("forbid(principal, action, resource) when {")),
    (error) => error instanceof IngotError && error.code === "policy-invalid" && error.details.length === 1,
  );
});
