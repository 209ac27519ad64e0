/** Ingot and cosign 3 read each other's keys and statements, with a real registry between them. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { cosignSkip as skip, makeCosignWorld, type CosignAnswer } from "../../test/support/cosign-world.ts";
import { processContext, type Context } from "../ground/context.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { openStore, type Layout } from "../oci/layout.ts";
import { parseImageManifest } from "../oci/manifest.ts";
import { copyImage, parseTransport } from "../oci/oci.ts";
import { listReferrers } from "../oci/referrers.ts";
import { putTinyImage } from "../oci/tiny-image.fixture.ts";
import { statementKinds, type StatementKind } from "./evidence.ts";
import { generateKey, importKey } from "./keys/keys.ts";
import { openSigner } from "./keys/signer.ts";
import { readTrust } from "./keys/trust.ts";
import { attest } from "./statement/attest.ts";
import { readEvidence } from "./statement/read-evidence.ts";
import { attachRaw, type RawBundle } from "./statement/statement.fixture.ts";

const passphrase = "four random words here";

type Place = {
  readonly ctx: Context;
  readonly folder: string;
  readonly layout: Layout;
  readonly image: Descriptor;
  /** `HOST/shop/web` */
  readonly repository: string;
  /** Runs cosign to its end, whatever that is. */
  readonly run: (...args: string[]) => Promise<CosignAnswer>;
};

async function makePlace(t: TestContext): Promise<Place> {
  const { folder, host, run } = await makeCosignWorld(t);
  const env = { ...process.env, HOME: folder, DOCKER_CONFIG: join(folder, "docker"), COSIGN_PASSWORD: passphrase };
  const home = join(folder, "home");
  const ctx = processContext({ home, cwd: folder, env: { ...env, INGOT_KEY_PASSPHRASE: passphrase } });
  const layout = openStore(ctx);
  const image = putTinyImage(layout, { text: "hello" });
  await layout.setReference("shop/web", image);
  return { ctx, folder, layout, image, repository: `${host}/shop/web`, run: (...args) => run(args, env) };
}

const signOptions = ["--use-signing-config=false", "--tlog-upload=false"];
const verifyOptions = ["--insecure-ignore-tlog=true"];

test("cosign verifies what Ingot signed, of each kind by its own key and by no other", { skip }, async (t) => {
  const { ctx, layout, image, repository, run } = await makePlace(t);
  // Each with the word that cosign has for it.
  const kinds: readonly (readonly [StatementKind, string])[] = [
    ["provenance", "slsaprovenance1"],
    ["cyclonedx", "cyclonedx"],
    ["spdx", "spdxjson"],
    ["scan", "vuln"],
    ["vex", "openvex"],
    ["tests", statementKinds.tests.predicateType],
  ];
  const files: Record<string, string> = {};
  for (const role of ["builder", "scanner", "tester"] as const) {
    files[role] = (await generateKey(ctx, role, { passphrase })).publicFile;
    const signer = await openSigner(ctx, role);
    assert.ok(signer);
    for (const kind of ["signature", ...kinds.map(([word]) => word)] as const) {
      const { predicateType, role: own } = statementKinds[kind];
      if (own === role) await attest(ctx, { layout, image }, { predicateType, predicate: { kind }, signer });
    }
  }
  await copyImage(ctx, { from: parseTransport("shop/web"), to: parseTransport(`${repository}:1`) });
  const reference = `${repository}@${image.digest}`;
  const verified = await run("verify", "--key", files["builder"] ?? "", ...verifyOptions, reference);
  assert.equal(verified.code, 0, verified.stderr);
  for (const [kind, word] of kinds) {
    const own = files[statementKinds[kind].role] ?? "";
    const result = await run("verify-attestation", "--key", own, "--type", word, ...verifyOptions, reference);
    assert.equal(result.code, 0, `${kind}: ${result.stderr}`);
    const { payload } = JSON.parse(result.stdout) as { payload: string };
    assert.deepEqual((JSON.parse(Buffer.from(payload, "base64").toString()) as { predicate: unknown }).predicate, {
      kind,
    });
  }
  // Its own check: with the tester's key nothing of the builder's is found.
  const wrong = await run(
    "verify-attestation",
    "--key",
    files["tester"] ?? "",
    "--type",
    "cyclonedx",
    ...verifyOptions,
    reference,
  );
  assert.notEqual(wrong.code, 0);
});

test("Ingot verifies what cosign signed, and refuses it altered or by another key", { skip }, async (t) => {
  const { ctx, folder, layout, image, repository, run } = await makePlace(t);
  await copyImage(ctx, { from: parseTransport("shop/web"), to: parseTransport(`${repository}:1`) });
  assert.equal((await run("generate-key-pair")).code, 0);
  writeFileSync(join(folder, "predicate.json"), '{"some":"claim"}');
  const reference = `${repository}@${image.digest}`;
  const signed = await run("sign", "--key", "cosign.key", ...signOptions, reference);
  assert.equal(signed.code, 0, signed.stderr);
  for (const type of ["openvex", "https://example.test/claim/v1"]) {
    const what = ["--type", type, "--predicate", "predicate.json"];
    const attested = await run("attest", "--key", "cosign.key", ...what, ...signOptions, reference);
    assert.equal(attested.code, 0, attested.stderr);
  }
  await copyImage(ctx, { from: parseTransport(`${repository}:1`), to: parseTransport("store:pulled") });
  const trusted = readTrust(ctx, {}, ["cosign.pub"]);
  const kindsOf = (status: string, keys = trusted): readonly string[] =>
    readEvidence(layout, image.digest, keys)
      .filter((item) => item.status === status)
      .map(({ kind }) => kind)
      .toSorted();
  assert.deepEqual(kindsOf("checked"), ["other", "signature", "vex"]);
  // A key that is trusted as a tester's alone may not say that this is a release, nor what of it is harmless.
  assert.deepEqual(kindsOf("checked", readTrust(ctx, {}, ["cosign.pub=tester"])), ["other"]);
  assert.deepEqual(kindsOf("untrusted", []), ["other", "signature", "vex"]);
  const [first] = listReferrers(layout, image.digest);
  assert.ok(first);
  const [layer] = parseImageManifest(layout.readBlob(first.descriptor.digest)).layers;
  const bundle = JSON.parse(layout.readBlob(layer?.digest ?? image.digest).toString()) as RawBundle;
  bundle.dsseEnvelope.payload = Buffer.from(
    Buffer.from(bundle.dsseEnvelope.payload, "base64").toString().replace("Statement", "Stqtement"),
  ).toString("base64");
  await attachRaw({ layout, image }, bundle);
  assert.deepEqual(kindsOf("checked"), ["other", "signature", "vex"]);
  assert.equal(kindsOf("refused").length, 1);
});

test("cosign signs with a key of Ingot, and Ingot with one of cosign", { skip }, async (t) => {
  const { ctx, folder, layout, image, repository, run } = await makePlace(t);
  await copyImage(ctx, { from: parseTransport("shop/web"), to: parseTransport(`${repository}:1`) });
  const ours = await generateKey(ctx, "builder", { passphrase });
  const signed = await run("sign", "--key", ours.file, ...signOptions, `${repository}@${image.digest}`);
  assert.equal(signed.code, 0, signed.stderr);
  await copyImage(ctx, { from: parseTransport(`${repository}:1`), to: parseTransport("store:pulled") });
  const items = readEvidence(layout, image.digest, readTrust(ctx, { builder: [ours.publicFile] }));
  assert.deepEqual(
    items.map(({ kind, status }) => ({ kind, status })),
    [{ kind: "signature", status: "checked" }],
  );
  assert.equal((await run("generate-key-pair")).code, 0);
  const imported = await importKey(ctx, "scanner", { file: "cosign.key", passphrase });
  assert.equal(imported.publicPem, readFileSync(join(folder, "cosign.pub"), "utf8"));
  assert.equal((await openSigner(ctx, "scanner"))?.key.id, imported.id);
  const wrong = { ...ctx, env: { INGOT_KEY_PASSPHRASE: "another" } };
  await assert.rejects(openSigner(wrong, "scanner"), { code: "passphrase-wrong" });
});
