import type { TarEntryType, TarHeader } from "./entry.ts";
import { decodeUtf8, fields, readNumber, readText, sumHeader, sumHeaderSigned } from "./fields.ts";
import { tarMalformed, type TarPosition } from "./malformed.ts";
import { checkTarPath, type AbsolutePaths } from "./path.ts";
import { parsePax, xattrKeyword, type PaxRecords } from "./pax.ts";

/** What a header block says comes next. */
export type HeaderStep =
  /** `size` bytes that describe the next entry: hand them to `extend`. */
  | { readonly kind: "extension"; readonly type: ExtensionType; readonly size: number }
  | { readonly kind: "entry"; readonly header: TarHeader }
  | { readonly kind: "zero" };

type ExtensionType = "L" | "K" | "x" | "g";

/** The state machine both readers share: collects extended headers until the entry they describe. */
export class HeaderAssembler {
  readonly #absolute: AbsolutePaths;
  #global: PaxRecords = none;
  #local: PaxRecords = none;
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(absolute: AbsolutePaths = "strip") {
    this.#absolute = absolute;
  }

  /** Whether an extended header still waits for its entry. */
  get isPending(): boolean {
    return this.#local !== none || this.#longName !== undefined || this.#longLink !== undefined;
  }

  accept(block: Buffer, offset: number): HeaderStep {
    if (isZero(block)) return { kind: "zero" };
    checkSum(block, { offset });
    const type = block.toString("latin1", fields.type[0], fields.type[0] + 1);
    if (isExtension(type)) return this.#acceptExtension(type, block, offset);
    const header = this.#assemble(type, block, offset);
    this.#local = none;
    this.#longName = this.#longLink = undefined;
    return { kind: "entry", header };
  }

  /** Takes the body that an `extension` step announced. */
  extend(type: ExtensionType, body: Buffer, offset: number): void {
    if (type === "x") this.#local = parsePax(body, { offset });
    else if (type === "g") this.#global = new Map([...this.#global, ...parsePax(body, { offset })]);
    else if (type === "L") this.#longName = cString(body, { offset });
    else this.#longLink = cString(body, { offset });
  }

  #acceptExtension(type: ExtensionType, block: Buffer, offset: number): HeaderStep {
    const size = readNumber(block, fields.size, { offset });
    // An attacker's header of gigabytes would be held in memory; no real one comes near a mebibyte (Go has the same limit).
    if (size < 0 || size > 1 << 20) throw tarMalformed(`an extended header of ${size} bytes`, { offset });
    return { kind: "extension", type, size };
  }

  #assemble(flag: string, block: Buffer, offset: number): TarHeader {
    const rawPath = this.#text("path", { offset }) ?? this.#longName ?? readName(block, offset);
    const position = { offset, entry: rawPath };
    const path = checkTarPath(rawPath, this.#absolute);
    const type = entryType(flag, rawPath, position);
    if (path === "" && type !== "directory") throw tarMalformed(`a ${type} without a name`, position);
    const linkname = this.#linkname(type, block, position);
    if (Math.max(path.length, linkname.length) > maximumPath)
      throw tarMalformed("a path longer than 4096 bytes", position);
    const size = this.#number("size", position) ?? readNumber(block, fields.size, position);
    if (size < 0) throw tarMalformed(`a size of ${size} bytes`, position);
    const header: TarHeader = {
      path,
      type,
      mode: readNumber(block, fields.mode, position) & 0o7777,
      uid: this.#number("uid", position) ?? readNumber(block, fields.uid, position),
      gid: this.#number("gid", position) ?? readNumber(block, fields.gid, position),
      mtime: this.#number("mtime", position) ?? readNumber(block, fields.mtime, position),
      // Old archivers left the target's size in the header of a link or directory, with no content behind it.
      size: type === "file" ? size : 0,
      linkname,
      xattrs: this.#xattrs(position),
    };
    if (type !== "character" && type !== "block") return header;
    const device = {
      major: readNumber(block, fields.major, position),
      minor: readNumber(block, fields.minor, position),
    };
    return { ...header, device };
  }

  #linkname(type: TarEntryType, block: Buffer, position: TarPosition): string {
    if (type !== "symlink" && type !== "hardlink") return "";
    const raw = this.#text("linkpath", position) ?? this.#longLink ?? readText(block, fields.linkname, position);
    if (raw === "") throw tarMalformed(`a ${type} without a target`, position);
    // A hard link names an entry of the archive and must stay inside; a symlink is text until somebody follows it.
    return type === "hardlink" ? checkTarPath(raw, this.#absolute) : raw;
  }

  /** A record of the local or else the global header; an empty value means: as in the block (POSIX pax). */
  #record(keyword: string): Buffer | undefined {
    if (this.#local === none && this.#global === none) return undefined;
    const value = this.#local.get(keyword) ?? this.#global.get(keyword);
    return value?.length === 0 ? undefined : value;
  }

  #text(keyword: string, position: TarPosition): string | undefined {
    const value = this.#record(keyword);
    if (value === undefined) return undefined;
    if (value.includes(0)) throw tarMalformed(`a NUL in the pax record ${keyword}`, position);
    return decodeUtf8(value, position);
  }

  #number(keyword: string, position: TarPosition): number | undefined {
    const text = this.#record(keyword)?.toString("latin1");
    if (text === undefined) return undefined;
    const value = Math.floor(Number(text));
    if (!/^-?[0-9]+(\.[0-9]*)?$/.test(text) || !Number.isSafeInteger(value)) {
      throw tarMalformed(`the pax record ${keyword}=${JSON.stringify(text)} is not a number`, position);
    }
    return value;
  }

  #xattrs(position: TarPosition): ReadonlyMap<string, Buffer> {
    if (this.#local === none && this.#global === none) return none;
    const found = new Map<string, Buffer>();
    for (const [keyword, value] of [...this.#global, ...this.#local]) {
      // A sparse file's content is a map and pieces, not its bytes; no image builder writes one.
      if (keyword.startsWith("GNU.sparse.")) throw tarMalformed("sparse files are not supported", position);
      if (keyword.startsWith(xattrKeyword)) found.set(keyword.slice(xattrKeyword.length), value);
    }
    return found.size === 0 ? none : found;
  }
}

/** PATH_MAX of Linux. Nothing can be unpacked to a longer path; one of 500,000 components would exhaust whoever walks it. */
const maximumPath = 4096;

const none: ReadonlyMap<string, Buffer> = new Map();

function isExtension(type: string): type is ExtensionType {
  return type === "L" || type === "K" || type === "x" || type === "g";
}

function isZero(block: Buffer): boolean {
  if (block[0] !== 0) return false;
  return block.every((byte) => byte === 0);
}

function checkSum(block: Buffer, position: TarPosition): void {
  const expected = readNumber(block, fields.checksum, position);
  if (sumHeader(block) === expected || sumHeaderSigned(block) === expected) return;
  throw tarMalformed(`the header's checksum is ${sumHeader(block)}, and it says ${expected}`, position);
}

/** The name of a ustar header, with its prefix; GNU's own format keeps times where the prefix would be. */
function readName(block: Buffer, offset: number): string {
  const name = readText(block, fields.name, { offset });
  if (block.toString("latin1", fields.magic[0], fields.magic[0] + 6) !== "ustar\0") return name;
  const prefix = block[fields.prefix[0]] === 0 ? "" : readText(block, fields.prefix, { offset });
  return prefix === "" ? name : `${prefix}/${name}`;
}

function entryType(flag: string, rawPath: string, position: TarPosition): TarEntryType {
  const type = types[flag];
  if (type === undefined) throw tarMalformed(`the type flag ${JSON.stringify(flag)} is not known`, position);
  // Before ustar a directory was a file whose name ends in a slash.
  return type === "file" && rawPath.endsWith("/") ? "directory" : type;
}

const types: Readonly<Record<string, TarEntryType>> = {
  "\0": "file",
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

function cString(body: Buffer, position: TarPosition): string {
  const end = body.indexOf(0);
  return decodeUtf8(end === -1 ? body : body.subarray(0, end), position);
}
