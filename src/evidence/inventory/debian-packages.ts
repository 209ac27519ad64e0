import { hash } from "node:crypto";
import type { DebianPackage, OperatingSystem } from "./inventory.ts";
import type { ImageFacts } from "./image-facts.ts";
import { readStatus } from "./dpkg-status.ts";
import { packageFiles } from "./package-files.ts";
import { debPurl } from "./purl.ts";

/** The installed Debian packages, by name and architecture. */
export function readDebianPackages(image: ImageFacts, os: OperatingSystem | undefined): readonly DebianPackage[] {
  const filesOf = packageFiles(image);
  return readStatus(image).map((entry) => {
    const { name, version, architecture, source, sourceVersion, maintainer, homepage, description } = entry;
    const item = { name, version, architecture, source, sourceVersion, maintainer };
    const copyrightPath = image.follow(`usr/share/doc/${item.name}/copyright`);
    const copyright = image.view.get(copyrightPath);
    const digest = copyright && (image.linkedFile(copyright) ?? copyright).sha256;
    const licences = image.facts.get(copyrightPath);
    return {
      ...item,
      ...(homepage !== undefined && { homepage }),
      ...(description !== undefined && { description }),
      licences: licences?.kind === "licences" ? licences.licences : [],
      ...(digest !== undefined && { copyright: digest }),
      purl: debPurl({ ...item, os: os?.id ?? "debian", codename: os?.codename ?? "" }),
      ...describeFiles(image, filesOf(entry)),
    };
  });
}

function describeFiles(image: ImageFacts, files: readonly string[]): Pick<DebianPackage, "files" | "contents"> {
  const lines = files.flatMap((path) => {
    const entry = image.view.get(path);
    const digest = entry && (image.linkedFile(entry) ?? entry).sha256;
    return digest === undefined ? [] : [`${digest}  ${path}\n`];
  });
  return { files, ...(lines.length > 0 && { contents: hash("sha256", lines.join(""), "hex") }) };
}
