/** What is read of all that is attached to an image. */
import assert from "node:assert/strict";
import test from "node:test";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { decide, requirementFor } from "../verify/decide.ts";
import { readAttached, readEvidence } from "./read-evidence.ts";
import { attachRaw, makeSigner, makeWorld, signRaw, statementAbout, types } from "./statement.fixture.ts";

const builder = makeSigner("builder");
const tester = makeSigner("tester");
const trusted = [builder.key, tester.key];

test("the same statement attached twice is proven once", async (t) => {
  const world = await makeWorld(t);
  const statement = statementAbout(world.image, { predicateType: types.signature, predicate: {} });
  for (const signer of [builder, builder, tester]) await attachRaw(world, await signRaw(signer, statement));
  const items = readEvidence(world.layout, world.image.digest, trusted);
  assert.deepEqual(items.map(({ status }) => status).toSorted(), ["checked", "checked", "untrusted"]);
  const decision = decide(items, [requirementFor("signature")]);
  assert.equal(decision.proven.length, 1);
  assert.equal(decision.untrusted.length, 1);
});

test("artifacts of other tools are listed, and are no errors", async (t) => {
  const world = await makeWorld(t);
  const layers = [{ mediaType: "application/vnd.cyclonedx+json", content: Buffer.from("{}") }];
  await attachRaw(world, Buffer.alloc(0), { artifactType: "application/vnd.cyclonedx+json", layers });
  await attachRaw(world, await signRaw(builder, statementAbout(world.image)));
  const { items, others } = readAttached(world.layout, world.image.digest, trusted);
  assert.deepEqual(
    items.map(({ status }) => status),
    ["checked"],
  );
  assert.deepEqual(
    others.map(({ artifactType }) => artifactType),
    ["application/vnd.cyclonedx+json"],
  );
});

test("a statement that is attached to another image is not among this one's", async (t) => {
  const world = await makeWorld(t);
  const second = { layout: world.layout, image: putTinyImage(world.layout, { text: "another" }) };
  await attachRaw(second, await signRaw(builder, statementAbout(world.image)));
  assert.deepEqual(readEvidence(world.layout, world.image.digest, trusted), []);
  assert.equal(readEvidence(second.layout, second.image.digest, trusted)[0]?.status, "refused");
});
