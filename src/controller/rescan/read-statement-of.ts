import type { Statement } from "../../evidence/evidence.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Layout } from "../../oci/layout.ts";
import { parseImageManifest } from "../../oci/manifest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import { openKeys } from "../statements/open-keys.ts";
import { readAttachment } from "../statements/read-attachment.ts";
import type { ScanOrder } from "./scan-order.ts";

/** A statement that the record says counts, checked anew as far as its signature goes. Throws `store-damaged` where it is not what the record says. */
export function readStatementOf(
  store: Layout,
  manifest: Digest,
  { image, keys }: Pick<ScanOrder, "image" | "keys">,
): { readonly statement: Statement; readonly key: string } {
  const size = store.blobSize(manifest);
  if (size === undefined) throw damaged(manifest, "it is not in the store");
  const [layer] = parseImageManifest(store.readBlob(manifest)).layers;
  if (layer === undefined) throw damaged(manifest, "it carries nothing");
  const attachment = {
    subject: image,
    manifest: { mediaType: mediaTypes.imageManifest, digest: manifest, size },
    bundle: layer.digest,
  };
  const opened = openKeys(keys.map((key) => ({ ...key, use: "scanner", status: "active", principal: "" })));
  const read = readAttachment(store, attachment, opened);
  if (read.status === "signed") return { statement: read.statement, key: read.key.id };
  throw damaged(manifest, read.reason);
}

function damaged(manifest: Digest, why: string): IngotError {
  return new IngotError("store-damaged", `the statement ${manifest} cannot be read: ${why}`, {
    hint: "push it again, or the image and its statements",
  });
}
