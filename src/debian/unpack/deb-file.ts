import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { IngotError } from "../../ground/error.ts";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { readTar } from "../../oci/tar/read.ts";
import { parseSingleControl, type Stanza } from "../archive/control.ts";
import { debMalformed, readAr } from "./ar.ts";
import { decompressMember } from "./decompress.ts";
import { namePackage } from "./name-package.ts";

/** One binary package: its control part read, its data part still compressed. */
export type DebFile = {
  /** Package name and version, for errors. */
  readonly where: string;
  /** Hex, of the whole file. */
  readonly sha256: string;
  readonly control: Stanza;
  /** The files of control.tar by name: control, maintainer scripts, md5sums, conffiles, triggers … */
  readonly controlFiles: ReadonlyMap<string, TarEntry>;
  /** Bytes that its entries take in memory, or more, by its own word: `Installed-Size` counts in KiB (deb-control(5)). */
  readonly unpackedSize: number;
  /** Decompresses data.tar: its entries in their order, contents as views into one buffer. */
  readonly readEntries: () => Promise<readonly TarEntry[]>;
};

/**
 * Reads a .deb and checks that it is the one that was locked. Throws `deb-altered` when the digest differs, `deb-malformed`, `tar-malformed` or
 * `archive-escapes-root` when the content is not what a .deb holds.
 */
export async function readDeb(file: string, options: { where: string; sha256: string }): Promise<DebFile> {
  const { where, sha256 } = options;
  const archive = await readFile(file);
  checkDigest(archive, where, sha256);
  const members = readAr(archive, where);
  if (!members.get("debian-binary")?.toString("latin1").startsWith("2."))
    throw debMalformed(where, "its format is not 2");
  const control = await readMember(members, { prefix: "control.tar", where });
  const files = new Map(control.filter((entry) => entry.type === "file").map((entry) => [entry.path, entry]));
  const stanza = files.get("control");
  if (stanza === undefined) throw debMalformed(where, "control.tar has no control file");
  for (const name of files.keys())
    if (!controlName.test(name)) throw debMalformed(where, `a control file named ${JSON.stringify(name)}`);
  const fields = parseSingleControl(stanza.content, { where });
  const said = Number(fields.get("Installed-Size") ?? 0) * 1024;
  return {
    where,
    sha256,
    control: fields,
    controlFiles: files,
    unpackedSize: said >= archive.length ? said : archive.length,
    readEntries: () => readMember(members, { prefix: "data.tar", where }),
  };
}

function checkDigest(archive: Buffer, where: string, expected: string): void {
  const found = hash("sha256", archive, "hex");
  if (found === expected) return;
  throw new IngotError(
    "deb-altered",
    `the archive of ${where} has the SHA-256 ${found}, and the lock says ${expected}`,
    {
      hint: "ingot gc --check --remove-damaged, then run the same command again: it is fetched anew",
    },
  );
}

async function readMember(
  members: ReadonlyMap<string, Buffer>,
  { prefix, where }: { prefix: string; where: string },
): Promise<readonly TarEntry[]> {
  const found = [...members].filter(([name]) => name === prefix || name.startsWith(`${prefix}.`));
  const [first, second] = found;
  if (first === undefined || second !== undefined)
    throw debMalformed(where, `it has ${found.length} members ${prefix}`);
  const tar = await decompressMember(first[0], first[1], where);
  return namePackage(where, () => [...readTar(tar, { absolute: "refuse" })]);
}

/** dpkg's own rule for file names of its database: no path, nothing hidden. */
const controlName = /^[a-z0-9][a-z0-9._-]*$/i;
