import assert from "node:assert/strict";
import test from "node:test";
import { junitReport } from "./junit.ts";
import { testPredicate } from "./test-predicate.ts";
import type { CheckResult, TestReport } from "./test-result.ts";

const hostile = 'a "<b>" & \u0000\u001b[31m]]>\ud800\uffff\n\ttab';

const checks: readonly CheckResult[] = [
  { kind: "test", name: "home page is served", outcome: "passed", duration: 12, output: "fine" },
  { kind: "test", name: hostile, outcome: "failed", duration: 1500, message: hostile, output: hostile },
  { kind: "test", name: "no network", outcome: "broken", duration: 1, message: "no bridge" },
  { kind: "lint", name: "token", outcome: "failed", duration: 2, findings: [{ where: "/x", what: "a token" }] },
  { kind: "lint", name: "shell", outcome: "skipped", duration: 0, message: "switched off: a reason" },
];
const report: TestReport = { image: "sha256:00", name: "shop/web", started: "2026-11-21T15:00:00.000Z", checks };

test("JUnit XML is well-formed and has the elements, attributes and order that its readers' schemas allow", () => {
  const root = parseXml(junitReport([report]));
  assert.deepEqual(root.attributes, { name: "ingot test", tests: "5", failures: "2", errors: "1", time: "1.515" });
  const [tests, lints] = root.children;
  assert.deepEqual(tests?.attributes, {
    name: "shop/web tests",
    tests: "3",
    failures: "1",
    errors: "1",
    time: "1.513",
    skipped: "0",
    timestamp: "2026-11-21T15:00:00",
    hostname: "localhost",
  });
  assert.deepEqual([lints?.attributes.tests, lints?.attributes.skipped, lints?.attributes.failures], ["2", "1", "1"]);
  for (const suite of root.children) {
    const [properties, ...cases] = suite.children;
    assert.equal(properties?.tag, "properties");
    for (const one of cases) {
      assert.deepEqual(Object.keys(one.attributes), ["classname", "name", "time"]);
      assert.ok(one.children.length <= 1);
      assert.ok(["skipped", "failure", "error", "system-out"].includes(one.children[0]?.tag ?? "skipped"));
    }
  }
  assert.deepEqual(
    root.children.flatMap((suite) => suite.children.slice(1).map((one) => one.children[0]?.tag)),
    ["system-out", "failure", "error", "failure", "skipped"],
  );
});

test("what XML cannot hold is written as escapes, everything else comes back as it was", () => {
  const readable = 'a "<b>" & \\x00\\x1b[31m]]>\ufffd\\uffff\n\ttab';
  const failed = parseXml(junitReport([report])).children[0]?.children[2];
  assert.equal(failed?.attributes.name, readable);
  assert.equal(failed?.children[0]?.attributes.message, readable);
  assert.equal(failed?.children[0]?.text, readable);
});

const finished = new Date("2026-01-01T00:00:00Z");

test("the signed result names every check by how it ended", () => {
  const sha256 = "ab".repeat(32);
  assert.deepEqual(testPredicate(checks, { sha256, finished }), {
    finishedOn: "2026-01-01T00:00:00.000Z",
    result: "FAILED",
    configuration: [{ name: "ingot.yaml", digest: { sha256 } }],
    passedTests: ["test:home page is served"],
    warnedTests: ["test:no network", "lint:shell"],
    failedTests: [`test:${hostile}`, "lint:token"],
  });
  const good = checks.filter(({ outcome }) => outcome === "passed" || outcome === "skipped");
  assert.equal(testPredicate(good, { sha256, finished })?.result, "PASSED");
});

test("nothing is signed where a check was not carried out and none failed", () => {
  const broken = checks.filter(({ outcome }) => outcome !== "failed");
  assert.equal(testPredicate(broken, { sha256: "", finished }), undefined);
});

type Element = { tag: string; attributes: Record<string, string>; children: Element[]; text: string };

/** A strict reader of the XML that is written here: every token must be one of those that XML 1.0 allows. */
function parseXml(xml: string): Element {
  const document: Element = { tag: "", attributes: {}, children: [], text: "" };
  const open = [document];
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(xml, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  let rest = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "");
  while (rest !== "") {
    const top = open.at(-1) as Element;
    const [token = ""] = /^<\/[a-z-]+>|^<[a-z-]+(?: [a-z]+="[^"<]*")*\/?>|^[^<]+/.exec(rest) ?? [];
    assert.notEqual(token, "", `not XML: ${rest.slice(0, 80)}`);
    rest = rest.slice(token.length);
    const tag = /^<\/?([a-z-]+)/.exec(token)?.[1];
    if (tag === undefined) {
      assert.ok(!token.includes("]]>"));
      top.text += unescape(token);
    } else if (token.startsWith("</")) {
      assert.equal(open.pop()?.tag, tag);
    } else {
      const pairs = [...token.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [
        key,
        unescape(value),
      ]);
      const element = { tag, attributes: Object.fromEntries(pairs) as Record<string, string>, children: [], text: "" };
      top.children.push(element);
      if (!token.endsWith("/>")) open.push(element);
    }
  }
  assert.deepEqual([open.length, document.children.length], [1, 1]);
  return document.children[0] as Element;
}

function unescape(text: string): string {
  return text.replaceAll(/&([^;]*;?)/g, (_, reference: string) => {
    const known = { "amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "#10;": "\n", "#13;": "\r", "#9;": "\t" }[
      reference
    ];
    assert.ok(known !== undefined, `no reference: &${reference}`);
    return known;
  });
}
