import { createReadStream } from "node:fs";
import { isDigest } from "../digest.ts";
import { IngotError } from "../../ground/error.ts";
import type { Layout } from "../layout.ts";
import type { ImageSource } from "../receive-image.ts";
import { readReferrers } from "../referrers.ts";
import { describeManifest } from "./describe-manifest.ts";

/** A layout as a place to copy images from: by digest, so that nothing is ambiguous. */
export function layoutSource(layout: Layout): ImageSource {
  return {
    fetchManifest: async (reference) => {
      const descriptor = isDigest(reference) ? describeManifest(layout, reference) : layout.resolveReference(reference);
      if (descriptor !== undefined) return { descriptor, content: layout.readBlob(descriptor.digest) };
      throw new IngotError("blob-missing", `the layout ${layout.folder} has no image ${reference}`);
    },
    streamBlob: (blob) => {
      if (!layout.hasBlob(blob.digest)) layout.readBlob(blob.digest);
      return createReadStream(layout.blobPath(blob.digest), { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
    },
    listReferrers: async (subject) => {
      const { referrers, skipped } = readReferrers(layout, subject);
      return { listed: referrers.map(({ descriptor }) => descriptor), skipped };
    },
  };
}
