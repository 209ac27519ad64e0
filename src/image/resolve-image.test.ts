import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIndex, nameAndVersion } from "../debian/resolve/index.fixture.ts";
import { processContext } from "../ground/context.ts";
import { definitionOf, imageLockOf, lockedPackage } from "./image.fixture.ts";
import type { ImageLock } from "./lock.ts";
import { resolveImage } from "./resolve-image.ts";

const home = "/nonexistent";
const definition = definitionOf({ base: { kind: "image", name: "parent" }, packages: ["tool"] });
const locked = lockedPackage("tool", { version: "1.0-1" });

async function resolveOn(release: string, former: ImageLock): Promise<readonly string[]> {
  const index = makeIndex(`# ${release}\ntool 1.0-1\ntool 2.0-1`);
  const input = { definition, former, update: [], index, installed: [] };
  return (await resolveImage(processContext({ home }), input)).packages.map(nameAndVersion);
}

test("what is locked stays while the image below stands on the same release, and begins anew on another one", async () => {
  const former = imageLockOf([locked], { base: { kind: "image", name: "parent" } });
  assert.deepEqual(await resolveOn("bookworm", former), ["tool=1.0-1"]);
  assert.deepEqual(await resolveOn("trixie", former), ["tool=2.0-1"]);
});
