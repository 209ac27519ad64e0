import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { isManifestType } from "../media-types.ts";
import { describeAttached } from "./describe-attached.ts";

/** An artifact that is attached to an image. Type and annotations are those of its own manifest, not what a list claims. */
export type Referrer = {
  readonly descriptor: Descriptor;
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
};

/** An entry of a list that is not used, and why. `digest` is as the list claims. */
export type SkippedReferrer = { readonly digest: string; readonly reason: string };

/** Why an entry is not even fetched; undefined when it may be. */
export function reasonAgainst(entry: Descriptor): string | undefined {
  if (isManifestType(entry.mediaType)) return undefined;
  return `it is ${JSON.stringify(entry.mediaType.slice(0, 100))}, not an image manifest`;
}

/** Whether a manifest, whose content has the entry's digest, is what the list says: attached to this very image. */
export function checkReferrer(entry: Descriptor, content: Buffer, subject: Digest): Referrer | SkippedReferrer {
  const { digest } = entry;
  const reason = reasonAgainst(entry);
  if (reason !== undefined) return { digest, reason };
  if (content.length !== entry.size) {
    return { digest, reason: `it has ${content.length} bytes, the list says ${entry.size}` };
  }
  const attached = describeAttached(content, entry);
  if (attached === undefined) return { digest, reason: "it is no manifest with a subject" };
  // Attack: a statement about another image, listed here to be counted for this one.
  if (attached.subject !== subject) return { digest, reason: `it is attached to ${attached.subject}` };
  const { descriptor } = attached;
  return { descriptor, artifactType: descriptor.artifactType ?? "", annotations: descriptor.annotations ?? {} };
}
