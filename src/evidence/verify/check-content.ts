import { createReadStream } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digester, type Digest } from "../../oci/digest.ts";
import { openLayer } from "../../oci/layer/open-layer.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseManifest, type ImageManifest } from "../../oci/manifest.ts";
import { layerBlobs, readImage } from "../../oci/read-image.ts";

export type ContentCheck = {
  /** Blobs that were hashed. */
  readonly blobs: number;
  readonly layers: number;
  /** What is not as the digests say, one sentence each; empty for an image that is whole. */
  readonly damage: readonly string[];
};

/**
 * Holds everything that an image consists of against its digest: manifest, configuration, each layer as it is stored and as it unpacks. A signature is over the
 * manifest's digest alone; this is what makes it one over the files.
 */
export function checkContent(
  layout: Layout,
  image: Descriptor,
  progress: (bytes: number) => void = () => {},
): Promise<ContentCheck> {
  return checkManifest({ layout, progress, checked: new Set() }, image);
}

/** `checked`: what need not be looked at again. Attack: an index that lists one index twice, which does the same, thirty times over: a thousand million images. */
type Check = {
  readonly layout: Layout;
  readonly progress: (bytes: number) => void;
  readonly checked: Set<string>;
};

async function checkManifest(check: Check, image: Descriptor): Promise<ContentCheck> {
  if (!isNew(check, `${image.mediaType} ${image.digest}`)) return { blobs: 0, layers: 0, damage: [] };
  try {
    const parsed = parseManifest(check.layout.readBlob(image.digest), image.mediaType);
    if (parsed.kind === "manifest") return await checkImage(check, image);
    const children: ContentCheck[] = [];
    for (const child of parsed.index.manifests) children.push(await checkManifest(check, child));
    return {
      blobs: 1 + sum(children, ({ blobs }) => blobs),
      layers: sum(children, ({ layers }) => layers),
      damage: children.flatMap(({ damage }) => damage),
    };
  } catch (error) {
    return { blobs: 1, layers: 0, damage: [asDamage(error)] };
  }
}

function isNew({ checked }: Check, what: string): boolean {
  if (checked.has(what)) return false;
  checked.add(what);
  return true;
}

async function checkImage(check: Check, { digest }: Descriptor): Promise<ContentCheck> {
  const { layout, progress } = check;
  const { manifest, config } = readImage(layout, digest);
  const damage: string[] = sizeDamage(layout, manifest);
  for (const layer of layerBlobs(manifest, config, digest)) {
    if (!isNew(check, `${layer.mediaType} ${layer.digest} ${layer.diffId}`)) continue;
    try {
      for await (const chunk of openLayer(layout, layer, { diffId: layer.diffId })) progress(chunk.length);
    } catch (error) {
      // An altered blob mostly fails to unpack first: what matters is that it is not the one that was signed.
      damage.push((await blobDamage(layout, layer.digest)) ?? asDamage(error));
    }
  }
  return { blobs: manifest.layers.length + 2, layers: manifest.layers.length, damage };
}

/** A descriptor with a wrong size is refused by every registry client: two tools would not get the same image. */
function sizeDamage(layout: Layout, { layers, config }: ImageManifest): string[] {
  return [config, ...layers].flatMap(({ digest, size }) => {
    const actual = layout.blobSize(digest);
    return actual === undefined || actual === size
      ? []
      : [`the blob ${digest} has ${actual} bytes, its image says ${size}`];
  });
}

async function blobDamage(layout: Layout, digest: Digest): Promise<string | undefined> {
  if (!layout.hasBlob(digest)) return undefined;
  const hash = digester();
  const content = createReadStream(layout.blobPath(digest), { highWaterMark: 1 << 20 });
  for await (const chunk of content as AsyncIterable<Buffer>) hash.update(chunk);
  const actual = hash.digest();
  return actual === digest ? undefined : `the blob ${digest} is damaged: its content is ${actual}`;
}

/** Damage that verification is there to find; everything else, such as a disk that cannot be read, is an error. */
function asDamage(error: unknown): string {
  if (error instanceof IngotError && damageCodes.has(error.code)) return error.message;
  throw error;
}

const damageCodes: ReadonlySet<IngotError["code"]> = new Set([
  "blob-missing",
  "image-unknown",
  "layer-malformed",
  "manifest-malformed",
  "store-damaged",
]);

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
