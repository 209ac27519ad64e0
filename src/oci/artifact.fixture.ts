import type { Descriptor } from "./descriptor.ts";
import type { Layout } from "./layout.ts";
import { attachArtifact, type Artifact } from "./referrers.ts";

export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** An artifact of the form that statements have, with `text` for its content. */
export function artifactOf(text: string, artifactType: string = bundleType): Artifact {
  const layers = [{ mediaType: artifactType, content: Buffer.from(text) }];
  return { artifactType, layers, annotations: { "dev.sigstore.bundle.predicateType": `test/${text}` } };
}

/** Attaches one artifact for each text, and returns their descriptors. */
export async function attachTexts(layout: Layout, image: Descriptor, texts: readonly string[]): Promise<Descriptor[]> {
  const attached: Descriptor[] = [];
  for (const text of texts) attached.push(await attachArtifact(layout, image, artifactOf(text)));
  return attached;
}
