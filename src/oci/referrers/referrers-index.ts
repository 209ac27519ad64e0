import { z } from "zod";
import { IngotError } from "../../ground/error.ts";
import { canonicalJson } from "../canonical-json.ts";
import { descriptorSchema, type Descriptor } from "../descriptor.ts";
import { hexOf, isDigest, type Digest } from "../digest.ts";
import { mediaTypes } from "../media-types.ts";

/**
 * The list of what is attached to one image, as layouts and registries without a referrers endpoint keep it (distribution-spec, "Referrers Tag Schema"). Its
 * entries are as other tools wrote them: what Ingot cannot read is carried along when the list is written again.
 */
export type ReferrersIndex = { readonly manifests: readonly unknown[]; readonly [member: string]: unknown };

export const emptyReferrersIndex: ReferrersIndex = {
  schemaVersion: 2,
  mediaType: mediaTypes.imageIndex,
  manifests: [],
};

/** As large as a registry takes a manifest: some ten thousand entries. */
export const maximumReferrersSize: number = 4 << 20;

/** The name of the list in `index.json`, and its tag in a registry. */
export function referrersName(subject: Digest): string {
  return `sha256-${hexOf(subject)}`;
}

/** The image whose list has this name; undefined for the name of anything else. */
export function subjectOfName(name: string): Digest | undefined {
  const digest = name.replace(/^sha256-/, "sha256:");
  return digest !== name && isDigest(digest) ? digest : undefined;
}

/** Throws `referrers-unusable`; `where` names the list in the error. A wrong entry is no error here: see `readEntry`. */
export function parseReferrersIndex(content: Uint8Array, where: string): ReferrersIndex {
  if (content.length > maximumReferrersSize) throw unusable(where, `it has ${content.length} bytes, more than 4 MiB`);
  const parsed = indexSchema.safeParse(parseText(content));
  if (parsed.success) return parsed.data;
  throw unusable(where, "it is not an OCI image index", parsed.error);
}

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(mediaTypes.imageIndex).exactOptional(),
  manifests: z.array(z.unknown()),
  // What is an index to one reader and a manifest to another is neither (CVE-2021-41190).
  config: z.never().exactOptional(),
  layers: z.never().exactOptional(),
});

/** One entry as a descriptor; undefined when it is none that Ingot can read, such as one with a sha512 digest. */
export function readEntry(entry: unknown): Descriptor | undefined {
  return descriptorSchema.safeParse(entry).data;
}

/** The digest that an entry claims, for messages and to compare; never trusted. */
export function claimedDigest(entry: unknown): string {
  const digest: unknown = typeof entry === "object" && entry !== null && "digest" in entry ? entry.digest : undefined;
  return typeof digest === "string" ? digest.slice(0, 200) : "without a digest";
}

/** Each digest once, sorted, so that the same set is the same file. An entry that is added wins over one that is there. */
export function addReferrers(index: ReferrersIndex, added: readonly Descriptor[]): ReferrersIndex {
  const byDigest = new Map([...index.manifests, ...added].map((entry) => [claimedDigest(entry), entry]));
  const manifests = [...byDigest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  return { ...index, manifests };
}

/** Throws `referrers-unusable` when the list is larger than anybody would read again. */
export function referrersContent(index: ReferrersIndex, where: string): Buffer {
  const content = canonicalJson(index);
  if (content.length <= maximumReferrersSize) return content;
  throw new IngotError(
    "referrers-unusable",
    `${where} would have ${index.manifests.length} entries and ${content.length} bytes, more than the 4 MiB that a registry takes`,
    { hint: "build the image anew, and attach to it only what still counts" },
  );
}

/** How the list of a place is named in messages. */
export function listOf(subject: Digest, place: string): string {
  return `the list of what is attached to ${subject} in ${place}`;
}

function parseText(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch {
    // The schema then says what is wrong: not an index.
    return undefined;
  }
}

function unusable(where: string, why: string, cause?: unknown): IngotError {
  return new IngotError("referrers-unusable", `${where} cannot be used: ${why}`, {
    hint: "remove it with the tool that made it, or leave the statements out with --no-evidence",
    cause,
  });
}
