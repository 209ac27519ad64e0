import { isDeepStrictEqual } from "node:util";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { attachArtifact } from "../../oci/referrers.ts";
import { statementKinds } from "../evidence.ts";
import type { Signer } from "../keys/signer.ts";
import { bundleAnnotations, bundleType, signBundle } from "./bundle.ts";
import { readEvidence } from "./read-evidence.ts";
import { formatStatement, kindOf } from "./statement.ts";

/** What is signed, about which image. `name`: the image's name, for people; verifiers go by the digest. */
export type Attestation = { readonly predicateType: string; readonly predicate: unknown; readonly signer: Signer };

export type AttestedImage = { readonly layout: Layout; readonly image: Descriptor; readonly name?: string };

/**
 * Signs a statement about an image and attaches it. An equal statement by the same key is not attached twice: then `isNew` is false. Durable when it returns.
 * Throws `role-mismatch`, `predicate-malformed`, and what `attachArtifact` throws.
 */
export async function attest(
  _ctx: Context,
  { layout, image, name }: AttestedImage,
  { predicateType, predicate, signer }: Attestation,
): Promise<{ readonly manifest: Digest; readonly isNew: boolean }> {
  assertMaySay(signer, predicateType);
  const payload = formatStatement(
    { image: image.digest, ...(name === undefined ? {} : { name }) },
    { predicateType, predicate },
  );
  if (payload.length > mostBytes) throw tooLarge(payload.length);
  const same = findSame(layout, image.digest, { signer, payload });
  if (same !== undefined) return { manifest: same, isNew: false };
  const { digest } = await attachArtifact(layout, image, {
    artifactType: bundleType,
    layers: [{ mediaType: bundleType, content: await signBundle(payload, signer) }],
    annotations: { [bundleAnnotations.content]: "dsse-envelope", [bundleAnnotations.predicateType]: predicateType },
  });
  return { manifest: digest, isNew: true };
}

/** In base64 and with the envelope it must stay below what readers take. */
const mostBytes = 40 << 20;

/** A key never signs what counts from another role: `cosign verify` takes any statement that the release key signed for a signature of the image. */
function assertMaySay(signer: Signer, predicateType: string): void {
  const kind = kindOf(predicateType);
  if (kind === "other") return;
  const { role } = statementKinds[kind];
  if (role === signer.role) return;
  throw new IngotError(
    "role-mismatch",
    `a statement of the kind ${kind} counts from a ${role}, and the key is the ${signer.role}'s`,
    {
      hint: `ingot attest IMAGE --type ${kind} --role ${role}`,
    },
  );
}

/** Signatures differ each time, so it is the signed content that is compared. */
function findSame(
  layout: Layout,
  image: Digest,
  { signer, payload }: { signer: Signer; payload: Buffer },
): Digest | undefined {
  const wanted: unknown = JSON.parse(payload.toString("utf8"));
  const items = readEvidence(layout, image, [signer.key]);
  return items.find((item) => item.status === "checked" && isDeepStrictEqual(item.statement, wanted))?.manifest;
}

function tooLarge(size: number): IngotError {
  return new IngotError("predicate-malformed", `the statement has ${size} bytes, more than 40 MiB`, {
    hint: "attach large documents as they are, and attest their digest",
  });
}
