import { IngotError } from "../../ground/error.ts";
import type { Database } from "../../ledger/projection/database.ts";
import type { Digest } from "../../oci/digest.ts";
import type { EventData } from "../events/events.ts";
import { manifestsWithBlob } from "../state/registry-lists.ts";
import { findManifest } from "../state/registry.ts";
import type { Registry } from "./registry.ts";

/**
 * Everything that a manifest lists must be in its repository, also when the store has it for another one: to know a digest is no right to the content. What it lists counts as young from
 * now on, so that garbage collection leaves it until its event is there. Throws `manifest-parts-unknown`.
 */
export function assertPartsThere(
  registry: Registry,
  state: Database,
  { repository, blobs, manifests }: EventData["manifest.pushed"],
): void {
  const { store } = registry.controller;
  const isStored = (digest: string): boolean => {
    const size = store.blobSize(digest as Digest);
    return size !== undefined && store.renewBlob(digest as Digest, size);
  };
  const missing = [
    ...blobs.filter((digest) => !(isBlobThere(registry, state, { repository, digest }) && isStored(digest))),
    ...manifests.filter((digest) => findManifest(state, repository, digest) === undefined),
  ];
  if (missing.length === 0) return;
  throw new IngotError("manifest-parts-unknown", `the repository ${repository} lacks ${missing.join(", ")}`, {
    details: missing,
    hint: "push the blobs and manifests that a manifest lists before it",
  });
}

function isBlobThere(
  { links }: Registry,
  state: Database,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): boolean {
  return (
    manifestsWithBlob(state, { repository, blob: digest }, 1).length > 0 || links.has(repository, digest as Digest)
  );
}
