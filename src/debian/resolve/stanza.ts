import type { Package } from "../package.ts";
import type { Stanza } from "../archive/control.ts";
import { parseDependencies, parseProvides, parseRelations } from "./relation.ts";
import { parseVersion } from "./version.ts";

export type StanzaOptions = {
  /** Names the file in errors. */
  readonly where: string;
  /** Index into the caller's list of suites. */
  readonly suite: number;
};

/** Reads one package out of a stanza of `Packages`, a dpkg status or a .deb's `control`. Throws `control-malformed`, `relation-malformed`, `version-malformed`. */
export function parsePackage(stanza: Stanza, options: StanzaOptions): Package {
  const name = stanza.require("Package", options.where).toLowerCase();
  const version = stanza.require("Version", options.where);
  parseVersion(version);
  const architecture = stanza.require("Architecture", options.where);
  return {
    name,
    version,
    architecture,
    ...sourceOf(stanza, { name, version }),
    ...flagsOf(stanza, architecture),
    ...relationsOf(stanza, `${options.where}: ${name}`),
    filename: stanza.get("Filename") ?? "",
    size: Number(stanza.get("Size") ?? 0),
    sha256: stanza.get("SHA256") ?? "",
    suite: options.suite,
  };
}

/** `Source: name (version)`; what is left out is the package's own. */
export function sourceOf(
  stanza: Stanza,
  own: { name: string; version: string },
): Pick<Package, "source" | "sourceVersion"> {
  const [, source, version] = /^(\S+)(?:\s*\(([^)]*)\))?/.exec(stanza.get("Source") ?? "") ?? [];
  return { source: source ?? own.name, sourceVersion: version ?? own.version };
}

type Flags = Pick<Package, "essential" | "important" | "priority" | "section" | "multiArch">;

function flagsOf(stanza: Stanza, architecture: string): Flags {
  return {
    essential: stanza.get("Essential") === "yes",
    important: stanza.get("Protected") === "yes" || stanza.get("Important") === "yes",
    priority: stanza.get("Priority") ?? "extra",
    section: stanza.get("Section") ?? "",
    multiArch: multiArchOf(stanza.get("Multi-Arch"), architecture),
  };
}

function multiArchOf(value: string | undefined, architecture: string): Package["multiArch"] {
  if (value === "foreign" || value === "allowed") return value;
  // A package for all architectures cannot be installed for two of them: apt reads "same" there as "no".
  return value === "same" && architecture !== "all" ? "same" : "no";
}

type Relations = Pick<
  Package,
  "preDepends" | "depends" | "recommends" | "conflicts" | "breaks" | "replaces" | "provides"
>;

function relationsOf(stanza: Stanza, where: string): Relations {
  const dependencies = (field: string) => parseDependencies(stanza.get(field) ?? "", `${where}: ${field}`);
  const relations = (field: string) => parseRelations(stanza.get(field) ?? "", `${where}: ${field}`);
  return {
    preDepends: dependencies("Pre-Depends"),
    depends: dependencies("Depends"),
    recommends: dependencies("Recommends"),
    conflicts: relations("Conflicts"),
    breaks: relations("Breaks"),
    replaces: relations("Replaces"),
    provides: parseProvides(stanza.get("Provides") ?? "", `${where}: Provides`),
  };
}
