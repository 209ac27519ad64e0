import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { tarEntry } from "../../oci/tar/tar-entry.fixture.ts";
import { Tree } from "./tree.ts";

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

function adding(t: TestContext, entry: TarEntry): () => void {
  const folder = mkdtempSync(join(tmpdir(), "ingot-tree-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return () => new Tree(folder).add(entry.path, { ...entry, ...own });
}

test("an attribute that no kernel takes is refused with its place: an image without it would be another one", (t) => {
  const entry = tarEntry({ path: "ping", xattrs: new Map([["no-such-family.name", Buffer.from("value")]]) });
  assert.throws(adding(t, entry), { code: "entry-unsupported", message: /^\/ping cannot be made here: / });
});
