import type { NamedPackage } from "./named-package.ts";
import { normalisePythonName } from "./python-name.ts";

/** Package URLs (the purl specification): how other tools call the same package. */

export type DebPurl = {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  /** `ID` of os-release. */
  readonly os: string;
  /** Release, such as `bookworm`. */
  readonly codename: string;
};

/** `pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&distro=bookworm`. `upstream` (source, and its version where it differs) as scanners know it. */
export function debPurl({ name, version, architecture, source, sourceVersion, os, codename }: DebPurl): string {
  const isOwn = source === name && sourceVersion === version;
  const upstream = isOwn ? "" : source + (sourceVersion === version ? "" : `@${sourceVersion}`);
  // Qualifiers by the order of their names; empty ones are left out.
  const qualifiers = { arch: architecture, distro: codename, upstream };
  const given = Object.entries(qualifiers).filter(([, value]) => value !== "");
  const query = given.map(([key, value]) => `${key}=${encode(value)}`).join("&");
  return `pkg:deb/${encode(os.toLowerCase())}/${encode(name)}@${encode(version)}?${query}`;
}

/** `pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=source`: everything that was built from a source package. */
export function debSourcePurl(name: string, version: string): string {
  return `pkg:deb/debian/${encode(name)}@${encode(version)}?arch=source`;
}

/** `pkg:npm/%40scope/name@1.0.0`, `pkg:pypi/name@1.0`, `pkg:golang/example.org/name@v1.0.0`. */
export function languagePurl({ ecosystem, name, version }: Omit<NamedPackage, "licence">): string {
  switch (ecosystem) {
    case "npm":
      return npmPurl(name, version);
    case "pypi":
      return pypiPurl(name, version);
    case "golang":
      return golangPurl(name, version);
  }
}

export function npmPurl(name: string, version: string): string {
  return `pkg:npm/${encodePath(name)}@${encode(version)}`;
}

function pypiPurl(name: string, version: string): string {
  return `pkg:pypi/${encode(normalisePythonName(name))}@${encode(version)}`;
}

/** Names are lower-case by the specification; a build that did not know its own version has none. */
function golangPurl(name: string, version: string): string {
  const known = version === "(devel)" ? "" : `@${encode(version)}`;
  return `pkg:golang/${encodePath(name.toLowerCase())}${known}`;
}

function encodePath(path: string): string {
  return path.split("/").map(encode).join("/");
}

/** Percent-encoding; the colon (of an epoch) stays as it is, by the specification, and so does `~`. */
function encode(text: string): string {
  const strict = encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, percent);
  return strict.replaceAll("%3A", ":");
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
