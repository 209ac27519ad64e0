import { parseControl, type Stanza } from "../../debian/archive/control.ts";
import { compare } from "../../ground/compare.ts";
import { IngotError } from "../../ground/error.ts";
import type { DebianPackage } from "./inventory.ts";
import type { ImageFacts } from "./image-facts.ts";

/** One installed package as dpkg's status has it. */
export type StatusEntry = Pick<
  DebianPackage,
  "name" | "version" | "architecture" | "source" | "sourceVersion" | "maintainer" | "homepage" | "description"
> & {
  /** The names that its files below info/ may begin with, best first. */
  readonly databaseNames: readonly string[];
};

const statusPath = "var/lib/dpkg/status";
/** One file a package: images that are made without dpkg (distroless). */
const statusFolder = "var/lib/dpkg/status.d";

/**
 * The packages of an image that dpkg has unpacked; none where it is not Debian. Throws `control-malformed` for a status that dpkg would not read, or that is
 * too large: a wrong list of packages would be worse than none.
 */
export function readStatus(image: ImageFacts): readonly StatusEntry[] {
  const paths = [image.follow(statusPath), ...statusFiles(image)];
  const entries = paths.flatMap((path) => {
    const fact = image.facts.get(path);
    if (fact?.kind === "skipped") throw malformed(path, `it ${fact.why}`);
    const type = image.view.get(path)?.type;
    // Links lead it elsewhere: an image that hides its list would pass for one without packages.
    if (fact === undefined && type !== undefined && type !== "directory")
      throw malformed(path, "dpkg's list of packages lies where it is not read");
    return fact?.kind === "text" ? parseStatus(fact.text, path) : [];
  });
  return unique(entries).toSorted(
    (a, b) => compare(a.name, b.name) || compare(a.architecture, b.architecture) || compare(a.version, b.version),
  );
}

/** All of the folder, whether it could be read or not. */
function statusFiles(image: ImageFacts): readonly string[] {
  const folder = image.follow(statusFolder);
  if (!image.view.has(folder) && ![...image.facts.keys()].some((path) => path.startsWith(`${folder}/`))) return [];
  return [...image.view.keys()].filter((path) => path.startsWith(`${folder}/`) && !path.endsWith(".md5sums"));
}

/** Five thousand packages have two hundred thousand. */
const mostLines = 1_000_000;

function parseStatus(text: string, path: string): readonly StatusEntry[] {
  // Millions of short fields and stanzas are a small file, and minutes of work and gigabytes of memory.
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1))
    if (++lines > mostLines) throw malformed(path, `it has more than ${mostLines} lines`);
  return parseControl(text, { where: path })
    .filter(isUnpacked)
    .map((stanza) => readEntry(stanza, path));
}

/** The same package twice is one package; a bill of materials may name it only once. */
function unique(entries: readonly StatusEntry[]): readonly StatusEntry[] {
  const keyOf = (one: StatusEntry) =>
    [one.name, one.architecture, one.version, one.source, one.sourceVersion].join(" ");
  return [...new Map(entries.map((one) => [keyOf(one), one])).values()];
}

/** A package that was removed leaves its stanza for the sake of its configuration; one of distroless has no `Status`. */
function isUnpacked(stanza: Stanza): boolean {
  return !/ (not-installed|config-files)$/.test(stanza.get("Status") ?? "");
}

function readEntry(stanza: Stanza, where: string): StatusEntry {
  const name = stanza.require("Package", where).toLowerCase();
  const version = stanza.require("Version", where);
  const architecture = stanza.get("Architecture") ?? "all";
  const [, source = name, sourceVersion = version] =
    /^(\S+)(?:\s*\(\s*([^)\s]*)\s*\))?/.exec(stanza.get("Source") ?? "") ?? [];
  for (const word of [name, version, architecture, source, sourceVersion])
    if (!plain.test(word)) throw malformed(where, `${JSON.stringify(word.slice(0, 60))} is no name or version`);
  const [homepage, description] = [lineOf(stanza, "Homepage"), lineOf(stanza, "Description")];
  return {
    name,
    version,
    architecture,
    source,
    sourceVersion,
    maintainer: lineOf(stanza, "Maintainer"),
    ...(homepage && { homepage }),
    ...(description && { description }),
    databaseNames:
      stanza.get("Multi-Arch") === "same" ? [`${name}:${architecture}`, name] : [name, `${name}:${architecture}`],
  };
}

const plain = /^[A-Za-z0-9][A-Za-z0-9.+~:_-]*$/;

/** The first line of a field for people, without what only a terminal would see; "" where there is none. */
function lineOf(stanza: Stanza, field: string): string {
  const [line = ""] = (stanza.get(field) ?? "").split("\n", 1);
  return line.replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 500);
}

function malformed(where: string, problem: string): IngotError {
  return new IngotError("control-malformed", `${where}: ${problem}`, {
    hint: "do not use this image: its list of packages cannot be believed",
  });
}
