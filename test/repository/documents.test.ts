import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { generatedDocuments } from "../../scripts/documents/generated-documents.ts";
import { listFiles, readText, root } from "./repository-files.ts";

for (const { path, make } of generatedDocuments) {
  test(`${path} equals what the code makes`, async () => {
    assert.ok(readText(path) === (await make()), `${path} differs from what the code makes; run: npm run generate`);
  });
}

test("every relative link in a Markdown file leads to a file", () => {
  const broken = listFiles()
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) =>
      linksOf(file)
        .filter((link) => !existsSync(join(root, dirname(file), link)))
        .map((link) => `${file}: ${link}`),
    );
  assert.deepEqual(broken, []);
});

test("every test that ARCHITECTURE.md names as the proof of an invariant exists", () => {
  const proofs = [...readText("ARCHITECTURE.md").matchAll(/`([\w./-]+\.test\.ts)`: "([^"]+)"/g)];
  assert.ok(proofs.length > 0, "ARCHITECTURE.md names no test");
  for (const [, file = "", name = ""] of proofs) {
    assert.ok(existsSync(join(root, file)), `${file} does not exist`);
    // A name may go on in the next line.
    assert.ok(readText(file).includes(name.replaceAll(/\s+/g, " ")), `${file} has no test "${name}"`);
  }
});

function linksOf(file: string): readonly string[] {
  return [...readText(file).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => !/^[a-z]+:/.test(link));
}
