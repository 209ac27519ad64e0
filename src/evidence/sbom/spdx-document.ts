/** The parts of SPDX 2.3 in JSON that Ingot writes (specification 2.3; schema `spdx-schema.json`). */
export type SpdxDocument = {
  readonly spdxVersion: "SPDX-2.3";
  readonly dataLicense: "CC0-1.0";
  readonly SPDXID: "SPDXRef-DOCUMENT";
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: {
    readonly created: string;
    readonly creators: readonly string[];
    readonly licenseListVersion: string;
  };
  readonly packages: readonly SpdxPackage[];
  readonly hasExtractedLicensingInfos: readonly SpdxExtractedLicence[];
  readonly relationships: readonly SpdxRelationship[];
};

export type SpdxPackage = {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo?: string;
  readonly packageFileName?: string;
  readonly supplier?: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: boolean;
  readonly checksums?: readonly { readonly algorithm: "SHA256"; readonly checksumValue: string }[];
  readonly homepage?: string;
  readonly sourceInfo?: string;
  readonly licenseConcluded: string;
  readonly licenseDeclared: string;
  readonly copyrightText: string;
  readonly summary?: string;
  readonly comment?: string;
  readonly externalRefs?: readonly {
    readonly referenceCategory: string;
    readonly referenceType: string;
    readonly referenceLocator: string;
  }[];
  readonly primaryPackagePurpose?: "CONTAINER" | "FILE" | "OPERATING_SYSTEM";
};

export type SpdxExtractedLicence = {
  readonly licenseId: string;
  readonly name: string;
  readonly extractedText: string;
};

export type SpdxRelationship = {
  readonly spdxElementId: string;
  readonly relationshipType: "DESCRIBES" | "CONTAINS";
  readonly relatedSpdxElement: string;
};
