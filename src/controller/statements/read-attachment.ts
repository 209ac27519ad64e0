import type { KeyObject } from "node:crypto";
import type { Statement, StatementKind } from "../../evidence/evidence.ts";
import { bundleAnnotations, bundleType } from "../../evidence/statement/bundle.ts";
import { checkBundle, type VerifyingKey } from "../../evidence/statement/check-bundle.ts";
import { kindOf, quote, readStatement } from "../../evidence/statement/statement.ts";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { maximumManifestSize } from "../../oci/layout/describe-manifest.ts";
import { parseImageManifest, type ImageManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";

/** A bundle that somebody attaches to an image, as it lies in the store. */
export type Attachment = {
  readonly subject: Digest;
  /** The manifest that attaches it. */
  readonly manifest: Descriptor;
  readonly bundle: Digest;
};

/** One that somebody pushes. Its bytes and those of the bundle are in the store. `principal`: who pushes, as `user:alice`. */
export type PushedStatement = Attachment & { readonly repository: string; readonly principal: string };

/** What came of reading it. `subject` is the image's descriptor, as the manifest has it. */
export type ReadAttachment =
  | {
      readonly status: "signed";
      readonly content: Buffer;
      readonly payload: Buffer;
      /** Base64 of the DER. */
      readonly signature: string;
      readonly key: { readonly id: string; readonly key: KeyObject };
      readonly statement: Statement;
      readonly subject: Descriptor;
    }
  | { readonly status: "uncounted"; readonly kind: StatementKind | "other"; readonly reason: string }
  | { readonly status: "refused"; readonly reason: string };

/** As large as a bundle may be: the bill of materials of a large image has some tens of megabytes in base64. */
const mostBytes = 64 << 20;

/** Reads what is attached, from the manifest to the statement, and checks the signature. It is no statement of ours before its last line. */
export function readAttachment(store: Layout, attachment: Attachment, keys: readonly VerifyingKey[]): ReadAttachment {
  const manifest = readManifest(store, attachment.manifest);
  if ("reason" in manifest) return refused(manifest.reason);
  const carried = findBundle(manifest.read, attachment);
  if ("reason" in carried) return refused(carried.reason);
  const { bundle } = attachment;
  // 3. Attack: a bundle as large as the memory.
  const size = store.blobSize(bundle) ?? 0;
  if (size > mostBytes) return refused(`its bundle has ${size} bytes, more than 64 MiB`);
  const content = store.readBlob(bundle);
  const claimed = manifest.read.annotations?.[bundleAnnotations.predicateType];
  const found = checkBundle(content, keys);
  if (found.status === "refused") return found;
  if (found.status === "untrusted") return { status: "uncounted", kind: kindOf(claimed ?? ""), reason: found.reason };
  // 4. in-toto. Attack: a true statement about another image.
  const read = readStatement(found.payload, attachment.subject);
  if ("reason" in read) return refused(read.reason);
  // 5. Attack: an annotation that makes tools, which list by it, show one kind for another.
  const { predicateType } = read.statement;
  if (claimed !== undefined && claimed !== predicateType)
    return refused(`its annotation says ${quote(claimed)}, its statement ${quote(predicateType)}`);
  const { payload, signature, key } = found;
  return { status: "signed", content, payload, signature, key, statement: read.statement, subject: carried.subject };
}

/** The image that a manifest is attached to, where it is one that attaches exactly this bundle. */
function findBundle(
  { subject, layers, artifactType, config }: ImageManifest,
  { subject: image, bundle }: Attachment,
): { readonly subject: Descriptor } | { readonly reason: string } {
  // 1. image-spec manifest.md, `subject`. Attack: a statement that is listed under one image and is about another.
  if (subject?.digest !== image) return { reason: `its manifest is attached to ${subject?.digest ?? "nothing"}` };
  // 2. cosign, BUNDLE_SPEC.md. Attack: two bundles in one artifact, of which one reader checks the first and another shows the second.
  const [layer, second] = layers;
  if (second !== undefined || layer?.digest !== bundle) return { reason: `it has ${layers.length} layers, not one` };
  const strange = [artifactType ?? config.mediaType, layer.mediaType].find((type) => type !== bundleType);
  if (strange === undefined) return { subject };
  return { reason: `it is of the type ${quote(strange)}; only ${bundleType} is read` };
}

/** The digest by which the same statement is known again, whatever envelope it is in: a second signature can be made from the first by anybody (of (r, s), also (r, n − s) is one). */
export function payloadDigest(payload: Buffer): Digest {
  return digestOf(payload);
}

function readManifest(
  store: Layout,
  { digest, size, mediaType }: Descriptor,
): { read: ImageManifest } | { reason: string } {
  if (size > maximumManifestSize) return { reason: `its manifest has ${size} bytes, more than 4 MiB` };
  if (mediaType !== mediaTypes.imageManifest) return { reason: `its manifest is of the type ${quote(mediaType)}` };
  try {
    return { read: parseImageManifest(store.readBlob(digest)) };
  } catch (error) {
    if (error instanceof IngotError && error.code === "manifest-malformed") return { reason: error.message };
    throw error;
  }
}

function refused(reason: string): ReadAttachment {
  return { status: "refused", reason };
}
