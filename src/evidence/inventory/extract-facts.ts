import { IngotError } from "../../ground/error.ts";
import type { LayerEntry, LayerTar } from "../../oci/layer/layer-tar.ts";
import { readLicences } from "./copyright.ts";
import { readGoProgram } from "./go-program.ts";
import type { FileFact, LayerFacts, ReadAt } from "./file-fact.ts";
import { readNpmPackage } from "./npm-package.ts";
import { readPythonPackage, readPythonRecord } from "./python-package.ts";

/** A kind of file that an inventory looks into. */
type Reader = {
  readonly path: RegExp;
  /** Bytes. A larger file is not read. */
  readonly largest: number;
  readonly read: (content: Buffer, path: string) => FileFact | undefined;
};

const mebibyte = 1 << 20;

// By the end of the path: some systems keep dpkg's database below /usr and link to it.
const readers: readonly Reader[] = [
  { path: /(^|\/)dpkg\/(status|diversions)$/, largest: 64 * mebibyte, read: readText },
  { path: /(^|\/)dpkg\/status\.d\/[^/]+$/, largest: mebibyte, read: readText },
  { path: /(^|\/)dpkg\/info\/[^/]+\.list$/, largest: 16 * mebibyte, read: readText },
  { path: /^(etc|usr\/lib)\/os-release$/, largest: 65_536, read: readText },
  { path: /(^|\/)share\/doc\/[^/]+\/copyright$/, largest: 4 * mebibyte, read: readLicencesFact },
  {
    path: /(^|\/)(node_modules|share\/nodejs|lib\/nodejs)\/(@[^/]+\/)?[^/@][^/]*\/package\.json$/,
    largest: mebibyte,
    read: readNpmPackage,
  },
  {
    path: /\.(dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/,
    // The description, which comes last, may be long.
    largest: 4 * mebibyte,
    read: readPythonPackage,
  },
  { path: /\.dist-info\/RECORD$/, largest: 16 * mebibyte, read: readPythonRecord },
];

/**
 * What the facts of one layer may weigh, about in characters: a thousand lists of 16 MiB are a small blob, and all of the memory of the host. As JSON it may be six
 * times that, which is as long as a string can be.
 */
const mostKept = 80 * mebibyte;

/** What the files of a layer tell an inventory, by path. Throws `layer-malformed` for a layer that only wants to fill the memory. */
export function extractFacts(tar: LayerTar): LayerFacts {
  // A layer may bring a path twice: the last one counts.
  const entries = new Map(tar.entries.map((entry) => [entry.header.path, entry]));
  const facts = new Map<string, FileFact>();
  const read = openReader(tar);
  let weight = 0;
  for (const [path, entry] of entries) {
    const isLink = entry.header.type === "hardlink";
    const file = isLink ? entries.get(entry.header.linkname) : entry;
    const fact = file?.header.type === "file" ? read(path, file) : undefined;
    if (file === undefined || fact === undefined) continue;
    // Reading a list of files anew for each of its names costs time, too.
    weight += weightOf(fact) + (isLink && fact.kind === "record" ? file.header.size : 0);
    if (weight > mostKept) throw tooMuch();
    facts.set(path, fact);
  }
  return facts;
}

function weightOf(fact: FileFact): number {
  switch (fact.kind) {
    case "text":
      return fact.text.length;
    case "licences":
      return fact.licences.reduce((sum, { length }) => sum + length, 50);
    case "packages":
      return fact.packages.reduce((sum, { name, version }) => sum + name.length + version.length + 100, 50);
    case "record":
      return fact.paths.reduce((sum, { length }) => sum + length + 20, 50);
    case "skipped":
      return 100;
  }
}

/** Reads the content of a file once, however many names it has: a million hard links to one program are a small blob, and hours of work. */
function openReader(tar: LayerTar): (path: string, entry: LayerEntry) => FileFact | undefined {
  const known = new Map<string, FileFact | undefined>();
  return (path, entry) => {
    const reader = readers.find((one) => one.path.test(path));
    // What a list of files says depends on where it lies.
    if (reader?.read === readPythonRecord) return readFact(tar, path, { entry, reader });
    const key = `${entry.offset} ${reader === undefined ? entry.header.mode & 0o111 : readers.indexOf(reader)}`;
    if (known.has(key)) return known.get(key);
    const fact = readFact(tar, path, { entry, reader });
    known.set(key, fact);
    return fact;
  };
}

type Reading = { readonly entry: LayerEntry; readonly reader: Reader | undefined };

function readFact(tar: LayerTar, path: string, { entry, reader }: Reading): FileFact | undefined {
  const { header, offset } = entry;
  const at: ReadAt = (from, length) => {
    const end = Math.min(from + length, header.size);
    return from >= end ? Buffer.alloc(0) : joined(tar.read(offset + from, end - from));
  };
  if (reader === undefined) return (header.mode & 0o111) === 0 ? undefined : readGoProgram(at, header.size);
  const limit = `${reader.largest / 1024} KiB`;
  if (header.size > reader.largest) return { kind: "skipped", why: `is larger than ${limit} and was not read` };
  return reader.read(at(0, header.size), path);
}

function joined(pieces: Iterable<Buffer>): Buffer {
  const all = [...pieces];
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all);
}

function readText(content: Buffer): FileFact {
  return { kind: "text", text: content.toString("utf8") };
}

function readLicencesFact(content: Buffer): FileFact {
  return { kind: "licences", licences: readLicences(content.toString("utf8")) };
}

function tooMuch(): IngotError {
  return new IngotError(
    "layer-malformed",
    `a layer holds more than ${mostKept / mebibyte} MiB of dpkg's database and of lists of packages and files`,
    { hint: "do not use this image: no system of packages is that large" },
  );
}
