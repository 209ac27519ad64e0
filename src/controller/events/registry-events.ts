/** `artifact`: neither its configuration nor any layer is one of an image. */
export type ManifestKind = "image" | "index" | "artifact";

export type RegistryEvents = {
  /** A manifest is in a repository, and with it everything that it lists. */
  readonly "manifest.pushed": {
    readonly repository: string;
    readonly digest: string;
    readonly mediaType: string;
    /** Whether it has files to run: what only describes an image is read by whoever may pull that image. */
    readonly kind: ManifestKind;
    readonly size: number;
    /** Configuration and layers of a manifest. */
    readonly blobs: readonly string[];
    /** Manifests of an index. */
    readonly manifests: readonly string[];
    /** Its own, or the type of its configuration where it is attached to an image (distribution-spec, "Listing Referrers"). */
    readonly artifactType?: string;
    /** What it is attached to. */
    readonly subject?: string;
    /** `org.opencontainers.image.base.digest`. */
    readonly base?: string;
  };
  readonly "manifest.deleted": { readonly repository: string; readonly digest: string };
  readonly "tag.set": { readonly repository: string; readonly tag: string; readonly digest: string };
  readonly "tag.deleted": { readonly repository: string; readonly tag: string };
  readonly "garbage.collected": { readonly blobs: number; readonly freed: number };
};
