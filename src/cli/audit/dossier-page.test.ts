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
