import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import * as Serialize from "@cyclonedx/cyclonedx-library/Serialize";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import * as SPDX from "@cyclonedx/cyclonedx-library/SPDX";
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

/** An inventory as a CycloneDX 1.6 document. It holds no clock and no randomness: the same image gives the same document. */
export function makeCycloneDx(inventory: Inventory): object {
  const bom = new Models.Bom({ serialNumber: documentId("cyclonedx", inventory.image) });
  const image = imageComponent(inventory);
  const timestamp = documentTime(inventory.created);
  bom.metadata = new Models.Metadata({ component: image, ...(timestamp !== undefined && { timestamp }) });
  // Without a version: a newer Ingot must not make another document of the same image.
  bom.metadata.tools.components.add(new Models.Component(Enums.ComponentType.Application, "ingot"));
  if (inventory.os) bom.components.add(osComponent(inventory.os));
  const packages = new Map<string, Models.Component>();
  for (const item of inventory.debian) {
    const component = debComponent(item);
    packages.set(item.name, component);
    bom.components.add(component);
    image.dependencies.add(component.bomRef);
  }
  for (const item of inventory.language) {
    const component = languageComponent(item);
    bom.components.add(component);
    (packages.get(item.debianPackage ?? "") ?? image).dependencies.add(component.bomRef);
  }
  for (const file of inventory.unowned) bom.components.add(fileComponent(file));
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return JSON.parse(serializer.serialize(bom, { sortLists: true })) as object;
}

function imageComponent({ image, architecture }: Inventory): Models.Component {
  return new Models.Component(Enums.ComponentType.Container, image, {
    bomRef: image,
    version: image,
    hashes: sha256(hexOf(image)),
    properties: propertiesOf({ architecture }),
  });
}

function osComponent({ id, versionId, codename, prettyName }: OperatingSystem): Models.Component {
  return new Models.Component(Enums.ComponentType.OperatingSystem, id, {
    bomRef: `os:${id}`,
    ...(versionId && { version: versionId }),
    description: prettyName,
    properties: propertiesOf({ codename }),
  });
}

function debComponent(item: DebianPackage): Models.Component {
  const { name, version, maintainer, homepage, description, purl, architecture, source, sourceVersion } = item;
  const supplier = supplierOf(maintainer);
  const place = homepageOf(homepage);
  const details = { architecture, source, "source-version": sourceVersion };
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    version,
    purl,
    licenses: licencesOf(item.licences),
    ...(description !== undefined && { description }),
    ...(supplier !== undefined && { supplier }),
    externalReferences: new Models.ExternalReferenceRepository(
      place === undefined ? [] : [new Models.ExternalReference(place, Enums.ExternalReferenceType.Website)],
    ),
    // No `hashes`: those are of a package's archive, of which an image keeps nothing.
    properties: propertiesOf({ ...details, "contents-sha256": item.contents, "copyright-sha256": item.copyright }),
  });
}

function languageComponent(item: LanguagePackage): Models.Component {
  const scope = item.ecosystem === "npm" ? /^(@[^/]+)\/(.+)$/.exec(item.name) : null;
  return new Models.Component(Enums.ComponentType.Library, scope?.[2] ?? item.name, {
    bomRef: `${item.purl}#${item.path}`,
    ...(scope?.[1] !== undefined && { group: scope[1] }),
    version: item.version,
    purl: item.purl,
    licenses: licencesOf(item.licence === undefined ? [] : [item.licence]),
    properties: propertiesOf({ path: `/${item.path}`, "debian-package": item.debianPackage }),
  });
}

function fileComponent({ path, type, sha256: content }: UnownedFile): Models.Component {
  return new Models.Component(Enums.ComponentType.File, `/${path}`, {
    bomRef: `file:/${path}`,
    ...(content !== undefined && { hashes: sha256(content) }),
    properties: propertiesOf({ type }),
  });
}

function supplierOf(maintainer: string): Models.OrganizationalEntity | undefined {
  const parsed = parseMaintainer(maintainer);
  if (parsed === undefined) return undefined;
  const { name, email } = parsed;
  const contacts = email === undefined ? [] : [new Models.OrganizationalContact({ name, email })];
  return new Models.OrganizationalEntity({ name, contact: new Models.OrganizationalContactRepository(contacts) });
}

/** Either one expression or a list of single licences: the format has no third way. */
function licencesOf(licences: readonly string[]): Models.LicenseRepository {
  const acknowledgement = Enums.LicenseAcknowledgement.Declared;
  const expression = allOf(licences);
  const isMixed = expression === undefined || SPDX.isSupportedSpdxId(expression);
  const found = isMixed
    ? licences.map((name) =>
        SPDX.isSupportedSpdxId(name) ? new Models.SpdxLicense(name) : new Models.NamedLicense(name),
      )
    : [new Models.LicenseExpression(expression)];
  for (const licence of found) licence.acknowledgement = acknowledgement;
  return new Models.LicenseRepository(found);
}

function sha256(hex: string): Models.HashDictionary {
  return new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], hex]]);
}

function propertiesOf(values: Readonly<Record<string, string | undefined>>): Models.PropertyRepository {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return new Models.PropertyRepository(given.map(([name, value]) => new Models.Property(`ingot:${name}`, value)));
}
