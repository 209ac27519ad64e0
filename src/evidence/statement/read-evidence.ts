import { isDigest, type Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { readReferrers, type Referrer } from "../../oci/referrers.ts";
import { statementKinds, type EvidenceItem, type TrustedKey } from "../evidence.ts";
import { shortId } from "../keys/key-folder.ts";
import { bundleAnnotations, bundleType } from "./bundle.ts";
import { verifyingKeys } from "./check-bundle.ts";
import { openProofReader, type Proof, type ReadProof } from "./read-proof.ts";
import { kindOf, quote } from "./statement.ts";

/** Something else that is attached to an image: a signature of another tool, a bare SBOM. Ingot reads none of it. */
export type OtherArtifact = { readonly manifest: Digest; readonly artifactType: string };

export type AttachedEvidence = { readonly items: readonly EvidenceItem[]; readonly others: readonly OtherArtifact[] };

/** The statements about an image that are attached to it in this layout, each checked as far as the trusted keys go. */
export function readEvidence(layout: Layout, image: Digest, trusted: readonly TrustedKey[]): readonly EvidenceItem[] {
  return readAttached(layout, image, trusted).items;
}

/** Everything that is attached to an image. Reads the layout and nothing else, whatever a stranger attached; one bundle at a time. */
export function readAttached(layout: Layout, image: Digest, trusted: readonly TrustedKey[]): AttachedEvidence {
  const { referrers, skipped } = readReferrers(layout, image);
  const readProof = openProofReader({ layout, image, keys: verifyingKeys(trusted) });
  const [bundles, others] = [referrers.filter(isBundle), referrers.filter((referrer) => !isBundle(referrer))];
  return {
    items: [
      ...onceASignature(bundles.map((referrer) => readItem(layout, referrer, readProof))),
      // What the list names and the layout has not, or not unaltered.
      ...skipped.map(({ digest, reason }) => refuse({ manifest: unverified(digest), predicateType: "" }, reason)),
    ],
    others: others.map(({ descriptor, artifactType }) => ({ manifest: descriptor.digest, artifactType })),
  };
}

/** Of every version: an older one is refused by name, not passed over. */
function isBundle({ artifactType }: Referrer): boolean {
  return artifactType.startsWith("application/vnd.dev.sigstore.bundle");
}

type Claim = Pick<EvidenceItem, "manifest" | "predicateType">;

/** `signature`: of what is signed at all, in base64. */
type ReadItem = { readonly item: EvidenceItem; readonly signature?: string };

/**
 * A registry that logs what it takes keeps two bundles of each statement: the one that was pushed, and the same with its place in the log. They are one statement, and it is the
 * one with the log entry that other verifiers want.
 */
function onceASignature(read: readonly ReadItem[]): readonly EvidenceItem[] {
  const kept = new Map<string, EvidenceItem>();
  read.forEach(({ item, signature }, place) => {
    // What is refused, or claims to be of another kind, is told each time: whoever attached it may not hide behind a true one.
    const same = signature === undefined ? `${place}` : `${item.status} ${item.predicateType} ${signature}`;
    const before = kept.get(same);
    if (before === undefined || (item.hasLogEntry === true && before.hasLogEntry !== true)) kept.set(same, item);
  });
  return [...kept.values()];
}

function readItem(layout: Layout, referrer: Referrer, readProof: ReadProof): ReadItem {
  const annotated = referrer.annotations[bundleAnnotations.predicateType];
  const claim = { manifest: referrer.descriptor.digest, predicateType: annotated ?? "" };
  const found = findBundle(layout, referrer);
  if ("reason" in found) return { item: refuse(claim, found.reason) };
  const proof = readProof(found.bundle);
  if (proof.status === "refused") return { item: refuse(claim, proof.reason) };
  const item: EvidenceItem =
    proof.status === "signed"
      ? judge(claim, proof, annotated)
      : { ...claim, kind: kindOf(claim.predicateType), status: "untrusted", reason: proof.reason };
  return { item: proof.hasLogEntry ? { ...item, hasLogEntry: true } : item, signature: proof.signature };
}

/** The one layer of a manifest that attaches a bundle (cosign, specs/BUNDLE_SPEC.md). */
function findBundle(layout: Layout, { descriptor, artifactType }: Referrer): { bundle: Digest } | { reason: string } {
  const { layers } = parseImageManifest(layout.readBlob(descriptor.digest));
  const [layer, second] = layers;
  // Attack: two bundles in one artifact, of which one reader checks the first and another shows the second.
  if (layer === undefined || second !== undefined) return { reason: `it has ${layers.length} layers, not exactly one` };
  if (layer.mediaType === mediaTypes.empty) return { reason: "it is empty" };
  const strange = [artifactType, layer.mediaType].find((type) => type !== bundleType);
  if (strange === undefined) return { bundle: layer.digest };
  return { reason: `it is of the type ${quote(strange)}; only ${bundleType} is read` };
}

/** A signature that is right: does it say what the manifest claims, and is the key one that may say it? */
function judge(claim: Claim, proof: Extract<Proof, { status: "signed" }>, annotated: string | undefined): EvidenceItem {
  const { statement, key } = proof;
  const { predicateType } = statement;
  // Attack: an annotation that makes tools, which list by it, show one kind for another.
  if (annotated !== undefined && annotated !== predicateType) {
    return refuse(claim, `its annotation says ${quote(annotated)}, its statement ${quote(predicateType)}`);
  }
  const kind = kindOf(predicateType);
  const needed = kind === "other" ? undefined : statementKinds[kind].role;
  const trusted = key.trusted.find(({ role }) => needed === undefined || role === needed);
  if (trusted !== undefined) {
    return { manifest: claim.manifest, predicateType, kind, status: "checked", statement, key: trusted };
  }
  const roles = key.trusted.map(({ role }) => role).join(", ");
  // Attack: whoever has the key that signs failed tests cannot say that the builder built something.
  const reason = `it is signed by the key ${shortId(key.id)}, trusted as ${roles}; this kind counts from a ${needed} only`;
  return { manifest: claim.manifest, predicateType, kind, status: "untrusted", reason };
}

function refuse(claim: Claim, reason: string): EvidenceItem {
  return { ...claim, kind: kindOf(claim.predicateType), status: "refused", reason };
}

/** For people: nothing is looked up by it. */
function unverified(claimed: string): Digest {
  return (isDigest(claimed) ? claimed : quote(claimed)) as Digest;
}
