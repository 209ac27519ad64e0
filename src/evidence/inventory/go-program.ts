import { findElfSection } from "./elf-file.ts";
import type { FileFact, ReadAt } from "./file-fact.ts";
import { solidWord, type NamedPackage } from "./named-package.ts";

const magic = Buffer.from("\xff Go buildinf:", "latin1");
/** Strings follow the head, instead of addresses of them: Go 1.18 and newer (debug/buildinfo of Go's own library). */
const inlineStrings = 2;
const headLength = 32;
/** The largest programs name some thousand modules. */
const largest = 4 << 20;
const mostModules = 20_000;

/** The modules that a Go program was built of, and Go's own library; undefined for any other file. */
export function readGoProgram(at: ReadAt, size: number): FileFact | undefined {
  if (size < headLength || at(0, 4).toString("latin1") !== "\x7fELF") return undefined;
  const section = findElfSection(at, ".go.buildinfo");
  if (section === undefined) return undefined;
  const content = at(section.offset, Math.min(section.size, largest));
  if (!content.subarray(0, magic.length).equals(magic)) return undefined;
  if (((content[15] ?? 0) & inlineStrings) === 0)
    return { kind: "skipped", why: "is a Go program of a Go before 1.18, whose modules cannot be read" };
  const version = readString(content, headLength);
  const modules = version && readString(content, version.end);
  if (!version || !modules) return { kind: "skipped", why: "is a Go program whose build information is damaged" };
  return { kind: "packages", packages: [...libraryOf(version.text), ...modulesOf(modules.text)] };
}

/** Length as a varint, then the bytes. */
function readString(content: Buffer, start: number): { readonly text: string; readonly end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = content[at++];
    if (byte === undefined || shift > 28) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const end = at + length;
  return end > content.length ? undefined : { text: content.toString("utf8", at, end), end };
}

/**
 * `go1.22.1 X:…` → the package `stdlib` 1.22.1, as vulnerability databases call Go's own library; `go1.18.1b7` is 1.18.1 with another cryptography. One that says
 * no number (`devel go1.23-…`) is listed as unknown, so that nobody takes it for looked at.
 */
function libraryOf(text: string): readonly NamedPackage[] {
  const [, version = "(devel)"] = /^go(\d+\.\d+(?:\.\d+)?(?:(?:beta|rc)\d+)?)/.exec(text) ?? [];
  return [{ ecosystem: "golang", name: "stdlib", version }];
}

/** Lines `path`, `mod`, `dep`, `=>` and `build`, their parts divided by tabs; sixteen bytes of marks stand before and after them. */
function modulesOf(text: string): readonly NamedPackage[] {
  const found: NamedPackage[] = [];
  for (const line of text.split("\n", mostModules)) {
    const [kind = "", name, version] = line.split("\t");
    if (kind === "=>") {
      const replaced = found.pop();
      // Replaced by a folder of the builder, a module has no version that anybody else knows.
      const isFolder = /^[./]/.test(name ?? "");
      const instead =
        (isFolder ? undefined : moduleOf(name, version)) ?? (replaced && { ...replaced, version: "(devel)" });
      if (instead !== undefined) found.push(instead);
    } else if (kind.endsWith("mod") || kind === "dep") {
      const named = moduleOf(name, version);
      if (named !== undefined) found.push(named);
    }
  }
  return found;
}

function moduleOf(name: string | undefined, version: string | undefined): NamedPackage | undefined {
  const [known, number] = [solidWord(name), solidWord(version)];
  if (known === undefined || number === undefined) return undefined;
  return { ecosystem: "golang", name: known, version: number };
}
