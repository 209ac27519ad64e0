import type { Digest } from "../digest.ts";

/** A layer that lies in the store. */
export type LayerBlob = {
  readonly digest: Digest;
  /** Bytes, compressed. */
  readonly size: number;
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  readonly mediaType: string;
  /** For people: which packages or which step it holds. */
  readonly title: string;
};
