import { releaseNames } from "../../debian/release-names.ts";
import type { OperatingSystem } from "./inventory.ts";

/** Reads os-release(5). */
export function readOsRelease(text: string): OperatingSystem {
  const lines = text.split("\n").map((line) => /^([A-Z0-9_]+)=(.*)$/.exec(line.trim()));
  const values = new Map(lines.map((match) => [match?.[1], unquote(match?.[2] ?? "")]));
  // The standard's own default, for a file that does not say.
  const id = values.get("ID") ?? "linux";
  return {
    id,
    versionId: values.get("VERSION_ID") ?? "",
    codename: plainCodename(values.get("VERSION_CODENAME") ?? (id === "debian" ? debianCodename(values) : "")),
    prettyName: values.get("PRETTY_NAME") ?? values.get("NAME") ?? "Linux",
  };
}

/** Distroless images and releases before stretch have no VERSION_CODENAME; without a release no advisory of Debian fits. */
function debianCodename(values: ReadonlyMap<string | undefined, string>): string {
  const [, named] = /\(([a-z]+)\)$/.exec(values.get("VERSION") ?? "") ?? [];
  const [number = ""] = (values.get("VERSION_ID") ?? "").split(".", 1);
  return named ?? releaseNames.get(number) ?? "";
}

/** It becomes a part of the archive's addresses: `..` and the like are no release. */
function plainCodename(name: string): string {
  return /^[a-z][a-z0-9-]{0,62}$/.test(name) ? name : "";
}

/** Shell quoting, as far as the standard allows it: no expansion. */
function unquote(value: string): string {
  const [, single, double] = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")$/.exec(value) ?? [];
  return single ?? (double ?? value).replace(/\\([\\"$`])/g, "$1");
}
