import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../digest.ts";
import { copyAnnotation, countOnce } from "./count-once.ts";

const referrer = (word: string, annotations = {}): Parameters<typeof countOnce>[0][number] => ({
  descriptor: { mediaType: "", digest: digestOf(word), size: 0 },
  annotations,
});

test("a statement and its copy in the signature log count once, and a copy alone for its original", () => {
  const copy = referrer("copy", { [copyAnnotation]: digestOf("one") });
  assert.equal(countOnce([referrer("one"), copy, referrer("two")]), 2);
  assert.equal(countOnce([copy, referrer("two")]), 2);
});
