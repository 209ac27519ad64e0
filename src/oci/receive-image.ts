import type { Context, Task } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor, Platform } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { parseImageConfig } from "./image-config.ts";
import type { Layout } from "./layout.ts";
import { isImage, parseManifest, type ImageIndex, type ImageManifest } from "./manifest.ts";
import { inParallel } from "./registry/in-parallel.ts";
import type { ListedReferrers } from "./registry/list-referrers.ts";
import type { FetchedManifest } from "./registry/manifests.ts";

/** Where an image comes from: a repository of a registry, or another layout. */
export type ImageSource = {
  readonly fetchManifest: (reference: string) => Promise<FetchedManifest>;
  readonly streamBlob: (blob: Descriptor) => AsyncIterable<Uint8Array>;
  /** What is said to be attached to an image there. */
  readonly listReferrers: (subject: Digest) => Promise<ListedReferrers>;
};

export type ReceiveOptions = {
  /** Which image of an index; default linux/amd64. `all` keeps the index with every image that it lists. */
  readonly platform?: Platform | "all";
};

export type ReceivedImage = {
  /** The image for the platform (with `all`: the index). */
  readonly image: Descriptor;
  /** What the reference pointed at: the same, or the index that the image is listed in. */
  readonly resolved: Descriptor;
};

const defaultPlatform: Platform = { os: "linux", architecture: "amd64" };

/**
 * Copies an image into a layout: blobs first, each verified, then the manifest, so a manifest that is there is whole. It gets no name here.
 * What is in the layout already is not transferred.
 */
export async function receiveImage(
  context: Pick<Context, "report">,
  layout: Layout,
  from: { readonly source: ImageSource; readonly reference: string },
  options: ReceiveOptions = {},
): Promise<ReceivedImage> {
  const receiver: Receiver = { context, layout, source: from.source, received: new Set() };
  const { platform = defaultPlatform } = options;
  const fetched = await from.source.fetchManifest(from.reference);
  const chosen = platform === "all" ? fetched : await chooseImage(receiver, fetched, platform);
  await receiveManifest(receiver, chosen);
  if (platform !== "all") assertPlatform(layout, chosen, platform);
  return { image: chosen.descriptor, resolved: fetched.descriptor };
}

/** The digest that a reference means now, without transferring the image. */
export async function resolveImage(
  source: ImageSource,
  reference: string,
  platform: Platform = defaultPlatform,
): Promise<ReceivedImage> {
  const fetched = await source.fetchManifest(reference);
  const chosen = await chooseImage({ source }, fetched, platform);
  return { image: chosen.descriptor, resolved: fetched.descriptor };
}

async function chooseImage(
  { source }: Pick<Receiver, "source">,
  fetched: FetchedManifest,
  platform: Platform,
): Promise<FetchedManifest> {
  let current = fetched;
  // An index of indexes is allowed; one that lists itself cannot be, but a long chain can.
  for (let depth = 0; depth < 4; depth++) {
    const parsed = parseManifest(current.content, current.descriptor.mediaType);
    if (parsed.kind === "manifest") return current;
    current = await source.fetchManifest(pickPlatform(parsed.index, platform).digest);
  }
  throw new IngotError("manifest-malformed", "the image is an index of indexes of indexes, too deep to be meant");
}

function pickPlatform(index: ImageIndex, platform: Platform): Descriptor {
  const found = index.manifests.find(
    (entry) => entry.platform?.os === platform.os && entry.platform.architecture === platform.architecture,
  );
  if (found !== undefined) return found;
  const [only, second] = index.manifests;
  if (only !== undefined && second === undefined && only.platform === undefined) return only;
  throw noPlatform(platform, index.manifests.flatMap(platformName));
}

function platformName({ platform }: Descriptor): string[] {
  // Build tools list their attestations as images of the platform unknown/unknown.
  if (platform === undefined || platform.os === "unknown") return [];
  return [`${platform.os}/${platform.architecture}${platform.variant === undefined ? "" : `/${platform.variant}`}`];
}

function noPlatform(platform: Platform, present: readonly string[]): IngotError {
  const wanted = `${platform.os}/${platform.architecture}`;
  return new IngotError("platform-missing", `the image is not made for ${wanted}`, {
    hint: `it is made for ${present.join(", ") || "no platform that it names"}`,
  });
}

/** An image without an index says in its configuration what it is for. */
function assertPlatform(layout: Layout, { content, descriptor }: FetchedManifest, platform: Platform): void {
  const parsed = parseManifest(content, descriptor.mediaType);
  if (parsed.kind !== "manifest" || !isImage(parsed.manifest)) return;
  const config = parseImageConfig(layout.readBlob(parsed.manifest.config.digest));
  if (config.os === platform.os && config.architecture === platform.architecture) return;
  throw noPlatform(platform, [`${config.os}/${config.architecture}`]);
}

type Receiver = {
  readonly context: Pick<Context, "report">;
  readonly layout: Layout;
  readonly source: ImageSource;
  /** Attack: an index that lists one index twice, which does the same, thirty times over: a thousand million images. */
  readonly received: Set<Digest>;
};

async function receiveManifest(receiver: Receiver, fetched: FetchedManifest): Promise<void> {
  const parsed = parseManifest(fetched.content, fetched.descriptor.mediaType);
  if (parsed.kind === "manifest") await receiveBlobs(receiver, parsed.manifest);
  else {
    for (const entry of parsed.index.manifests) {
      if (receiver.received.has(entry.digest)) continue;
      receiver.received.add(entry.digest);
      await receiveManifest(receiver, await receiver.source.fetchManifest(entry.digest));
    }
  }
  receiver.layout.putBlob(fetched.content);
}

async function receiveBlobs({ context, layout, source }: Receiver, manifest: ImageManifest): Promise<void> {
  // The same layer twice in one image is transferred once.
  const wanted = new Map<Digest, Descriptor>([...manifest.layers, manifest.config].map((blob) => [blob.digest, blob]));
  // What is there may be garbage until this image names it: renewed, it is not swept while the rest is on its way.
  const missing = [...wanted.values()].filter(({ digest, size }) => !layout.renewBlob(digest, size));
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  const task = context.report.task("receiving the image", { total, unit: "bytes" });
  await inParallel(missing, 3, async (blob) => {
    const counted = count(source.streamBlob(blob), task);
    await layout.putBlobStream(counted, { digest: blob.digest, size: blob.size });
  });
  task.done(`${missing.length} blobs received, ${wanted.size - missing.length} were there`);
}

async function* count(source: AsyncIterable<Uint8Array>, task: Task): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    task.advance(chunk.length);
    yield chunk;
  }
}
