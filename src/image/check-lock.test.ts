import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { tmpdir } from "node:os";
import type { ImageDefinition } from "../project/definition.ts";
import { findStale, requireLock } from "./check-lock.ts";
import { definitionOf, imageLockOf, lockOf, projectOf } from "./image.fixture.ts";
import type { ImageLock } from "./lock.ts";
import { requestKey } from "./plan-image-lock.ts";

const web = definitionOf({ packages: ["nginx"] });

function lockFor(definition: ImageDefinition): ImageLock {
  return imageLockOf([], { request: requestKey(definition) });
}

test("a lock of the same request is good, whatever else the definition says", () => {
  const lock = lockOf({ web: lockFor(web) });
  assert.deepEqual(findStale(projectOf([{ ...web, command: ["nginx"], run: ["true"] }]), lock), []);
});

test("an image that changed, is new or is gone makes the lock stale, each with its reason", () => {
  const project = projectOf([{ ...web, packages: ["apache2"] }, definitionOf({ name: "new" })]);
  const lock = lockOf({ web: lockFor(web), gone: lockFor(web) });
  assert.deepEqual(
    findStale(project, lock).map(({ image, why }) => [image, why]),
    [
      ["web", "its base, packages or recommends changed since it was locked"],
      ["new", "not locked yet"],
      ["gone", "locked, but no longer defined"],
    ],
  );
});

test("without a lock everything is stale, also an image with a name that every object has", () => {
  const project = projectOf([web, definitionOf({ name: "constructor" })]);
  assert.deepEqual(
    findStale(project, undefined).map(({ image }) => image),
    ["web", "constructor"],
  );
  assert.equal(findStale(project, lockOf({ web: lockFor(web) })).length, 1);
});

test("a lock that is not there says how to make it", () => {
  const path = join(tmpdir(), "no-such-folder", "ingot.lock");
  assert.throws(() => requireLock(path), { code: "lock-missing", hint: "ingot lock" });
});
