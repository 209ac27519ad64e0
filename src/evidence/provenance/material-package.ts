import { debPurl } from "../inventory/purl.ts";

/** A Debian package that was installed, as the lock names it. */
export type MaterialPackage = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** Hex, of the .deb file. */
  readonly sha256: string;
  /** Below the archive's root. */
  readonly path: string;
  readonly archive: "main" | "security";
  /** Such as `bookworm`; "" where it is not known. */
  readonly codename: string;
};

/** As the bills of materials call it, so that both are joined by it. */
export function purlOf(item: MaterialPackage): string {
  return debPurl({ ...item, os: "debian" });
}
