import { hash } from "node:crypto";
import { formatTimestamp } from "../../ground/format-timestamp.ts";
import { hexOf } from "../../oci/digest.ts";
import type {
  DebianPackage,
  Inventory,
  LanguagePackage,
  OperatingSystem,
  UnownedFile,
} from "../inventory/inventory.ts";
import { documentId, documentTime } from "./document-id.ts";
import { homepageOf } from "./homepage.ts";
import { allOf } from "./licence-terms.ts";
import { parseMaintainer } from "./maintainer.ts";
import type { SpdxDocument, SpdxPackage, SpdxRelationship } from "./spdx-document.ts";
import { openExtractedLicences, type ExtractedLicences } from "./spdx-extracted.ts";

/** An inventory as an SPDX 2.3 document. It holds no clock and no randomness: the same image gives the same document. */
export function makeSpdx(inventory: Inventory): SpdxDocument {
  const licences = openExtractedLicences();
  const image = imagePackage(inventory);
  const os = inventory.os === undefined ? [] : [osPackage(inventory.os)];
  const debian = inventory.debian.map((item) => debPackage(item, licences));
  const files = inventory.unowned.map(filePackage);
  const owners = new Map(inventory.debian.map(({ name }, at) => [name, debian[at]?.SPDXID] as const));
  const language = inventory.language.map((item) => languagePackage(item, licences));
  const contains = language.map(({ SPDXID }, at) =>
    relate(owners.get(inventory.language[at]?.debianPackage ?? "") ?? image.SPDXID, "CONTAINS", SPDXID),
  );
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: inventory.image,
    documentNamespace: documentId("spdx", inventory.image),
    creationInfo: { created: timeOf(inventory.created), creators: ["Tool: ingot"], licenseListVersion },
    packages: [image, ...os, ...debian, ...language, ...files],
    hasExtractedLicensingInfos: licences.list(),
    relationships: [
      relate("SPDXRef-DOCUMENT", "DESCRIBES", image.SPDXID),
      ...[...os, ...debian, ...files].map(({ SPDXID }) => relate(image.SPDXID, "CONTAINS", SPDXID)),
      ...contains,
    ],
  };
}

/** Of the list that came with @cyclonedx/cyclonedx-library; a test keeps both equal. Readers with an older list know fewer licences. */
const licenseListVersion = "3.29";

/** What the format demands and an image does not tell. */
const unknown = {
  downloadLocation: "NOASSERTION",
  // The files of a package are not listed one by one, so no verification code is claimed.
  filesAnalyzed: false,
  licenseConcluded: "NOASSERTION",
  licenseDeclared: "NOASSERTION",
  copyrightText: "NOASSERTION",
} as const;

function imagePackage({ image }: Inventory): SpdxPackage {
  return {
    ...unknown,
    SPDXID: "SPDXRef-image",
    name: image,
    versionInfo: image,
    checksums: sha256(hexOf(image)),
    primaryPackagePurpose: "CONTAINER",
  };
}

function osPackage({ id, versionId, prettyName }: OperatingSystem): SpdxPackage {
  return {
    ...unknown,
    SPDXID: "SPDXRef-os",
    name: id,
    ...(versionId && { versionInfo: versionId }),
    summary: prettyName,
    // With the underscore of the format's JSON schema; its text has a hyphen.
    primaryPackagePurpose: "OPERATING_SYSTEM",
  };
}

function debPackage(item: DebianPackage, licences: ExtractedLicences): SpdxPackage {
  const { name, version, source, sourceVersion, maintainer, homepage, description, contents, purl } = item;
  const supplier = supplierOf(maintainer);
  const place = homepageOf(homepage);
  return {
    ...unknown,
    SPDXID: idOf(`deb-${name}`, purl),
    name,
    versionInfo: version,
    ...(supplier !== undefined && { supplier }),
    ...(place !== undefined && { homepage: place }),
    ...(description !== undefined && { summary: description }),
    sourceInfo: `built from the source package ${source} ${sourceVersion}`,
    licenseDeclared: allOf(item.licences, licences.nameOf) ?? "NOASSERTION",
    // No checksum: it would be of the package's archive, of which an image keeps nothing.
    ...(contents !== undefined && { comment: `SHA-256 of the list of its files' SHA-256 in this image: ${contents}` }),
    externalRefs: [purlReference(purl)],
  };
}

function languagePackage(item: LanguagePackage, licences: ExtractedLicences): SpdxPackage {
  return {
    ...unknown,
    SPDXID: idOf(`${item.ecosystem}-${item.name}`, `${item.purl}#${item.path}`),
    name: item.name,
    versionInfo: item.version,
    sourceInfo: `named by /${item.path}`,
    licenseDeclared: allOf(item.licence === undefined ? [] : [item.licence], licences.nameOf) ?? "NOASSERTION",
    externalRefs: [purlReference(item.purl)],
  };
}

/** As a package whose purpose is to be a file: entries of `files` must have a SHA-1 each, which nobody should rely on. */
function filePackage({ path, type, sha256: content }: UnownedFile): SpdxPackage {
  return {
    ...unknown,
    SPDXID: idOf("file", path),
    name: `/${path}`,
    packageFileName: `./${path}`,
    ...(content !== undefined && { checksums: sha256(content) }),
    ...(type === "symlink" && { comment: "a symbolic link" }),
    primaryPackagePurpose: "FILE",
  };
}

/** Letters, digits, `.` and `-` (specification 2.3, 7.2); the hash keeps two apart that differ in other characters alone. */
function idOf(name: string, key: string): string {
  return `SPDXRef-${name.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 100)}-${hash("sha256", key, "hex").slice(0, 16)}`;
}

function supplierOf(maintainer: string): string | undefined {
  const parsed = parseMaintainer(maintainer);
  if (parsed === undefined) return undefined;
  // Parentheses around nothing but the address: the specification's only syntax.
  const name = parsed.name.replace(/[()]/g, "").trim();
  return `${parsed.isPerson ? "Person" : "Organization"}: ${name}${parsed.email === undefined ? "" : ` (${parsed.email})`}`;
}

function purlReference(purl: string): { referenceCategory: string; referenceType: string; referenceLocator: string } {
  return { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl };
}

function sha256(hex: string): NonNullable<SpdxPackage["checksums"]> {
  return [{ algorithm: "SHA256", checksumValue: hex }];
}

function relate(from: string, type: SpdxRelationship["relationshipType"], to: string): SpdxRelationship {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}

/** The format demands a time; an image that gives none is of the beginning of times. */
function timeOf(created: string | undefined): string {
  return formatTimestamp(documentTime(created) ?? new Date(0));
}
