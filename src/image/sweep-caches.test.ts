import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { sweepCaches } from "./sweep-caches.ts";

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
const layer = (letter: string) => ({
  digest: digestOf(letter),
  diffId: digestOf(letter),
  size: 1,
  mediaType: "",
  title: "",
});

/** A home whose store has the layers a and b, and no other. */
function makeHome(t: TestContext, files: Readonly<Record<string, unknown>>): string {
  const home = mkdtempSync(join(tmpdir(), "sweep-"));
  t.after(() => rmSync(home, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return home;
}

const stored = new Set([digestOf("a"), digestOf("b")]);
const options = { hasBlob: (digest: string) => stored.has(digest), abandonedBefore: 0 };

test("records of layers that the store lost go, with their indexes; the rest stays", (t) => {
  const home = makeHome(t, {
    "cache/steps/kept.json": { layers: [layer("a")] },
    "cache/steps/half.json": { layers: [layer("b"), layer("c")] },
    "cache/package-layers/kept.json": layer("b"),
    "cache/package-layers/lost.json": layer("d"),
    ...Object.fromEntries(["a", "b", "c"].map((letter) => [`cache/layers/${letter.repeat(64)}.json`, "[]"])),
    ...Object.fromEntries(["a", "c"].map((letter) => [`cache/inventory/${letter.repeat(64)}.1.json`, "[]"])),
  });
  const swept = sweepCaches(home, options);
  assert.equal(swept.files, 4);
  assert.deepEqual(readdirSync(join(home, "cache/inventory")), [`${"a".repeat(64)}.1.json`]);
  assert.ok(swept.bytes > 0);
  assert.deepEqual(readdirSync(join(home, "cache/steps")), ["kept.json"]);
  assert.deepEqual(readdirSync(join(home, "cache/package-layers")), ["kept.json"]);
  assert.deepEqual(
    readdirSync(join(home, "cache/layers")).toSorted(),
    ["a", "b"].map((letter) => `${letter.repeat(64)}.json`),
  );
  assert.deepEqual(sweepCaches(home, options), { files: 0, bytes: 0 });
});

test("a record that a crash cut off goes", (t) => {
  const home = makeHome(t, { "cache/steps/cut.json": '{"layers":[', "cache/steps/x.json.1.tmp": "" });
  assert.equal(sweepCaches(home, options).files, 2);
  assert.deepEqual(readdirSync(join(home, "cache/steps")), []);
});

test("a dry run tells the same and removes nothing", (t) => {
  const home = makeHome(t, { "cache/steps/lost.json": { layers: [layer("c")] } });
  const told = sweepCaches(home, { ...options, dryRun: true });
  assert.equal(existsSync(join(home, "cache/steps/lost.json")), true);
  assert.deepEqual(sweepCaches(home, options), told);
  assert.equal(existsSync(join(home, "cache/steps/lost.json")), false);
});

test("unfinished files that no lock guards go only when they are old", (t) => {
  const home = makeHome(t, { "cache/seals/new.tmp": "", "cache/builds/p/old.tmp": "" });
  utimesSync(join(home, "cache/builds/p/old.tmp"), 1, 1);
  assert.equal(sweepCaches(home, { ...options, abandonedBefore: 10_000 }).files, 1);
  assert.deepEqual(readdirSync(join(home, "cache/seals")), ["new.tmp"]);
  assert.deepEqual(readdirSync(join(home, "cache/builds/p")), []);
});

test("a home without caches is fine", (t) => {
  assert.deepEqual(sweepCaches(makeHome(t, {}), options), { files: 0, bytes: 0 });
});
