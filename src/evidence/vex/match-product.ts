import { normalisePythonName } from "../inventory/python-name.ts";
import { parsePurl, type Purl } from "./parse-purl.ts";
import type { VexComponent, VexProduct, VexStatement } from "./statement.ts";
import type { SubjectPackage, VexSubject } from "./subject.ts";

/** Which packages of the image a statement is about: all of them where it names only the image. Empty: it is about something else. */
export function matchPackages(statement: VexStatement, subject: VexSubject): ReadonlySet<SubjectPackage> {
  if (statement.products === "subject") return new Set(subject.packages);
  return new Set(statement.products.flatMap((product) => matchProduct(product, subject)));
}

function matchProduct(product: VexProduct, subject: VexSubject): readonly SubjectPackage[] {
  if (isImage(product, subject)) {
    if (product.subcomponents.length === 0) return subject.packages;
    return product.subcomponents.flatMap((part) => matchComponent(part, subject));
  }
  const whole = matchComponent(product, subject);
  // A package of a package (a library inside of a program): the part is what the vulnerability is in.
  if (whole.length === 0 || product.subcomponents.length === 0) return whole;
  return product.subcomponents.flatMap((part) => matchComponent(part, subject));
}

function isImage(component: VexComponent, subject: VexSubject): boolean {
  if (component.sha256 !== undefined) return `sha256:${component.sha256}` === subject.digest;
  // All purls of a product name the same thing: one that is about another build or tag says that the whole is.
  const purls = purlsOf(component).filter(({ type }) => type === "oci");
  return purls.every((purl) => isImagePurl(purl, subject)) && component.ids.some((id) => isImageId(id, subject));
}

function purlsOf({ ids }: VexComponent): readonly Purl[] {
  return ids.flatMap((id) => parsePurl(id) ?? []);
}

/** A digest, `NAME@sha256:…`, a name, or a purl of the type `oci`. */
function isImageId(id: string, subject: VexSubject): boolean {
  const purl = parsePurl(id);
  if (purl !== undefined) return purl.type === "oci" && isImagePurl(purl, subject);
  const [, digest] = /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(id) ?? [];
  return digest === undefined ? subject.names.includes(id) : digest === subject.digest;
}

/** `pkg:oci/web@sha256%3A…?repository_url=registry.example/shop/web&tag=1`: by its digest where it has one, else by its name; tag and architecture narrow both. */
function isImagePurl(purl: Purl, subject: VexSubject): boolean {
  const architecture = purl.qualifiers.get("arch");
  if (architecture !== undefined && architecture !== subject.architecture) return false;
  if (purl.version !== undefined) return purl.version === subject.digest;
  const tag = purl.qualifiers.get("tag");
  const tagged = (name: string) => (tag === undefined ? name : `${name}:${tag}`);
  const repository = purl.qualifiers.get("repository_url");
  if (repository !== undefined) return subject.names.includes(tagged(repository));
  return subject.names.some((name) => name.split("/").at(-1) === tagged(purl.name));
}

function matchComponent(component: VexComponent, subject: VexSubject): readonly SubjectPackage[] {
  const purls = purlsOf(component);
  if (purls.length === 0) return [];
  return subject.packages.filter((one) => purls.every((purl) => isPackage(purl, one, subject)));
}

function isPackage(purl: Purl, one: SubjectPackage, subject: VexSubject): boolean {
  if (purl.type !== one.ecosystem) return false;
  return one.ecosystem === "deb" ? isDebianPackage(purl, one, subject) : isLanguagePackage(purl, one);
}

/**
 * A purl of dpkg names a source package or a binary one, and only `arch=source` tells them apart: without an architecture, the name and version of the source
 * mean everything that was built from it.
 */
function isDebianPackage(purl: Purl, one: SubjectPackage, subject: VexSubject): boolean {
  if (purl.namespace.toLowerCase() !== subject.os) return false;
  const distro = purl.qualifiers.get("distro");
  if (distro !== undefined && !subject.distros.has(distro)) return false;
  const architecture = purl.qualifiers.get("arch");
  const isSource =
    (architecture === undefined || architecture === "source") &&
    purl.name === one.source.name &&
    isVersion(purl, one.source.version);
  const isBinary =
    (architecture === undefined || architecture === one.architecture) &&
    purl.name === one.name &&
    isVersion(purl, one.version);
  return isSource || isBinary;
}

/** Names are compared as the ecosystem does: PyPI takes `_` for `-`, Go modules and npm scopes are the namespace. */
function isLanguagePackage(purl: Purl, one: SubjectPackage): boolean {
  const own = one.purl;
  if (own === undefined) return false;
  return fullName(purl) === fullName(own) && isVersion(purl, own.version ?? one.version);
}

function fullName({ type, namespace, name }: Purl): string {
  const whole = namespace === "" ? name : `${namespace}/${name}`;
  if (type === "pypi") return normalisePythonName(whole);
  return type === "golang" ? whole.toLowerCase() : whole;
}

function isVersion(purl: Purl, version: string): boolean {
  return purl.version === undefined || purl.version === version;
}
