import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { openStore, type Layout } from "../oci/layout.ts";
import { parseManifest } from "../oci/manifest.ts";

export type FoundImage = {
  /** Of the manifest for this machine's architecture. */
  readonly digest: Digest;
  /** Undefined when it was asked for by digest. */
  readonly name?: string;
};

/** The image of the store that a name, a digest or the beginning of one means. Throws `reference-unknown`, `image-not-runnable`. */
export function findImage(ctx: Pick<Context, "home">, text: string): FoundImage {
  const layout = openStore(ctx);
  const isName = layout.listReferences().some(({ name }) => name === text);
  const digest = digestForThisMachine(layout, layout.resolveReference(text));
  return isName ? { digest, name: text } : { digest };
}

function digestForThisMachine(layout: Layout, descriptor: Descriptor): Digest {
  const parsed = parseManifest(layout.readBlob(descriptor.digest), descriptor.mediaType);
  if (parsed.kind === "manifest") return descriptor.digest;
  const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;
  const fitting = parsed.index.manifests.find(
    ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
  );
  if (fitting !== undefined) return digestForThisMachine(layout, fitting);
  throw new IngotError("image-not-runnable", `the image ${descriptor.digest} has nothing for linux/${architecture}`, {
    hint: "pull or build it for this machine's architecture",
  });
}
