import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";

/** What the content of an image is made from. */
export type ImageSource = {
  /** The digest of the image's manifest. */
  readonly digest: Digest;
  readonly layout: Layout;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
  readonly mountpoints: Mountpoints;
};

/** Folders and files that must be there to mount on: what the image lacks of them is added to its content, empty. Absolute paths. */
export type Mountpoints = { readonly folders: readonly string[]; readonly files: readonly string[] };
