import assert from "node:assert/strict";

export type Element = { readonly name: string; readonly attributes: Readonly<Record<string, string>> };

/**
 * Reads a page that is HTML and well-formed XML at once, and fails where it is not: every element closed in its order, every attribute quoted, every `&` a character, no comment and no CDATA.
 * Returns its elements, and its texts with characters for their escapes.
 */
export function readPage(page: string): { readonly elements: readonly Element[]; readonly texts: readonly string[] } {
  assert.ok(page.startsWith("<!DOCTYPE html>\n"));
  const elements: Element[] = [];
  const texts: string[] = [];
  const open: string[] = [];
  const pattern = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  pattern.lastIndex = "<!DOCTYPE html>".length;
  while (pattern.lastIndex < page.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(page);
    assert.ok(match, `not well-formed at ${at}: ${page.slice(at, at + 80)}`);
    const [, closing, name = "", attributes = "", empty, text] = match;
    if (text !== undefined) texts.push(unescape(text));
    else if (closing === "/") assert.equal(open.pop(), name, `an element is closed out of order at ${at}`);
    else {
      elements.push({ name, attributes: readAttributes(attributes) });
      if (empty !== "/") open.push(name);
    }
  }
  assert.deepEqual(open, []);
  return { elements, texts };
}

function readAttributes(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

function unescape(text: string): string {
  return text.replaceAll(/&(#\d+;)?/g, (_, code?: string) => {
    assert.ok(code, `a bare & in ${text.slice(0, 80)}`);
    return String.fromCharCode(Number(code.slice(1, -1)));
  });
}
