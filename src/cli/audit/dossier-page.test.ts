import assert from "node:assert/strict";
import { test } from "node:test";
import { dossierOf } from "./dossier.fixture.ts";
import { makePage } from "./dossier-page.ts";
import { html, Html } from "./html.ts";
import { readPage } from "./well-formed.fixture.ts";

const hostile = `</pre></td><script>alert(1)</script><img src="https://evil.example/x" onerror='x'>&lt; & "quoted" \u202egnp.exe \u0000 ]]> --> \ud800`;

test("no text of somebody else becomes markup: the page has the same elements for a hostile text as for a harmless one", () => {
  const [bad, good] = [readPage(makePage(dossierOf(hostile))), readPage(makePage(dossierOf("harmless")))];
  assert.deepEqual(bad.elements, good.elements);
  const shown = bad.texts.filter((text) => text.includes("<script>"));
  assert.ok(shown.length > 30, `every text is there to be read, ${shown.length} times`);
});

test("characters that turn the direction of a text around, or that no text has, are shown as escapes", () => {
  const page = makePage(dossierOf(hostile));
  for (const character of ["\u0000", "\u202e"]) assert.ok(!page.includes(character));
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
  for (const alarm of ["The glass was broken.", "The image is revoked", "A key was revoked since"]) {
    const at = page.indexOf(alarm);
    assert.ok(at > 0 && at < first, alarm);
  }
});

test("who approved it, what was replaced and that the policy denied it are said in words", () => {
  const dossier = dossierOf("x");
  const word = { environment: "x", expires: 9e9 } as const;
  const approvals = [
    { ...word, by: "user:alice", verdict: "approve" },
    { ...word, by: "user:carol", verdict: "reject" },
  ] as const;
  const [, , approval] = dossier.statements;
  assert.ok(approval?.facts.kind === "approval");
  const rejection = { ...approval, event: 8, facts: { ...approval.facts, verdict: "reject", created: 2 } } as const;
  const page = makePage({
    ...dossier,
    release: { ...dossier.release, created: "2026-11-21T12:00:00Z" },
    image: { ...dossier.image, facts: { ...dossier.image.facts, approvals } },
    policy: { ...dossier.policy, approvals: 2 },
    statements: [approval, rejection],
  });
  assert.match(page, /<td>user:alice; 2 needed for a new release<\/td>/);
  assert.match(page, /approved for x, until [^<]*<br \/><span class="soft">did not count: replaced by #8</);
  assert.match(page, /REJECTED for x: x</);
  assert.match(page, /permitted by breaking the glass<\/span>: the policy of the environment denied it/);
  assert.match(makePage(dossier), /<td>nobody; none was needed<\/td>/);
});

test("a template takes text as text, markup only as what it made itself", () => {
  assert.equal(
    html`<p>${"<b>"}${html`<i>${1}</i>`}${["a&", undefined]}</p>`.toString(),
    "<p>&#60;b&#62;<i>1</i>a&#38;</p>",
  );
  assert.equal(html`<p title="${'" onclick="x'}"></p>`.toString(), '<p title="&#34; onclick=&#34;x"></p>');
  assert.equal(html`${new Html("<br />")}`.toString(), "<br />");
});
