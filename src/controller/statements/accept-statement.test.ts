import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImageManifest } from "../../oci/manifest.ts";
import type { Digest } from "../../oci/digest.ts";
import { makeSigner, signRaw, statementAbout, types } from "../../evidence/statement/statement.fixture.ts";
import { makeEvent, system } from "../events/events.ts";
import { openDoor, sign } from "./door.fixture.ts";

test("a good statement counts, is logged, and is attached again with its place in the log", async (t) => {
  const door = await openDoor(t);
  const { image, keys, controller } = door;
  const { events } = await door.push(await sign(keys.builder, "signature", { image, predicate: {} }));
  assert.deepEqual(
    events.map(({ type, actor }) => `${actor} ${type}`),
    ["system:controller manifest.pushed", "workload:ci statement.accepted"],
  );
  const { logged, principal, role } = events[1]?.data as {
    logged: { index: number; manifest: Digest };
    principal: string;
    role: string;
  };
  assert.deepEqual({ index: logged.index, principal, role }, { index: 0, principal: "workload:ci", role: "builder" });
  const copy = parseImageManifest(controller.store.readBlob(logged.manifest));
  assert.equal(copy.subject?.digest, image.digest);
  const bundle = JSON.parse(controller.store.readBlob(copy.layers[0]?.digest as Digest).toString()) as {
    verificationMaterial: { tlogEntries: { canonicalizedBody: string }[] };
  };
  const [entry] = bundle.verificationMaterial.tlogEntries;
  assert.equal(entry?.canonicalizedBody, controller.signatures.readEntry(0).toString("base64"));
  assert.deepEqual(door.facts().statements, [{ kind: "signature", by: ["workload:ci"] }]);
});
