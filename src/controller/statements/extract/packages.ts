import { parsePurl, type Purl } from "../../../evidence/vex/parse-purl.ts";
import { View } from "./view.ts";

/** One package of a bill of materials, as revocations name it: of Debian the binary package, and the source package that it was built from. */
export type ListedPackage = { readonly ecosystem: string; readonly name: string; readonly version: string };

/** By document: a large one is judged when it comes, and again in the transaction that records it, where all others wait. */
const listed = new WeakMap<object, readonly ListedPackage[]>();

/** What a CycloneDX or SPDX document lists, by its package URLs: the part that both formats and all tools share. Each once. Undefined for what is no such list. */
export function listPackages(kind: "cyclonedx" | "spdx", predicate: unknown): readonly ListedPackage[] | undefined {
  if (typeof predicate !== "object" || predicate === null) return undefined;
  const found = listed.get(predicate) ?? readPackages(kind, predicate);
  if (found !== undefined) listed.set(predicate, found);
  return found;
}

function readPackages(kind: "cyclonedx" | "spdx", predicate: object): readonly ListedPackage[] | undefined {
  const document = new View(predicate);
  const purls = kind === "cyclonedx" ? componentPurls(document) : packagePurls(document);
  if (purls === undefined) return undefined;
  const found = purls.flatMap((text) => packagesOf(parsePurl(text.slice(0, 2000))));
  return [...new Map(found.map((one) => [keyOf(one), one])).values()];
}

/** The same package has the same key. */
export function keyOf({ ecosystem, name, version }: ListedPackage): string {
  return JSON.stringify([ecosystem, name, version]);
}

function componentPurls(document: View): readonly string[] | undefined {
  const components = document.at("components");
  return (components.isThere ? components.list : [])?.flatMap((component) => component.at("purl").text ?? []);
}

/** SPDX 2.3, clause 7.21: external references of the type `purl`. */
function packagePurls(document: View): readonly string[] | undefined {
  return document
    .at("packages")
    .list?.flatMap((item) =>
      (item.at("externalRefs").list ?? []).flatMap((reference) =>
        reference.at("referenceType").text === "purl" ? (reference.at("referenceLocator").text ?? []) : [],
      ),
    );
}

function packagesOf(purl: Purl | undefined): readonly ListedPackage[] {
  if (purl?.version === undefined) return [];
  const { type, namespace, name, version } = purl;
  if (type !== "deb") return [{ ecosystem: type, name: namespace === "" ? name : `${namespace}/${name}`, version }];
  // `upstream=SOURCE` or `upstream=SOURCE@VERSION`, where it is not the same.
  const [source = name, sourceVersion = version] = (purl.qualifiers.get("upstream") ?? "").split("@").filter(Boolean);
  const binary = { ecosystem: "deb", name, version };
  return [binary, { ecosystem: "deb", name: source, version: sourceVersion }];
}
