import { hash } from "node:crypto";
import type { SpdxExtractedLicence } from "./spdx-document.ts";

/** The licences of a document that are not on SPDX's list: each has a reference, which the document must explain (specification 2.3, clause 10). */
export type ExtractedLicences = {
  /** `LicenseRef-…` for a licence's name. */
  readonly nameOf: (name: string) => string;
  /** By reference. */
  readonly list: () => readonly SpdxExtractedLicence[];
};

/** Collects the licences of one document that SPDX's list does not have. The same name gives the same reference (SPDX 2.3, section 10.1). */
export function openExtractedLicences(): ExtractedLicences {
  const found = new Map<string, SpdxExtractedLicence>();
  return {
    nameOf: (name) => {
      const word = name.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 60);
      const licenseId = `LicenseRef-${word}-${hash("sha256", name, "hex").slice(0, 12)}`;
      const extractedText = `Called "${name}" by the package. Its text is in the package's own files, as a rule in /usr/share/doc.`;
      found.set(licenseId, { licenseId, name, extractedText });
      return licenseId;
    },
    list: () => [...found.values()].toSorted((a, b) => (a.licenseId < b.licenseId ? -1 : 1)),
  };
}
