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
  return { source: layoutSource(layout), reference: findLocal(layout, from).digest, platform: "all" };
}

export function tagOrDigest({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? "latest";
}

export function openFolder(context: Context, folder: string, options: { create: boolean }): Layout {
  return openLayout(resolve(context.cwd, folder), options);
}

/** By name or digest; without a name, the only image of the layout. Throws `reference-unknown`, `reference-ambiguous`. */
export function findLocal(layout: Layout, { kind, name }: Exclude<Transport, { kind: "registry" }>): Descriptor {
  return kind === "store" ? find(layout, name) : findInFolder(layout, name);
}

function find(layout: Layout, name: string | undefined): Descriptor {
  if (name !== undefined) return layout.resolveReference(name);
  return findOnly(layout);
}

/** The same for `oci:FOLDER[:NAME]`; where the folder lacks the name, the error says which folder it is and what it has. */
export function findInFolder(layout: Layout, name: string | undefined): Descriptor {
  try {
    return find(layout, name);
  } catch (cause) {
    if (!(cause instanceof IngotError) || cause.code !== "reference-unknown") throw cause;
    const names = layout.listReferences().map((entry) => entry.name);
    throw new IngotError("reference-unknown", `the folder ${layout.folder} has no image ${JSON.stringify(name)}`, {
      hint: hintOfFolder(layout, names),
      details: names.slice(0, mostNames),
      cause,
    });
  }
}

const mostNames = 20;

function hintOfFolder({ folder }: Layout, names: readonly string[]): string {
  if (names.length === 0) return `it names none; where it holds only one image: oci:${folder}`;
  const more = names.length > mostNames ? `, the first ${mostNames} of ${names.length}` : "";
  return `name one that it has, as listed above${more}`;
}

function findOnly(layout: Layout): Descriptor {
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
