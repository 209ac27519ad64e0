import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findSealed, readState, sealBuild, type SealPlace } from "./build-seal.ts";

const digest = `sha256:${"a".repeat(64)}`;
const report = ["built"];

function makePlace(t: TestContext): SealPlace & { folder: string; source: string } {
  const folder = mkdtempSync(join(tmpdir(), "seal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [home, source] = [join(folder, "home"), join(folder, "public")];
  mkdirSync(join(home, "store/blobs/sha256"), { recursive: true });
  mkdirSync(join(source, "css"), { recursive: true });
  writeFileSync(join(home, "store/blobs", digest.replace(":", "/")), "");
  writeIndex(home, digest);
  writeFileSync(join(source, "css/a.css"), "a");
  writeFileSync(join(folder, "ingot.yaml"), "project: a");
  writeFileSync(join(folder, "ingot.lock"), "{}");
  return {
    folder,
    source,
    home,
    definitionPath: join(folder, "ingot.yaml"),
    lockPath: join(folder, "ingot.lock"),
    images: [],
  };
}

function writeIndex(home: string, named: string): void {
  const manifests = [{ digest: named, annotations: { "org.opencontainers.image.ref.name": "a/web" } }];
  writeFileSync(join(home, "store/index.json"), JSON.stringify({ manifests }));
}

/** Seals as a build does that started an hour after the files were written. */
function seal(
  place: SealPlace & { source: string },
  texts: { definition: string; lock: string; signedBy?: string; lists?: readonly string[] } = {
    definition: "project: a",
    lock: "{}",
  },
): void {
  const before = readState([place.source]);
  const taken = Date.now() + 3_600_000;
  const stored = { references: { "a/web": digest }, blobs: [digest] };
  sealBuild(place, { ...stored, ...texts, before, taken, roots: [place.source], report });
}

test("a build with nothing to do is known by its seal", (t) => {
  const place = makePlace(t);
  assert.equal(findSealed(place), undefined);
  seal(place);
  assert.deepEqual(findSealed(place), report);
});

test("a seal does not hold where the store no longer lists what was signed", (t) => {
  const place = makePlace(t);
  seal(place, { definition: "project: a", lock: "{}", lists: ["a/web"] });
  assert.deepEqual(findSealed(place), report);
  seal(place, { definition: "project: a", lock: "{}", lists: ["a/web", "sha256-list"] });
  assert.equal(findSealed(place), undefined);
});

test("a definition or lock that was written while the build ran is not taken for the one that was built", (t) => {
  for (const texts of [
    { definition: "project: before", lock: "{}" },
    { definition: "project: a", lock: '{"before":1}' },
  ]) {
    const place = makePlace(t);
    seal(place, texts);
    assert.equal(findSealed(place), undefined);
  }
});

test("a seal holds for the key that signed, and for who asks for no signature, not for another key", (t) => {
  const place = makePlace(t);
  seal(place);
  assert.equal(findSealed({ ...place, signedBy: "key" }), undefined);
  seal(place, { definition: "project: a", lock: "{}", signedBy: "key" });
  assert.deepEqual(findSealed({ ...place, signedBy: "key" }), report);
  assert.deepEqual(findSealed(place), report);
  assert.equal(findSealed({ ...place, signedBy: "rotated" }), undefined);
});

type Change = (place: SealPlace & { folder: string; source: string }) => void;
const changes: Readonly<Record<string, Change>> = {
  "another definition": (place) => writeFileSync(place.definitionPath, "project: b"),
  "another lock": (place) => writeFileSync(place.lockPath, "{ }"),
  "a damaged index of the store": (place) => writeFileSync(join(place.home, "store/index.json"), '{"manifests":[{'),
  "an index of the store that says null": (place) => writeFileSync(join(place.home, "store/index.json"), "null"),
  "a missing lock": (place) => rmSync(place.lockPath),
  "a changed source": (place) => writeFileSync(join(place.source, "css/a.css"), "b"),
  "a changed source with its old size and time": (place) => {
    writeFileSync(join(place.source, "css/a.css"), "b");
    utimesSync(join(place.source, "css/a.css"), 1, 1);
  },
  "a new source": (place) => writeFileSync(join(place.source, "css/b.css"), ""),
  "a source that is gone": (place) => rmSync(join(place.source, "css/a.css")),
  "a source that became a link": (place) => {
    rmSync(join(place.source, "css/a.css"));
    symlinkSync("elsewhere", join(place.source, "css/a.css"));
  },
  "a blob that is gone": (place) => rmSync(join(place.home, "store/blobs", digest.replace(":", "/"))),
  "a name that points elsewhere": (place) => writeIndex(place.home, `sha256:${"b".repeat(64)}`),
  "a store without its index": (place) => rmSync(join(place.home, "store/index.json")),
  "a seal that was cut off": (place) => {
    rmSync(join(place.home, "cache/seals"), { recursive: true });
  },
};

for (const [what, change] of Object.entries(changes)) {
  test(`${what} breaks the seal`, (t) => {
    const place = makePlace(t);
    seal(place);
    change(place);
    assert.equal(findSealed(place), undefined);
  });
}

test("other images of the same project have a seal of their own", (t) => {
  const place = makePlace(t);
  seal(place);
  assert.equal(findSealed({ ...place, images: ["web"] }), undefined);
});

test("a source that changed just before or during the build is not sealed", (t) => {
  const place = makePlace(t);
  const before = readState([place.source]);
  const input = {
    definition: "project: a",
    lock: "{}",
    before,
    roots: [place.source],
    references: {},
    blobs: [],
    report,
  };
  sealBuild(place, { ...input, taken: Date.now() });
  assert.equal(findSealed(place), undefined);
});
