import { createHash, type KeyObject } from "node:crypto";
import type { Statement } from "../../evidence/evidence.ts";
import { bundleType } from "../../evidence/statement/bundle.ts";
import { preAuthEncoding } from "../../evidence/statement/envelope.ts";
import { hashedRekordEntry } from "../../ledger/signatures/hashed-rekord.ts";
import { transparencyLogEntry } from "../../ledger/signatures/transparency-log-entry.ts";
import { withLogEntry } from "../../ledger/signatures/with-log-entry.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { copyAnnotation } from "../../oci/referrers/count-once.ts";
import type { Controller } from "../controller.ts";
import type { EventData } from "../events/events.ts";
import { attachBundle } from "./attach-bundle.ts";

/** A statement whose signature is right. `signature`: base64 of the DER. */
export type SignedStatement = {
  readonly content: Buffer;
  readonly payload: Buffer;
  readonly signature: string;
  readonly key: { readonly key: KeyObject };
  readonly statement: Pick<Statement, "predicateType">;
  readonly subject: Descriptor;
};

/** The copy of a statement that carries its place in the signature log; its parts are in the store, and no event names it yet. */
export type LoggedCopy = {
  readonly index: number;
  readonly manifest: Digest;
  readonly pushed: Omit<EventData["manifest.pushed"], "repository">;
};

/**
 * Logs a signature, and stores a second manifest for the image whose bundle carries the entry with its proof: what `cosign verify --trusted-root` asks for, of whatever any client
 * pushed. `original`: the first manifest. Statements at the same time share a checkpoint. A crash after it leaves an entry that nothing names: it says that the signature was made, which is true.
 */
export async function logSignature(
  { signatures, store }: Controller,
  signed: SignedStatement,
  original: Digest,
): Promise<LoggedCopy> {
  const { first } = await signatures.append([entryOf(signed)]);
  const bundle = withLogEntry(signed.content, transparencyLogEntry(signatures, first));
  const { manifest } = attachBundle(store, {
    subject: signed.subject,
    bundle,
    predicateType: signed.statement.predicateType,
    // So that nobody counts it for a second statement.
    annotations: { [copyAnnotation]: original },
  });
  return { index: first, ...describeManifest(manifest.digest, store.readBlob(manifest.digest)) };
}

/** The copy that was made before, for another repository; undefined where it is not whole in the store any more. */
export function findCopy(
  store: Layout,
  { index, manifest }: { readonly index: number; readonly manifest: string },
): LoggedCopy | undefined {
  if (!isDigest(manifest) || !store.hasBlob(manifest)) return undefined;
  const copy = { index, ...describeManifest(manifest, store.readBlob(manifest)) };
  return copy.pushed.blobs.every((blob) => isDigest(blob) && store.hasBlob(blob)) ? copy : undefined;
}

/** What the event says of the manifest that attaches a bundle. */
export function describeManifest(digest: Digest, content: Buffer): Omit<LoggedCopy, "index"> {
  const { config, layers, subject } = parseImageManifest(content);
  return {
    manifest: digest,
    pushed: {
      digest,
      mediaType: mediaTypes.imageManifest,
      kind: "artifact",
      size: content.length,
      blobs: [config.digest, ...layers.map((layer) => layer.digest)],
      manifests: [],
      artifactType: bundleType,
      ...(subject === undefined ? {} : { subject: subject.digest }),
    },
  };
}

/** What is logged is the hash of the pre-authentication encoding: it is that which was signed. */
function entryOf({ payload, signature, key }: SignedStatement): Buffer {
  return hashedRekordEntry({
    digest: createHash("sha256").update(preAuthEncoding(payload)).digest(),
    signature: Buffer.from(signature, "base64"),
    publicKey: key.key.export({ type: "spki", format: "der" }),
  });
}
