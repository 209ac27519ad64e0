import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { openTestController, principal } from "../controller.fixture.ts";
import { makeEvent } from "../events/events.ts";
import { decidePullOf } from "./pull-decision.ts";
import { openRegistry, type Registry } from "./registry.ts";

const repository = "shop/web";
/** Somebody who may pull nothing: every child of an index is asked about. */
const nobody = principal("nobody");

async function openCounting(t: TestContext): Promise<{ readonly registry: Registry; readonly asked: () => number }> {
  const { controller } = await openTestController(t);
  const registry = openRegistry(controller);
  let asked = 0;
  let denial: ReturnType<Registry["access"]["decide"]> | undefined;
  const decide: Registry["access"]["decide"] = (one) => {
    asked += 1;
    // They are all denied alike; a thousand would be put on the record.
    return (denial ??= registry.access.decide(one));
  };
  return { registry: { ...registry, access: { ...registry.access, decide } }, asked: () => asked };
}

/** Puts manifests into the repository: images, or indexes of `manifests`. */
async function put(registry: Registry, names: readonly string[], manifests: readonly Digest[] = []): Promise<Digest[]> {
  const kind = manifests.length === 0 ? ("image" as const) : ("index" as const);
  const mediaType = kind === "image" ? mediaTypes.imageManifest : mediaTypes.imageIndex;
  const digests = names.map((name) => digestOf(name));
  const pushed = digests.map((digest) =>
    makeEvent("user:eve", "manifest.pushed", { repository, digest, mediaType, kind, size: 1, blobs: [], manifests }),
  );
  await registry.controller.ledger.transact(() => ({ events: pushed, result: undefined }));
  return digests;
}

function named(word: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${word} ${at}`);
}

test("attack: indexes of indexes of the same images are gone through once, not once for each way that leads to them", async (t) => {
  const { registry, asked } = await openCounting(t);
  const images = await put(registry, named("image", 12));
  const lower = await put(registry, named("lower", 12), images);
  const middle = await put(registry, named("middle", 12), lower);
  const [top = digestOf("")] = await put(registry, ["top"], middle);
  const { decision } = await decidePullOf(registry, nobody, { repository, digest: top });
  assert.equal(decision.permit, false);
  assert.equal(asked(), 12);
});

test("attack: an index of more than a thousand images is denied after a thousand", async (t) => {
  const { registry, asked } = await openCounting(t);
  const parts: Digest[] = [];
  for (const word of ["a", "b", "c"]) {
    parts.push(...(await put(registry, [word], await put(registry, named(word, 400)))));
  }
  const [top = digestOf("")] = await put(registry, ["top"], parts);
  assert.equal((await decidePullOf(registry, nobody, { repository, digest: top })).decision.permit, false);
  assert.ok(asked() <= 1000, `${asked()} were asked about`);
});
