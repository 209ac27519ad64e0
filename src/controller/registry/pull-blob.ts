import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Principal } from "../../policy/policy.ts";
import { hasBlob, manifestsWithBlob } from "../state/registry-lists.ts";
import { findManifest } from "../state/registry.ts";
import { denied } from "../decisions/authorize.ts";
import { decidePull, type PullDecision } from "./pull-decision.ts";
import { mayPush } from "./push-permit.ts";
import type { Registry } from "./registry.ts";

export type PulledBlob = { readonly path: string; readonly size: number };

export type BlobAsked = { readonly repository: string; readonly digest: Digest };

/** Manifests that are asked about, those that were pulled last first, then the newest: a layer may be in all images that a repository ever had. */
const mostAsked = 64;

/**
 * A blob for somebody who may pull a manifest of this repository that lists it; one that no manifest lists yet, for those who may push. Throws `blob-unknown`, also for a blob of
 * another repository, and `policy-denied`.
 */
export async function pullBlob(registry: Registry, principal: Principal, asked: BlobAsked): Promise<PulledBlob> {
  const { store, ledger } = registry.controller;
  const { repository, digest } = asked;
  const recent = registry.recent
    .of(principal, repository)
    .filter((manifest) => hasBlob(ledger.state, { repository, manifest, blob: digest }));
  const manifests = new Set([...recent, ...manifestsWithBlob(ledger.state, { repository, blob: digest }, mostAsked)]);
  if (manifests.size > 0) await requireOne(registry, { principal, repository, manifests });
  else if (!registry.links.has(repository, digest)) throw unknownBlob(asked);
  else if (!(await mayPush(registry, principal, repository))) throw unknownBlob(asked);
  const size = store.blobSize(digest);
  // What the store lost can be pushed again.
  if (size === undefined) throw unknownBlob(asked);
  await ledger.settled();
  return { path: store.blobPath(digest), size };
}

type Among = { readonly principal: Principal; readonly repository: string; readonly manifests: Iterable<string> };

/** Throws `policy-denied` when none of them may be pulled. */
async function requireOne(registry: Registry, { principal, repository, manifests }: Among): Promise<void> {
  let first: PullDecision | undefined;
  for (const digest of manifests) {
    const manifest = findManifest(registry.controller.ledger.state, repository, digest);
    if (manifest === undefined) continue;
    const pull = await decidePull(registry, principal, manifest);
    if (pull.decision.permit) return;
    first ??= pull;
  }
  if (first !== undefined) throw denied(first.asked, first.decision);
}

export function unknownBlob({ repository, digest }: BlobAsked): IngotError {
  return new IngotError("blob-unknown", `the repository ${repository} has no blob ${digest}`, {
    hint: "push it; a blob of another repository is there once it is mounted",
  });
}
