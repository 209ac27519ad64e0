import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { openStore, type Layout } from "./layout.ts";
import { findLocal, openFolder, sourceOf } from "./places.ts";
import { pushImage } from "./push-image.ts";
import { receiveImage, type ReceiveOptions } from "./receive-image.ts";
import { receiveReferrers } from "./referrers/receive-referrers.ts";
import { subjectOfName } from "./referrers/referrers-index.ts";
import { sendReferrers } from "./referrers/send-referrers.ts";
import { subjectsIn } from "./referrers/subjects.ts";
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

export type CopyOptions = RegistryOptions &
  ReceiveOptions & {
    /** Whether what is attached to an image travels with it; default true. */
    readonly evidence?: boolean;
  };

export type CopiedImage = {
  readonly digest: Digest;
  readonly image: Descriptor;
  /** How many statements (or other attached artifacts) came along or were there already. */
  readonly statements: number;
};

/**
 * Copies an image, with what is attached to it, between the store, layouts and registries. From registry to registry it goes through the store, where it stays
 * without a name until garbage is collected.
 */
export async function copyImage(
  context: Context,
  places: { readonly from: Transport; readonly to: Transport },
  options: CopyOptions = {},
): Promise<CopiedImage> {
  const { from, to } = places;
  if (to.kind === "registry") {
    const layout = from.kind === "layout" ? openFolder(context, from.folder, { create: false }) : openStore(context);
    const image =
      from.kind === "registry" ? (await receive(context, layout, from, options)).image : findLocal(layout, from);
    return { digest: image.digest, image, statements: await push(context, { layout, image }, to.reference, options) };
  }
  const target = to.kind === "store" ? openStore(context) : openFolder(context, to.folder, { create: true });
  const { image, statements } = await receive(context, target, from, options);
  // Without a name it is listed all the same: what no list reaches is garbage to every tool.
  await (to.name === undefined ? target.listManifest(image) : target.setReference(to.name, image));
  return { digest: image.digest, image, statements };
}

/** Transfers an image of a registry into a layout, without naming it, and without what is attached to it. */
export async function pull(
  context: Context,
  layout: Layout,
  reference: ImageReference,
  options: RegistryOptions & ReceiveOptions = {},
): Promise<Descriptor> {
  return (await receive(context, layout, { kind: "registry", reference }, { ...options, evidence: false })).image;
}

/** Sends an image of a layout to where a reference says; returns how many statements are with it there. */
export async function push(
  context: Context,
  from: { readonly layout: Layout; readonly image: Descriptor },
  reference: ImageReference,
  options: RegistryOptions & Pick<CopyOptions, "evidence"> = {},
): Promise<number> {
  const { layout, image } = from;
  if (reference.digest !== undefined && reference.digest !== image.digest) {
    throw new IngotError("blob-mismatch", `the image is ${image.digest}, not ${formatReference(reference)}`, {
      hint: "leave the digest out, or name the image that has it",
    });
  }
  const { tag } = reference;
  if (subjectOfName(tag ?? "") !== undefined) throw reservedTag(reference);
  const repository = openRepository(context, reference, options);
  if (options.evidence === false) {
    await pushImage(context, from, { repository, ...(tag === undefined ? {} : { tag }) });
    return 0;
  }
  await pushImage(context, from, { repository });
  let statements = 0;
  for (const subject of subjectsIn(layout, image)) {
    statements += await sendReferrers(context, { layout, subject }, repository);
  }
  // The tag last: who finds the image by it finds its statements too.
  if (tag !== undefined) {
    await repository.pushManifest(tag, { descriptor: image, content: layout.readBlob(image.digest) });
  }
  return statements;
}

/** An image under the tag of a list would take the place of all that is attached to another. */
function reservedTag(reference: ImageReference): IngotError {
  return new IngotError(
    "reference-malformed",
    `the tag of ${formatReference(reference)} is that of a list of what is attached to an image`,
    { hint: "choose another tag" },
  );
}

/** Transfers an image into a layout, with what is attached to it and before anything names it. */
async function receive(
  context: Context,
  layout: Layout,
  from: Transport,
  options: CopyOptions,
): Promise<{ readonly image: Descriptor; readonly statements: number }> {
  const { source, reference, platform } = sourceOf(context, from, options);
  const { image } = await receiveImage(
    context,
    layout,
    { source, reference },
    platform === undefined ? {} : { platform },
  );
  let statements = 0;
  for (const subject of options.evidence === false ? [] : subjectsIn(layout, image)) {
    statements += await receiveReferrers(context, layout, { source, subject });
  }
  return { image, statements };
}
