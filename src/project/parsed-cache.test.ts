import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { loadProject } from "./project.ts";

const definition = "project: shop\nimages:\n  web:\n    base: debian:bookworm\n    files: {/x: ./x}\n";

function makeProject(t: TestContext): { folder: string; path: string; home: string } {
  const folder = mkdtempSync(join(tmpdir(), "ingot-cache-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "x"), "x");
  writeFileSync(join(folder, "ingot.yaml"), definition);
  return { folder, path: join(folder, "ingot.yaml"), home: join(folder, "home") };
}

function cacheFile(home: string): string {
  const [name = ""] = readdirSync(join(home, "cache/definitions"));
  return join(home, "cache/definitions", name);
}

test("a second load gives the same project as the first", async (t) => {
  const { path, home } = makeProject(t);
  const first = await loadProject(path, { home });
  assert.deepEqual(await loadProject(path, { home }), first);
});

test("a changed text is read anew", async (t) => {
  const { path, home } = makeProject(t);
  await loadProject(path, { home });
  writeFileSync(path, definition.replace("shop", "shed"));
  assert.equal((await loadProject(path, { home })).name, "shed");
});

test("a file that went missing is found although the text is known", async (t) => {
  const { folder, path, home } = makeProject(t);
  await loadProject(path, { home });
  rmSync(join(folder, "x"));
  await assert.rejects(loadProject(path, { home }), { code: "definition-invalid" });
});

test("a kept result that was damaged does not count", async (t) => {
  const { path, home } = makeProject(t);
  await loadProject(path, { home });
  const file = cacheFile(home);
  const kept = readFileSync(file, "utf8");
  for (const damaged of [kept.replace("shop", "evil"), kept.slice(0, -5), "", "\n{}"]) {
    writeFileSync(file, damaged);
    assert.equal((await loadProject(path, { home })).name, "shop");
  }
});

test("a text with mistakes is not kept", async (t) => {
  const { path, home } = makeProject(t);
  writeFileSync(path, `${definition}prot: 1\n`);
  await assert.rejects(loadProject(path, { home }), { code: "definition-invalid" });
  assert.throws(() => readdirSync(join(home, "cache/definitions")), { code: "ENOENT" });
});

test("a home that cannot be written is only slower", async (t) => {
  const { folder, path } = makeProject(t);
  writeFileSync(join(folder, "file"), "");
  assert.equal((await loadProject(path, { home: join(folder, "file") })).name, "shop");
});
