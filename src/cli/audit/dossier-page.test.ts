import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dossier } from "../../controller/audit/dossier.ts";
import { makePage } from "./dossier-page.ts";
import { html, Html } from "./html.ts";
import { readPage } from "./well-formed.fixture.ts";

const hostile = `</pre></td><script>alert(1)</script><img src="https://evil.example/x" onerror='x'>&lt; & "quoted" \u202egnp.exe \u0000 ]]> --> \ud800`;

/** A dossier in which every text that somebody else chose is the same one. */
function dossierOf(text: string): Dossier {
  const event = {
    index: 7,
    time: "2026-11-21T12:00:00.000Z",
    actor: text,
    type: "release.created",
    data: { reason: text },
  };
  const digest = `sha256:${"a".repeat(64)}`;
  const statement = {
    repository: text,
    subject: digest,
    manifest: digest,
    predicateType: text,
    key: text,
    principal: text,
    payload: digest,
    made: text,
  };
  const standing = { event: 5, keyStatus: "active", isDeleted: false } as const;
  const scan = {
    finished: 8.64e15,
    exploited: [text],
    fixable: [{ id: text, severity: "high", since: 0 }],
    gaps: 0,
  } as const;
  const approval = {
    kind: "approval",
    environment: text,
    verdict: "approve",
    expires: 1,
    created: 1,
    nonce: text,
    reason: text,
    reviewed: [],
    policyDigest: text,
  } as const;
  const release = {
    service: text,
    environment: text,
    number: 1,
    repository: text,
    image: digest,
    configuration: { [text]: text },
    decision: 6,
    reason: text,
    createdBy: text,
    created: text,
    event: 7,
  };
  const facts = {
    digest,
    repositories: [text],
    statements: [],
    authors: [text],
    approvals: [],
    revocations: [],
    uncounted: [{ kind: text, reason: text }],
  };
  return {
    format: "ingot-dossier/1",
    controller: { baseUrl: text, logs: { events: text, signatures: text } },
    made: text,
    release: {
      ...release,
      from: { environment: text, number: 1, kind: "promote" },
      breakGlass: { reason: text, expires: 1 },
    },
    decision: {
      permit: true,
      policies: [text],
      missing: [],
      policyDigest: text,
      principal: text,
      action: "deploy",
      resource: text,
      event: 6,
      lifted: [{ policy: text, missing: text, supply: text }],
    },
    image: { digest, repository: text, tags: [text], pushedBy: text, facts },
    policy: {
      version: 1,
      appliedBy: text,
      event: 1,
      approvals: 0,
      files: [{ name: text, text }],
      isWhatDecided: false,
    },
    statements: [
      { ...statement, ...standing, kind: "scan", role: "scanner", facts: { kind: "scan", scan } },
      {
        ...statement,
        ...standing,
        kind: "tests",
        role: "tester",
        facts: { kind: "tests", passed: false, finished: 1, failed: [text] },
      },
      { ...statement, ...standing, kind: "approval", role: "approver", facts: approval },
      {
        ...statement,
        ...standing,
        keyStatus: "revoked",
        kind: "provenance",
        role: "builder",
        facts: { kind: "provenance", commit: text, authors: [text], bases: [] },
      },
      { ...statement, ...standing, isDeleted: true, kind: "other", role: "builder", facts: { kind: "none", no: text } },
    ],
    since: {
      revocations: [{ event: 9, what: text, reason: text }],
      supersededBy: { number: 2, created: text, createdBy: text },
    },
    events: [
      {
        what: text,
        sentence: text,
        receipt: { format: "ingot-receipt/1", event, entry: text, proof: text, check: text },
      },
    ],
  };
}

test("no text of somebody else becomes markup: the page has the same elements for a hostile text as for a harmless one", () => {
  const [bad, good] = [readPage(makePage(dossierOf(hostile))), readPage(makePage(dossierOf("harmless")))];
  assert.deepEqual(bad.elements, good.elements);
  const shown = bad.texts.filter((text) => text.includes("<script>"));
  assert.ok(shown.length > 30, `every text is there to be read, ${shown.length} times`);
});

test("characters that turn the direction of a text around, or that no text has, are shown as escapes", () => {
  const page = makePage(dossierOf(hostile));
  assert.ok(!/[\u0000\u202a-\u202e\u2066-\u2069]/.test(page), "no control character is in the page");
  assert.ok(page.includes("\\u202e") && page.isWellFormed());
});

test("the page needs nothing beside it, and its own policy forbids everything else", () => {
  const { elements } = readPage(makePage(dossierOf("harmless")));
  for (const { name, attributes } of elements) {
    assert.ok(!["script", "link", "img", "iframe", "object", "embed", "form", "base", "svg"].includes(name), name);
    for (const key of Object.keys(attributes)) {
      assert.ok(["lang", "charset", "name", "content", "http-equiv", "class", "scope", "role"].includes(key), key);
    }
  }
  const policy = elements.find(({ attributes }) => attributes["http-equiv"] === "Content-Security-Policy");
  assert.match(policy?.attributes["content"] ?? "", /^default-src 'none'/);
  const style = /<style>([\s\S]*)<\/style>/.exec(makePage(dossierOf("harmless")))?.[1] ?? "";
  assert.doesNotMatch(style, /url\(|@import|https?:/);
});

test("what must not be overlooked stands before everything else", () => {
  const page = makePage(dossierOf("harmless"));
  const first = page.indexOf("What, who, when and why");
  for (const alarm of ["The glass was broken.", "The image is revoked"]) {
    const at = page.indexOf(alarm);
    assert.ok(at > 0 && at < first, alarm);
  }
});

test("a template takes text as text, markup only as what it made itself", () => {
  assert.equal(
    html`<p>${"<b>"}${html`<i>${1}</i>`}${["a&", undefined]}</p>`.toString(),
    "<p>&#60;b&#62;<i>1</i>a&#38;</p>",
  );
  assert.equal(html`<p title="${'" onclick="x'}"></p>`.toString(), '<p title="&#34; onclick=&#34;x"></p>');
  assert.equal(html`${new Html("<br />")}`.toString(), "<br />");
});
