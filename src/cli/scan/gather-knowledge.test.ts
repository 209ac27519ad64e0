import assert from "node:assert/strict";
import { test } from "node:test";
import { storeImage } from "../../evidence/inventory/inventory.fixture.ts";
import { makeInventory } from "../../evidence/scan/scan.fixture.ts";
import { processContext } from "../../ground/context.ts";
import { gatherKnowledge } from "./gather-knowledge.ts";

test("an image of a release without a security suite is told to have none, and no mirror is asked", async (t) => {
  const { ctx: stored, layout, digest } = storeImage(t, [[]]);
  const env = { INGOT_DEBIAN_MIRROR: "http://127.0.0.1:2/debian" };
  const ctx = processContext({ home: stored.home, env, fetch: () => assert.fail("a mirror was asked") });
  const os = { id: "debian", versionId: "", codename: "sid", prettyName: "Debian sid" };
  const image = { digest, size: 0, mediaType: "application/vnd.oci.image.manifest.v1+json" };
  const options = { securitySuite: true, feeds: false, sign: false };
  const asked = {
    found: { layout, image, isInStore: false },
    inventory: makeInventory([], { os }),
    project: undefined,
  };
  const { advisories, notes } = await gatherKnowledge(ctx, asked, options);
  assert.deepEqual(advisories, []);
  assert.deepEqual(notes, ["Debian sid has no security suite: only feeds say anything about its packages"]);
});
