/** What is read of all that is attached to an image. */
import assert from "node:assert/strict";
import test from "node:test";
import { compare } from "../../ground/compare.ts";
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

test("a bundle and the same one with its place in a log are one statement, and the one with the place is shown", async (t) => {
  const untrusted = makeSigner("builder");
  // They are listed by digest, and signatures differ each time: the two orders both come up.
  for (let round = 0; round < 4; round += 1) {
    const world = await makeWorld(t);
    const places: string[] = [];
    for (const signer of [builder, untrusted]) {
      const plain = await signRaw(signer, statementAbout(world.image));
      const verificationMaterial = { ...plain.verificationMaterial, tlogEntries: [{ logIndex: "7" }] };
      const logged = { ...plain, verificationMaterial };
      await attachRaw(world, plain);
      places.push((await attachRaw(world, logged)).digest);
    }
    const items = readEvidence(world.layout, world.image.digest, trusted);
    assert.deepEqual(
      items
        .map(({ status, manifest, hasLogEntry }) => ({ status, manifest, hasLogEntry }))
        .toSorted((a, b) => compare(a.status, b.status)),
      [
        { status: "checked", manifest: places[0], hasLogEntry: true },
        { status: "untrusted", manifest: places[1], hasLogEntry: true },
      ],
    );
    const [proven] = decide(items, [requirementFor("provenance")]).proven;
    assert.equal(proven?.manifest, places[0]);
  }
});

test("what is altered, or shown as another kind, is told beside the true statement whose signature it carries", async (t) => {
  const world = await makeWorld(t);
  const plain = await signRaw(builder, statementAbout(world.image));
  await attachRaw(world, plain);
  const altered = Buffer.from(JSON.stringify(statementAbout(world.image, { predicate: { made: "later" } })));
  const verificationMaterial = { ...plain.verificationMaterial, tlogEntries: [{}] };
  const dsseEnvelope = { ...plain.dsseEnvelope, payload: altered.toString("base64") };
  await attachRaw(world, { ...plain, verificationMaterial, dsseEnvelope });
  await attachRaw(world, plain, { annotations: { "dev.sigstore.bundle.predicateType": types.tests } });
  const items = readEvidence(world.layout, world.image.digest, trusted);
  assert.deepEqual(items.map(({ status }) => status).toSorted(), ["checked", "refused", "refused"]);
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
