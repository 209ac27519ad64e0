import { createReadStream, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { canonicalJson } from "../../oci/canonical-json.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Layout } from "../../oci/layout.ts";
import { mediaTypes } from "../../oci/media-types.ts";

export const driftArtifactType = "application/vnd.ingot.drift.v1";

/** The repository of a service's captures. Policy keeps it for whoever may look into instances: `drift/` in roles.cedar. */
export function driftRepository({
  environment,
  service,
}: {
  readonly environment: string;
  readonly service: string;
}): string {
  return `drift/${environment}/${service}`;
}

export type StoredArtifact = {
  readonly manifest: Descriptor;
  readonly blobs: readonly Descriptor[];
  /** Of all files. */
  readonly bytes: number;
};

/** A manifest lists at most five hundred parts at the registry's door. */
const mostFiles = 490;

/**
 * Stores the files of a folder as blobs, and the manifest that lists them: one layer a file, by its name, so that `oras pull` writes the files as they were. It is attached to nothing: an image is in another
 * repository, and referrers of it would be pulled by whoever may pull it. `isSmall`: without the contents of files. Until an event names it, garbage collection takes it all.
 */
export async function storeArtifact(
  store: Layout,
  {
    folder,
    isSmall,
    annotations,
  }: {
    readonly folder: string;
    readonly isSmall: boolean;
    readonly annotations: Readonly<Record<string, string>>;
  },
): Promise<StoredArtifact> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .filter((name) => statSync(join(folder, name)).isFile());
  const taken = (isSmall ? names.filter((name) => !isContent(name)) : names).slice(0, mostFiles);
  const layers: Descriptor[] = [];
  for (const name of taken) {
    const { digest, size } = await store.putBlobStream(createReadStream(join(folder, name)));
    layers.push({
      mediaType: mediaTypeOf(name),
      digest,
      size,
      annotations: { "org.opencontainers.image.title": name },
    });
  }
  const config = { mediaType: mediaTypes.empty, digest: store.putBlob("{}"), size: 2 };
  const content = canonicalJson({
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    artifactType: driftArtifactType,
    config,
    layers,
    annotations: {
      ...annotations,
      ...(taken.length === names.length ? {} : { "dev.ingot.drift.left-out": `${names.length - taken.length} files` }),
    },
  });
  const manifest = { mediaType: mediaTypes.imageManifest, digest: store.putBlob(content), size: content.length };
  return { manifest, blobs: [config, ...layers], bytes: layers.reduce((sum, { size }) => sum + size, content.length) };
}

/** What an instance's own files hold, other than what the kernel says of it. */
function isContent(name: string): boolean {
  return name === "changed.tar" || name.startsWith("programs/");
}

/** Never one of an image's layers: an engine that is given the reference must find nothing to run. */
function mediaTypeOf(name: string): string {
  if (name === "changed.tar") return "application/vnd.ingot.drift.changed.v1";
  if (name.startsWith("programs/")) return "application/vnd.ingot.drift.program.v1";
  return extname(name) === ".json" ? "application/json" : "text/plain";
}
