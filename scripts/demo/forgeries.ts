import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { isDigest, type Digest } from "../../src/oci/digest.ts";
import { openLayout } from "../../src/oci/layout.ts";
import { readImage } from "../../src/oci/read-image.ts";
import { attachArtifact, listReferrers } from "../../src/oci/referrers.ts";
import type { Program } from "./program.ts";
import type { Story } from "./story.ts";

type Verdict = {
  readonly isVerified: boolean;
  readonly content: { readonly damage: readonly string[] };
  readonly missing: readonly { readonly kind: string }[];
  readonly refused: readonly { readonly reason: string }[];
  readonly untrusted: readonly { readonly reason: string }[];
};

/** What an attacker would try who owns the registry, but no key. Each is done for real, and must not be believed. */
export class Forgeries {
  readonly #program: Program;
  readonly #story: Story;
  readonly #folder: string;

  constructor(program: Program, story: Story, folder: string) {
    this.#program = program;
    this.#story = story;
    this.#folder = folder;
  }

  /** One bit of a layer. */
  async alterLayer(image: string): Promise<void> {
    const { layout, digest } = await this.#copy(image, "altered-layer");
    const [layer] = readImage(layout, digest).manifest.layers;
    assert.ok(layer);
    const path = layout.blobPath(layer.digest);
    const content = readFileSync(path);
    const middle = Math.floor(content.length / 2);
    content.writeUInt8(content.readUInt8(middle) ^ 1, middle);
    chmodSync(path, 0o644);
    writeFileSync(path, content);
    const verdict = await this.#verify("altered-layer");
    assert.equal(verdict.content.damage.length, 1);
    this.#refused(`one bit of a layer: ${verdict.content.damage[0]}`);
  }

  /** A test result of another image, with the subject changed to this one, in a bundle of its own with right digests throughout. */
  async alterStatement(image: string, tested: Digest): Promise<void> {
    const { layout, digest } = await this.#copy(image, "altered-statement");
    const from = openLayout(join(this.#program.home, "store"), { create: false });
    const testType = "https://in-toto.io/attestation/test-result/v0.1";
    const referrer = listReferrers(from, tested).find(
      ({ annotations }) => annotations["dev.sigstore.bundle.predicateType"] === testType,
    );
    assert.ok(referrer, "the image has no test result to alter");
    const [layer] = (
      JSON.parse(from.readBlob(referrer.descriptor.digest).toString()) as {
        layers: { digest: Digest; mediaType: string }[];
      }
    ).layers;
    assert.ok(layer);
    const bundle = JSON.parse(from.readBlob(layer.digest).toString()) as { dsseEnvelope: { payload: string } };
    const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64")
      .toString()
      .replaceAll(tested.slice(7), digest.slice(7));
    bundle.dsseEnvelope.payload = Buffer.from(payload).toString("base64");
    const subject = layout.resolveReference(digest);
    const content = Buffer.from(JSON.stringify(bundle));
    await attachArtifact(layout, subject, { ...referrer, layers: [{ mediaType: layer.mediaType, content }] });
    const verdict = await this.#verify("altered-statement");
    const reason = verdict.refused.concat(verdict.untrusted)[0]?.reason;
    assert.ok(reason, "the altered statement was believed");
    this.#refused(`the tests of another image, altered to be about this one: ${reason}`);
  }

  /** A whole and rightly signed statement, by a key of the attacker's own. */
  async signWithForeignKey(image: string): Promise<void> {
    await this.#copy(image, "foreign-key");
    const home = join(this.#folder, "attacker");
    const predicate = join(this.#folder, "passed.json");
    writeFileSync(
      predicate,
      JSON.stringify({ result: "PASSED", configuration: [], passedTests: ["everything"], failedTests: [] }),
    );
    await this.#program.run(["key", "generate", "tester", "--quiet"], { home, isShown: false });
    const words = ["attest", "oci:foreign-key", "--type", "tests", "--predicate", predicate];
    await this.#program.run(words, { home, cwd: this.#folder });
    const verdict = await this.#verify("foreign-key");
    const reason = verdict.untrusted[0]?.reason;
    assert.ok(reason, "the attacker's key was believed");
    this.#refused(`a test result signed with a key of the attacker's own: ${reason}`);
  }

  /** The image with its statements, in a folder that the attacker may write. */
  async #copy(image: string, name: string) {
    await this.#program.run(["copy", image, `oci:${join(this.#folder, name)}`, "--quiet"], { isShown: false });
    const layout = openLayout(join(this.#folder, name), { create: false });
    const [digest] = layout
      .listManifests()
      .map((one) => one.digest)
      .filter((one) => one === image);
    assert.ok(digest !== undefined && isDigest(digest));
    return { layout, digest };
  }

  async #verify(name: string): Promise<Verdict> {
    const image = `oci:${join(this.#folder, name)}`;
    const verdict = await this.#program.runJson<Verdict>(["verify", image, "--require", "signature", "tests"], {
      exit: 4,
    });
    assert.equal(verdict.isVerified, false);
    return verdict;
  }

  #refused(what: string): void {
    this.#story.line(`${styleText("green", "refused")}  ${what}`);
  }
}
