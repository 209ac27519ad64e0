import { resolve } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "./descriptor.ts";
import { openLayout, openStore, type Layout } from "./layout.ts";
import { layoutSource } from "./layout/layout-source.ts";
import { pushImage } from "./push-image.ts";
import { receiveImage, type ReceiveOptions } from "./receive-image.ts";
import { formatReference, namesRegistry, parseReference, type ImageReference } from "./reference.ts";
import { openRepository, type RegistryOptions } from "./registry.ts";

/** A place that an image is copied from or to. */
export type Transport =
  /** `store:NAME`, or a bare name. */
  | { readonly kind: "store"; readonly name: string }
  /** `oci:FOLDER` or `oci:FOLDER:NAME`, as in other tools. */
  | { readonly kind: "layout"; readonly folder: string; readonly name?: string }
  /** `docker://REFERENCE`, or a bare reference that begins with a registry's host. */
  | { readonly kind: "registry"; readonly reference: ImageReference };

export function parseTransport(text: string): Transport {
  if (text.startsWith("docker://"))
    return { kind: "registry", reference: parseReference(text.slice("docker://".length)) };
  if (text.startsWith("store:")) return { kind: "store", name: text.slice("store:".length) };
  if (!text.startsWith("oci:")) {
    return namesRegistry(text) ? { kind: "registry", reference: parseReference(text) } : { kind: "store", name: text };
  }
  const rest = text.slice("oci:".length);
  const colon = rest.indexOf(":");
  const folder = colon === -1 ? rest : rest.slice(0, colon);
  if (folder === "") {
    throw new IngotError("reference-malformed", `${JSON.stringify(text)} names no folder`, {
      hint: "write oci:FOLDER:NAME",
    });
  }
  return { kind: "layout", folder, ...(colon === -1 ? {} : { name: rest.slice(colon + 1) }) };
}

export type CopyOptions = RegistryOptions & ReceiveOptions;

/**
 * Copies an image between the store, layouts and registries; returns its descriptor. From registry to registry it goes through the store,
 * where it stays without a name until garbage is collected.
 */
export async function copyImage(
  context: Context,
  places: { readonly from: Transport; readonly to: Transport },
  options: CopyOptions = {},
): Promise<Descriptor> {
  const { from, to } = places;
  if (to.kind === "registry") {
    const layout = from.kind === "layout" ? openFolder(context, from.folder, { create: false }) : openStore(context);
    const image =
      from.kind === "registry" ? await pull(context, layout, from.reference, options) : find(layout, from.name);
    await push(context, { layout, image }, to.reference, options);
    return image;
  }
  const target = to.kind === "store" ? openStore(context) : openFolder(context, to.folder, { create: true });
  const image =
    from.kind === "registry"
      ? await pull(context, target, from.reference, options)
      : await copyFolder(context, from, target);
  // Without a name it is listed all the same: what no list reaches is garbage to every tool.
  await (to.name === undefined ? target.listManifest(image) : target.setReference(to.name, image));
  return image;
}

/** Transfers an image of a registry into a layout, without naming it. */
export async function pull(
  context: Context,
  layout: Layout,
  reference: ImageReference,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const source = openRepository(context, reference, options);
  const { image } = await receiveImage(context, layout, { source, reference: tagOrDigest(reference) }, options);
  return image;
}

/** Sends an image of a layout to where a reference says. */
export async function push(
  context: Context,
  from: { readonly layout: Layout; readonly image: Descriptor },
  reference: ImageReference,
  options: RegistryOptions = {},
): Promise<void> {
  if (reference.digest !== undefined && reference.digest !== from.image.digest) {
    throw new IngotError("blob-mismatch", `the image is ${from.image.digest}, not ${formatReference(reference)}`, {
      hint: "leave the digest out, or name the image that has it",
    });
  }
  const repository = openRepository(context, reference, options);
  await pushImage(context, from, { repository, ...(reference.tag === undefined ? {} : { tag: reference.tag }) });
}

export function tagOrDigest({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? "latest";
}

async function copyFolder(
  context: Context,
  from: Exclude<Transport, { kind: "registry" }>,
  target: Layout,
): Promise<Descriptor> {
  const layout = from.kind === "store" ? openStore(context) : openFolder(context, from.folder, { create: false });
  const { digest } = find(layout, from.name);
  const { image } = await receiveImage(
    context,
    target,
    { source: layoutSource(layout), reference: digest },
    { platform: "all" },
  );
  return image;
}

function openFolder(context: Context, folder: string, options: { create: boolean }): Layout {
  return openLayout(resolve(context.cwd, folder), options);
}

/** By name or digest; without a name, the only image of the layout. */
function find(layout: Layout, name: string | undefined): Descriptor {
  if (name !== undefined) return layout.resolveReference(name);
  const [only, second] = layout.listManifests();
  if (only !== undefined && second === undefined) return only;
  throw new IngotError(
    "reference-ambiguous",
    `the layout ${layout.folder} holds ${layout.listManifests().length} images, and none is named`,
    {
      hint: `write oci:${layout.folder}:NAME`,
      details: layout.listReferences().map((entry) => entry.name),
    },
  );
}
