import { hash } from "node:crypto";
import type { Digest } from "../../oci/digest.ts";

/**
 * A URN for a document about an image. It must be unique and yet the same for the same image: a UUID of the kind that is left to applications (RFC 9562, version
 * 8), made of the SHA-256 of the format's name and the digest.
 */
export function documentId(format: "cyclonedx" | "spdx", image: Digest): string {
  const bytes = hash("sha256", `ingot ${format} ${image}`, "buffer").subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `urn:uuid:${bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")}`;
}

/** The time that the image gives itself, to the second; undefined where it gives none that is a time. */
export function documentTime(created: string | undefined): Date | undefined {
  const time = new Date(created ?? "");
  return Number.isNaN(time.getTime()) ? undefined : new Date(Math.floor(time.getTime() / 1000) * 1000);
}
