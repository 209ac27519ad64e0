import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseManifest } from "../../oci/manifest.ts";
import type { Principal } from "../../policy/policy.ts";
import { listReferrerDigests, type PageAsked } from "../state/registry-lists.ts";
import { findManifest } from "../state/registry.ts";
import { denied } from "../decisions/authorize.ts";
import { decidePullOf } from "./pull-decision.ts";
import type { Registry } from "./registry.ts";

export type ReferrersAsked = {
  readonly repository: string;
  readonly subject: Digest;
  readonly artifactType?: string;
  /** Digest of the last one that was listed. */
  readonly after?: string;
};

export type ReferrersPage = { readonly manifests: readonly Descriptor[]; readonly hasMore: boolean };

/** So many, and so many bytes, in one answer: it must not be larger than a manifest may be. */
const page: PageAsked = { most: 1000 };
const mostBytes = 3 << 20;
/** Bytes of manifests that are read for one answer. Attack: a thousand of four megabytes, whose descriptors are small. */
const mostRead = 32 << 20;

/** What is attached to a manifest, for whoever may pull that. Throws `policy-denied`. */
export async function listReferrers(
  registry: Registry,
  principal: Principal,
  asked: ReferrersAsked,
): Promise<ReferrersPage> {
  const { ledger } = registry.controller;
  const { repository, subject, after } = asked;
  const digests = listReferrerDigests(ledger.state, asked, { ...page, ...(after === undefined ? {} : { after }) });
  if (digests.length > 0) {
    const pull = await decidePullOf(registry, principal, { repository, digest: subject });
    if (!pull.decision.permit) throw denied(pull.asked, pull.decision);
  }
  const manifests: Descriptor[] = [];
  let hasMore = digests.length === page.most;
  let size = 0;
  let read = 0;
  for (const digest of digests) {
    const descriptor = describe(registry, repository, digest);
    if (descriptor === undefined) continue;
    size += JSON.stringify(descriptor).length;
    read += descriptor.size;
    if ((size > mostBytes || read > mostRead) && manifests.length > 0) {
      hasMore = true;
      break;
    }
    manifests.push(descriptor);
  }
  await ledger.settled();
  return { manifests, hasMore };
}

function describe(registry: Registry, repository: string, digest: string): Descriptor | undefined {
  const stored = findManifest(registry.controller.ledger.state, repository, digest);
  if (stored === undefined) return undefined;
  const { mediaType, size, artifactType } = stored;
  const parsed = parseManifest(registry.manifests.read(digest as Digest), mediaType);
  const { annotations } = parsed.kind === "index" ? parsed.index : parsed.manifest;
  return {
    mediaType,
    digest: digest as Digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
