import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import type { Layout } from "./layout.ts";
import { parseManifest, type ImageManifest } from "./manifest.ts";
import { parseReference } from "./reference.ts";
import type { Repository } from "./registry.ts";
import { inParallel } from "./registry/in-parallel.ts";

export type PushOptions = {
  /** A repository of the same registry that may have the blobs. Without it, the one that the image says it is based on is tried. */
  readonly mountFrom?: string;
};

export type PushedImage = {
  readonly digest: Digest;
  readonly uploaded: number;
  readonly mounted: number;
  readonly present: number;
};

/** Sends an image of a layout to a repository: blobs first, the manifest last, so that nobody can pull half an image. */
export async function pushImage(
  context: Pick<Context, "report">,
  from: { readonly layout: Layout; readonly image: Descriptor },
  to: { readonly repository: Repository; readonly tag?: string },
  options: PushOptions = {},
): Promise<PushedImage> {
  const { layout, image } = from;
  const counts = { uploaded: 0, mounted: 0, present: 0 };
  const sender: Sender = { context, layout, repository: to.repository, options, counts, sent: new Set() };
  await sendManifest(sender, image, to.tag ?? image.digest);
  return { digest: image.digest, ...counts };
}

type Sender = {
  readonly context: Pick<Context, "report">;
  readonly layout: Layout;
  readonly repository: Repository;
  readonly options: PushOptions;
  readonly counts: { uploaded: number; mounted: number; present: number };
  /** What several indexes list is sent once. */
  readonly sent: Set<Digest>;
};

async function sendManifest(sender: Sender, descriptor: Descriptor, tagOrDigest: string): Promise<void> {
  const content = sender.layout.readBlob(descriptor.digest);
  const parsed = parseManifest(content, descriptor.mediaType);
  if (parsed.kind === "manifest") await sendBlobs(sender, parsed.manifest);
  else {
    for (const entry of parsed.index.manifests) {
      if (sender.sent.has(entry.digest)) continue;
      sender.sent.add(entry.digest);
      await sendManifest(sender, entry, entry.digest);
    }
  }
  await sender.repository.pushManifest(tagOrDigest, { descriptor, content });
}

async function sendBlobs(sender: Sender, manifest: ImageManifest): Promise<void> {
  const { layout, repository, counts, context } = sender;
  const blobs = new Map([...manifest.layers, manifest.config].map((blob) => [blob.digest, blob]));
  const mountFrom = sender.options.mountFrom ?? baseRepository(manifest, repository);
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  const task = context.report.task(`sending to ${repository.registry}`, { total, unit: "bytes" });
  await inParallel([...blobs.values()], 3, async ({ digest, size }) => {
    if (layout.blobSize(digest) !== size) layout.readBlob(digest);
    const path = layout.blobPath(digest);
    counts[await repository.uploadBlob({ digest, path, ...(mountFrom === undefined ? {} : { mountFrom }) })]++;
    task.advance(size);
  });
  task.done(`${counts.uploaded} blobs sent, ${counts.mounted} mounted, ${counts.present} were there`);
}

/** The repository of the image's base, when it is of the same registry: most layers are there. */
function baseRepository(manifest: ImageManifest, { registry }: Repository): string | undefined {
  const base = manifest.annotations?.["org.opencontainers.image.base.name"];
  if (base === undefined) return undefined;
  try {
    const reference = parseReference(base);
    return reference.registry === registry ? reference.repository : undefined;
  } catch (error) {
    // The base may be named in another way, such as debian:bookworm of an archive; then nothing can be mounted.
    if (error instanceof IngotError) return undefined;
    throw error;
  }
}
