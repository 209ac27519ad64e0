import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../oci/digest.ts";
import { planBuild } from "./build-plan.ts";
import { explainStep } from "./explain-step.ts";
import { definitionOf, imageLockOf, lockedPackage } from "./image.fixture.ts";
import type { SourceFile } from "./source-files.ts";

const lock = imageLockOf([lockedPackage("bash"), lockedPackage("nginx", { stage: "nginx", layer: "nginx/+1" })]);
const page = (text: string): SourceFile => {
  const content = Buffer.from(text);
  return {
    type: "file",
    path: "srv/index.html",
    mode: 0o644,
    owner: "root",
    group: "root",
    content,
    digest: digestOf(content),
  };
};
const definition = definitionOf({ run: ["true"] });
const plan = (text = "a", changed = lock) => planBuild({ definition, lock: changed, files: [page(text)] });
const updated = {
  ...lock,
  packages: lock.packages.map((item) =>
    item.name === "nginx" ? { ...item, version: "1.1", sha256: "b".repeat(64) } : item,
  ),
};

test("a build is the stages, then the files, then the commands", () => {
  assert.deepEqual(
    plan().steps.map((step) => `${step.kind} ${step.name}`),
    ["packages essential", "packages nginx", "files files", "run run"],
  );
});

test("a changed file gives new keys to the files and to what stands on them, and to nothing else", () => {
  const [a, b] = [plan("a").steps, plan("b").steps];
  assert.deepEqual(
    a.map((step, at) => step.key === b[at]!.key),
    [true, true, false, false],
  );
});

test("a changed package gives new keys to its stage and to all above it", () => {
  const [a, b] = [plan().steps, plan("a", updated).steps];
  assert.deepEqual(
    a.map((step, at) => step.key === b[at]!.key),
    [true, false, false, false],
  );
});

test("another base, compression or release date gives new keys", () => {
  const base = planBuild({ definition, lock, files: [], base: { digest: digestOf("x"), epoch: 1 } });
  const zstd = planBuild({ definition: { ...definition, compression: "zstd" }, lock, files: [] });
  const later = { ...lock, stages: lock.stages.map((stage) => ({ ...stage, epoch: stage.epoch + 1 })) };
  const keys = [plan(), base, zstd, planBuild({ definition, lock: later, files: [] })].map((it) => it.steps[0]!.key);
  assert.equal(new Set(keys).size, keys.length);
});

test("a rebuilt step says which of its inputs changed, or that the layers below did", () => {
  const now = plan("a", updated).steps;
  const before = plan().steps;
  assert.equal(explainStep(now[1]!, before, false), "changed: nginx:amd64");
  assert.equal(explainStep(now[2]!, before, true), "the layers below it changed");
  assert.equal(explainStep(now[0]!, undefined, false), "the first build of this image here");
  assert.equal(explainStep(now[0]!, before, false), "the same as in the last build, but no longer in the cache");
  assert.equal(explainStep(now[3]!, before.slice(0, 3), false), "a step that the last build did not have");
});
