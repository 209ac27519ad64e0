import { createHash, hash } from "node:crypto";

declare const brand: unique symbol;

/** `sha256:` and 64 lower-case hex digits: the name of a blob by its content (OCI image-spec, descriptor.md#digests). */
export type Digest = string & { readonly [brand]: "Digest" };

const pattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** The digest of bytes or UTF-8 text. */
export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${hash("sha256", content, "hex")}` as Digest;
}

/** Digests a stream piece by piece: `update`, then `digest` once. */
export function digester(): { update: (chunk: Uint8Array) => void; digest: () => Digest } {
  const sha256 = createHash("sha256");
  return {
    update: (chunk) => void sha256.update(chunk),
    digest: () => `sha256:${sha256.digest("hex")}` as Digest,
  };
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

/** As people see it where many stand in a table, and as other tools show it: `sha256:` and twelve digits. Never to find something by. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
