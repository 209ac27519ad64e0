import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openStore } from "../oci/layout.ts";
import { tarEntry } from "../oci/tar/tar-entry.fixture.ts";
import { PackageLayers } from "./package-layers.ts";

test("a package waits while more is unpacked than may wait to be written, and no longer", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "package-layers-"));
  t.after(() => rmSync(home, { recursive: true }));
  const names = ["a", "b", "c"];
  const sizes = new Map(names.map((name) => [name, 1]));
  const common = { compression: "gzip", useCache: false, mostUnwritten: 1500 } as const;
  const layers = new PackageLayers({ ctx: { home }, layout: openStore({ home }), sizes, ...common });
  const add = (name: string) => layers.add(name, name, [tarEntry({ path: name, content: name.repeat(1000) })]);
  assert.equal(add("a"), undefined);
  const waiting = add("b");
  assert.ok(waiting instanceof Promise);
  await waiting;
  await layers.finish(["a", "b"]);
  assert.equal(add("c"), undefined);
  assert.deepEqual(
    (await layers.finish(names)).map(({ blob }) => blob.title),
    names,
  );
});
