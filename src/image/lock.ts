import type { Suite } from "../debian/suite.ts";
import type { Digest } from "../oci/digest.ts";

/** Raised when a release of Ingot would produce other bytes for the same lock. */
export const compatibility = 1;

/** `ingot.lock`: the exact inputs of every image of a project. */
export type Lock = {
  readonly compatibility: number;
  readonly images: Readonly<Record<string, ImageLock>>;
};

export type ImageLock = {
  /** Debian's name: `amd64`. */
  readonly architecture: string;
  readonly base: LockedBase;
  /** SHA-256 of the parts of the definition that decide what is locked (base, packages, recommends); `lock --check` compares it. */
  readonly request: Digest;
  readonly suites: readonly Suite[];
  /** Installed in this order; a later stage builds on the layers of the earlier ones. */
  readonly stages: readonly LockedStage[];
  readonly packages: readonly LockedPackage[];
};

/**
 * A step of the installation: some requested packages with what they need. `epoch` is in seconds since 1970: the date of the archive when the
 * stage last changed, so that an update of a later stage leaves the bytes of this one alone. No file that its scripts write is younger.
 */
export type LockedStage = { readonly name: string; readonly epoch: number };

export type LockedBase =
  | { readonly kind: "debian"; readonly suite: string }
  /** Another image of the project: built from its own entry in this lock. */
  | { readonly kind: "image"; readonly name: string }
  | { readonly kind: "oci"; readonly reference: string; readonly digest: Digest };

export type LockedPackage = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** Hex, of the .deb file. */
  readonly sha256: string;
  /** Bytes of the .deb file. */
  readonly size: number;
  /** Path of the .deb below the archive's root. */
  readonly path: string;
  readonly archive: Suite["archive"];
  /** Which stage installs it, and which layer of that stage holds its files: sticky, so that an update moves nothing else. */
  readonly stage: string;
  readonly layer: string;
};
