export type RegistryEvents = {
  /** A manifest is in a repository, and with it everything that it lists. */
  readonly "manifest.pushed": {
    readonly repository: string;
    readonly digest: string;
    readonly mediaType: string;
    readonly size: number;
    /** Configuration and layers of a manifest. */
    readonly blobs: readonly string[];
    /** Manifests of an index. */
    readonly manifests: readonly string[];
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
