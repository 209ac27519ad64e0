import { resolve } from "node:path";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "./descriptor.ts";
import { openLayout, openStore, type Layout } from "./layout.ts";
import { layoutSource } from "./layout/layout-source.ts";
import type { Transport } from "./oci.ts";
import type { ImageSource, ReceiveOptions } from "./receive-image.ts";
import { subjectOfUnnamed } from "./referrers/layout-list.ts";
import type { ImageReference } from "./reference.ts";
import { openRepository, type RegistryOptions } from "./registry.ts";

export type Source = Pick<ReceiveOptions, "platform"> & { readonly source: ImageSource; readonly reference: string };

/** A place as something to copy an image from; throws where a layout has no such image. */
export function sourceOf(context: Context, from: Transport, options: RegistryOptions & ReceiveOptions): Source {
  if (from.kind === "registry") {
    const { platform } = options;
    return {
      source: openRepository(context, from.reference, options),
      reference: tagOrDigest(from.reference),
      ...(platform === undefined ? {} : { platform }),
    };
  }
  const layout = from.kind === "store" ? openStore(context) : openFolder(context, from.folder, { create: false });
  return { source: layoutSource(layout), reference: find(layout, from.name).digest, platform: "all" };
}

export function tagOrDigest({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? "latest";
}

export function openFolder(context: Context, folder: string, options: { create: boolean }): Layout {
  return openLayout(resolve(context.cwd, folder), options);
}

/** By name or digest; without a name, the only image of the layout. */
export function find(layout: Layout, name: string | undefined): Descriptor {
  if (name !== undefined) return layout.resolveReference(name);
  const images = layout.listManifests().filter((entry) => subjectOfUnnamed(layout, entry) === undefined);
  const [only, second] = images;
  if (only !== undefined && second === undefined) return only;
  throw new IngotError(
    "reference-ambiguous",
    `the layout ${layout.folder} holds ${images.length} images, and none is named`,
    {
      hint: `write oci:${layout.folder}:NAME`,
      details: layout.listReferences().map((entry) => entry.name),
    },
  );
}
