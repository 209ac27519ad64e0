import assert from "node:assert/strict";
import { test } from "node:test";
import { parseControl, parseSingleControl } from "./control.ts";

const options = { where: "control" };

test("stanzas are split at blank lines, also at several and at ones of blanks", () => {
  const stanzas = parseControl("\n\nPackage: a\nVersion: 1\n \t \n\nPackage: b\n", options);
  assert.deepEqual(
    stanzas.map((stanza) => [stanza.line, stanza.get("Package")]),
    [
      [3, "a"],
      [7, "b"],
    ],
  );
});

test("a continued value keeps its lines as they are", () => {
  const stanza = parseSingleControl(
    Buffer.from("Package: a\r\nDescription: short\n long\n .\n  more\nTag:x\n"),
    options,
  );
  assert.equal(stanza.get("Description"), "short\n long\n .\n  more");
  assert.equal(stanza.get("Tag"), "x");
  assert.deepEqual([...stanza.fields.keys()], ["Package", "Description", "Tag"]);
});

test("a value may begin on the continuation line, and field names have no case", () => {
  const stanza = parseSingleControl("SHA256:\n abc 1 file\n", options);
  assert.equal(stanza.get("sha256"), "\n abc 1 file");
});

test("comments count only where they are allowed", () => {
  const text = "URIs: a\n# URIs: b\nSuites: c\n";
  assert.equal(parseSingleControl(text, { ...options, comments: true }).get("Suites"), "c");
  assert.throws(() => parseSingleControl(text, options), /control:2/);
});

test("a malformed line, a lone continuation and a field given twice are refused with their line", () => {
  assert.throws(() => parseControl("Package: a\nnonsense\n", options), {
    code: "control-malformed",
    message: /control:2: .*nonsense/,
  });
  assert.throws(() => parseControl(" lone\n", options), {
    code: "control-malformed",
    message: /control:1: a continuation/,
  });
  assert.throws(() => parseControl("Suite: a\nsuite: b\n", options), {
    code: "control-malformed",
    message: /control:2: .*twice/,
  });
});

test("a file of one stanza refuses none and two, and a missing field is named", () => {
  assert.throws(() => parseSingleControl("\n", options), { code: "control-malformed", message: /found none/ });
  assert.throws(() => parseSingleControl("A: 1\n\nB: 2\n", options), { code: "control-malformed", message: /line 3/ });
  assert.throws(() => parseSingleControl("A: 1\n", options).require("B", "control"), {
    message: /the field B is missing/,
  });
});
