import type { Context } from "../ground/context.ts";
import type { Digest } from "../oci/digest.ts";
import type { Layout } from "../oci/layout.ts";
import { layoutSource } from "../oci/layout/layout-source.ts";
import { receiveImage, resolveImage } from "../oci/receive-image.ts";
import { formatReference, parseReference, type ImageReference } from "../oci/reference.ts";
import { openRepository } from "../oci/registry.ts";
import { pull } from "../oci/oci.ts";
import { tagOrDigest } from "../oci/places.ts";
import type { LockedBase } from "./lock.ts";

type RegistryBase = Extract<LockedBase, { kind: "oci" }>;

/** The digest that a base's reference means now, for linux/amd64; nothing is transferred but manifests. */
export async function findDigest(ctx: Context, reference: string): Promise<Digest> {
  const parsed = parseReference(reference);
  const { image } = await resolveImage(openRepository(ctx, parsed), tagOrDigest(parsed));
  return image.digest;
}

/**
 * Brings a locked base into the store by its digest, whatever its tag means today; asks no registry for what is there. It gets a name, so that
 * garbage collection keeps it and the lock still builds without the registry.
 */
export async function pullBase(ctx: Context, layout: Layout, base: RegistryBase): Promise<void> {
  const { pinned, name } = pinnedName(base);
  if (layout.listReferences().some((reference) => reference.name === name)) return;
  await layout.setReference(name, await pull(ctx, layout, pinned));
}

/** Brings a locked base from another layout, where that has it: a registry need not be asked for what is at hand. */
export async function copyBase(
  ctx: Context,
  { from, to }: { readonly from: Layout; readonly to: Layout },
  base: RegistryBase,
): Promise<void> {
  if (!from.hasBlob(base.digest)) return;
  const places = { source: layoutSource(from), reference: base.digest };
  await to.setReference(pinnedName(base).name, (await receiveImage(ctx, to, places)).image);
}

function pinnedName(base: RegistryBase): { readonly pinned: ImageReference; readonly name: string } {
  const { registry, repository } = parseReference(base.reference);
  const pinned = { registry, repository, digest: base.digest };
  return { pinned, name: formatReference(pinned) };
}
