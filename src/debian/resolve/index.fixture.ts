import { digestOf } from "../../oci/digest.ts";
import type { Package } from "../package.ts";
import { parsePackageIndex, type PackageIndex } from "./package-index.ts";
import type { Resolution } from "./resolve.ts";

/**
 * An index made of short stanzas, one a line: `name version; Field: value; Field: value`. A line `# suite` begins the next suite. Architecture is amd64
 * where nothing else is said.
 */
export function makeIndex(lines: string): PackageIndex {
  const suites: { name: string; stanzas: string[] }[] = [];
  for (const line of lines.split("\n").map((each) => each.trim())) {
    if (line.startsWith("#")) suites.push({ name: line.slice(1).trim(), stanzas: [] });
    else if (line !== "") {
      if (suites.length === 0) suites.push({ name: "stable", stanzas: [] });
      suites.at(-1)?.stanzas.push(makeStanza(line));
    }
  }
  const indexes = suites.map(({ name, stanzas }) => ({
    suite: {
      archive: "main",
      suite: name,
      components: ["main"],
      digest: digestOf(name),
      date: "",
      signedBy: [],
    } as const,
    packages: [Buffer.from(stanzas.join("\n"))],
  }));
  return parsePackageIndex(indexes, { architecture: "amd64" });
}

function makeStanza(line: string): string {
  const [head = "", ...fields] = line.split(";").map((part) => part.trim());
  const [name, version = "1"] = head.split(" ");
  const architecture = line.includes("Architecture:") ? [] : ["Architecture: amd64"];
  return [`Package: ${name}`, `Version: ${version}`, ...architecture, ...fields, ""].join("\n");
}

/** `name=version` of each chosen package. */
export function written(resolution: Resolution): readonly string[] {
  return resolution.packages.map(nameAndVersion);
}

export function nameAndVersion({ name, version }: Package): string {
  return `${name}=${version}`;
}
