import type { Inventory } from "../inventory/inventory.ts";
import type { Finding } from "../scan/finding.ts";
import { parsePurl, type Purl } from "./parse-purl.ts";

/** The image that statements are held against: how it may be called, and what is in it. */
export type VexSubject = {
  /** `sha256:…`. */
  readonly digest: string;
  /** As it was asked for, with and without its tag. */
  readonly names: readonly string[];
  /** Debian's name. */
  readonly architecture: string;
  /** How a purl's `distro` may call the release. */
  readonly distros: ReadonlySet<string>;
  /** Namespace of the purls of its dpkg packages: `debian`. */
  readonly os: string;
  readonly packages: readonly SubjectPackage[];
};

export type SubjectPackage = {
  readonly ecosystem: Finding["package"]["ecosystem"];
  readonly name: string;
  readonly version: string;
  /** The source package, for `deb`; else the package itself. */
  readonly source: { readonly name: string; readonly version: string };
  readonly architecture?: string;
  readonly purl: Purl | undefined;
};

/** `name`: how the image is called, if it is; an exception may call it so with or without its tag and digest. */
export function makeSubject(inventory: Inventory, name: string | undefined): VexSubject {
  const { os } = inventory;
  const named = name === undefined ? [] : [name, name.replace(/^(?:docker:\/\/|store:)/, "")];
  const untagged = named.map((one) => one.replace(/@sha256:[0-9a-f]+$/, "").replace(/:[^/:]+$/, ""));
  const versions = os === undefined ? [] : [os.codename, os.versionId].filter((word) => word !== "");
  return {
    digest: inventory.image,
    names: [...new Set([...named, ...untagged])],
    architecture: inventory.architecture,
    distros: new Set(versions.flatMap((word) => [word, `${os?.id}-${word}`])),
    os: os?.id ?? "debian",
    packages: [...inventory.debian.map(fromDebian), ...inventory.language.map(fromLanguage)],
  };
}

function fromDebian(one: Inventory["debian"][number]): SubjectPackage {
  const { name, version, architecture, source, sourceVersion, purl } = one;
  return {
    ecosystem: "deb",
    name,
    version,
    architecture,
    source: { name: source, version: sourceVersion },
    purl: parsePurl(purl),
  };
}

function fromLanguage({ ecosystem, name, version, purl }: Inventory["language"][number]): SubjectPackage {
  return { ecosystem, name, version, source: { name, version }, purl: parsePurl(purl) };
}
