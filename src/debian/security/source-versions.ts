import { parseControl } from "../archive/control.ts";
import { sourceOf } from "../resolve/stanza.ts";
import { compareVersions } from "../resolve/version.ts";
import type { Suite, SuiteIndex } from "../suite.ts";

/** A binary package file of a source, as an index names it. */
export type SourceBinary = {
  readonly name: string;
  readonly version: string;
  readonly sourceVersion: string;
  readonly archive: Suite["archive"];
  /** Path below the archive's root. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
};

/**
 * The binary packages of some sources in a suite, of every version that it has of them, the newest source version first, the smallest file first among
 * equals. A source that the suite does not have is left out. Throws `control-malformed`, `version-malformed`.
 */
export function findSourceBinaries(
  index: SuiteIndex,
  sources: ReadonlySet<string>,
): ReadonlyMap<string, readonly SourceBinary[]> {
  const found = new Map<string, SourceBinary[]>();
  for (const text of index.packages.map((bytes) => bytes.toString("latin1")))
    for (const { source, stanza } of stanzasOf(text, sources)) {
      const binaries = found.get(source) ?? [];
      found.set(source, binaries);
      binaries.push(readBinary(stanza, index.suite));
    }
  for (const binaries of found.values()) binaries.sort(newestAndSmallest);
  return found;
}

/** The stanzas that may be of these sources, found without parsing the others: an index has 50 MB. */
function* stanzasOf(text: string, sources: ReadonlySet<string>): Iterable<{ source: string; stanza: string }> {
  for (let start = 0; start < text.length;) {
    const blank = text.indexOf("\n\n", start);
    const end = blank < 0 ? text.length : blank;
    const stanza = text.slice(start, end);
    const source = /^Source: (\S+)/m.exec(stanza)?.[1] ?? /^Package: (\S+)/m.exec(stanza)?.[1];
    if (source !== undefined && sources.has(source)) yield { source, stanza };
    start = end + 2;
  }
}

function readBinary(text: string, suite: Suite): SourceBinary {
  const where = `${suite.suite} Packages`;
  const [stanza] = parseControl(text, { where });
  const field = (name: string) => stanza?.require(name, where) ?? "";
  const own = { name: field("Package"), version: field("Version") };
  return {
    ...own,
    sourceVersion: stanza === undefined ? own.version : sourceOf(stanza, own).sourceVersion,
    archive: suite.archive,
    path: field("Filename"),
    sha256: field("SHA256"),
    size: Number(field("Size")),
  };
}

function newestAndSmallest(a: SourceBinary, b: SourceBinary): number {
  return compareVersions(b.sourceVersion, a.sourceVersion) || a.size - b.size || (a.name < b.name ? -1 : 1);
}
