import { IngotError } from "../../ground/error.ts";
import { isDigest, type Digest } from "../../oci/digest.ts";
import type { Principal } from "../../policy/policy.ts";
import type { Database } from "../../ledger/projection/database.ts";
import { hasRepository } from "../state/registry-lists.ts";
import { findManifest, findTag, type StoredManifest } from "../state/registry.ts";
import { denied } from "../decisions/authorize.ts";
import type { Reference } from "./names.ts";
import { decidePull } from "./pull-decision.ts";
import type { Registry } from "./registry.ts";

export type PulledManifest = { readonly digest: Digest; readonly mediaType: string; readonly content: Buffer };

/** A manifest for somebody who may have it. Throws `manifest-unknown`, `repository-unknown`, `policy-denied`, and `blob-missing` or `store-damaged` where the store lost it. */
export async function pullManifest(
  registry: Registry,
  principal: Principal,
  asked: { readonly repository: string; readonly reference: Reference },
): Promise<PulledManifest> {
  const { ledger } = registry.controller;
  const manifest = requireManifest(ledger.state, asked.repository, asked.reference);
  const pull = await decidePull(registry, principal, manifest);
  if (!pull.decision.permit) throw denied(pull.asked, pull.decision);
  const { digest, mediaType } = manifest;
  const content = registry.manifests.read(digest as Digest);
  registry.recent.note(principal, manifest.repository, digest);
  // Not told before it is durable.
  await ledger.settled();
  return { digest: digest as Digest, mediaType, content };
}

/** Throws `manifest-unknown`, `repository-unknown`. */
export function requireManifest(state: Database, repository: string, reference: Reference): StoredManifest {
  const digest = reference.kind === "digest" ? reference.digest : findTag(state, repository, reference.tag);
  const manifest = digest === undefined ? undefined : findManifest(state, repository, digest);
  if (manifest !== undefined && isDigest(manifest.digest)) return manifest;
  requireRepository(state, repository);
  const name = reference.kind === "digest" ? `@${reference.digest}` : `:${reference.tag}`;
  throw new IngotError("manifest-unknown", `there is no ${repository}${name}`, {
    hint: `ingot push IMAGE CONTROLLER/${repository}:TAG`,
  });
}

/** Throws `repository-unknown`. */
export function requireRepository(state: Database, repository: string): void {
  if (hasRepository(state, repository)) return;
  throw new IngotError("repository-unknown", `there is no repository ${repository}`, {
    hint: `the first push makes it: ingot push IMAGE CONTROLLER/${repository}:TAG`,
  });
}
