import type { Digest } from "../../oci/digest.ts";
import type { LayerIndexEntry } from "../../oci/layer/layer-index.ts";

/** What is in an image, read from its layers alone: the same image gives the same inventory, on any machine, sorted throughout. */
export type Inventory = {
  readonly image: Digest;
  /** Debian's name, such as `amd64`; from the image's configuration. */
  readonly architecture: string;
  /** ISO 8601, from the image's configuration; absent where it says none. */
  readonly created?: string;
  /** From /etc/os-release; absent where there is none. */
  readonly os?: OperatingSystem;
  readonly debian: readonly DebianPackage[];
  readonly language: readonly LanguagePackage[];
  /** Regular files and links that no Debian package and no language package brings, and that maintainer scripts are not known to write. */
  readonly unowned: readonly UnownedFile[];
  /** What could not be read and was left out, one sentence each: a file that is too large or damaged. */
  readonly notes: readonly string[];
};

export type OperatingSystem = {
  /** `debian`. */
  readonly id: string;
  /** `12`. */
  readonly versionId: string;
  /** `bookworm`. */
  readonly codename: string;
  readonly prettyName: string;
};

export type DebianPackage = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** The `Maintainer` field. */
  readonly maintainer: string;
  readonly homepage?: string;
  readonly description?: string;
  /** SPDX expressions or names, as the package's copyright file gives them (DEP-5 `License` fields); empty where it is not machine-readable. */
  readonly licences: readonly string[];
  /** SHA-256 of /usr/share/doc/NAME/copyright; absent where there is none. */
  readonly copyright?: string;
  /** `pkg:deb/debian/NAME@VERSION?arch=ARCH&distro=…` (purl-spec, deb type; `upstream` where the source differs). */
  readonly purl: string;
  /**
   * Files and links that dpkg's info/*.list names, where they really lie (diversions and the links of a merged /usr followed) and as far as the image has
   * them; without a leading slash.
   */
  readonly files: readonly string[];
  /** SHA-256 of what `sha256sum` prints for its regular files as they are in the image, by path: changes with any of them. Absent where there is none. */
  readonly contents?: string;
};

export type LanguagePackage = {
  readonly ecosystem: "npm" | "pypi" | "golang";
  readonly name: string;
  /** `(devel)` for a Go program whose build did not know its own version: nothing can be matched with it. */
  readonly version: string;
  readonly purl: string;
  readonly licence?: string;
  /** The file that says so, without a leading slash: package.json, METADATA, a Go program. */
  readonly path: string;
  /** The Debian package that brings that file: its advisories count, not the ecosystem's. */
  readonly debianPackage?: string;
};

export type UnownedFile = Pick<LayerIndexEntry, "path" | "type" | "mode" | "uid" | "gid" | "size"> & {
  readonly sha256?: string;
};
