import { posix } from "node:path";
import type { FileFact } from "./file-fact.ts";
import { plainWord, solidWord } from "./named-package.ts";
import { normalisePythonName } from "./python-name.ts";

/** Reads METADATA or PKG-INFO (core metadata specification: the head of an e-mail message, the description behind it). */
export function readPythonPackage(content: Buffer): FileFact | undefined {
  const head = readHead(content.toString("utf8"));
  const [name, version] = [solidWord(head.get("name")), solidWord(head.get("version"))];
  if (name === undefined || version === undefined || !distributionName.test(name))
    return { kind: "skipped", why: "names no Python package with its version" };
  const licence = licenceOf(head);
  const named = { ecosystem: "pypi", name: normalisePythonName(name), version } as const;
  return { kind: "packages", packages: [{ ...named, ...(licence !== undefined && { licence }) }] };
}

/** PEP 508, "Names". */
const distributionName = /^[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?$/i;

/** First value of each field, by lower-case name. */
function readHead(text: string): ReadonlyMap<string, string> {
  const head = new Map<string, string>();
  for (const line of text.split("\n", 2000)) {
    if (line.trim() === "") break;
    const [, name, value] = /^([A-Za-z-]+):(.*)$/.exec(line.trimEnd()) ?? [];
    if (name !== undefined && value !== undefined && !head.has(name.toLowerCase()))
      head.set(name.toLowerCase(), value.trim());
  }
  return head;
}

/** `License` may hold a whole text: then it is no name. */
function licenceOf(head: ReadonlyMap<string, string>): string | undefined {
  const name = plainWord(head.get("license-expression")) ?? plainWord(head.get("license"));
  return name === undefined || name === "UNKNOWN" || name.length > 64 ? undefined : name;
}

/** Several times what the largest package installs. */
const mostFiles = 200_000;

/** Reads RECORD (PEP 376): `path,hash,size` a line, the path from the folder that holds the dist-info folder. */
export function readPythonRecord(content: Buffer, path: string): FileFact {
  const folder = posix.dirname(posix.dirname(path));
  const lines = content.toString("utf8").split("\n", mostFiles + 1);
  if (lines.length > mostFiles) return { kind: "skipped", why: `names more than ${mostFiles} files and was not read` };
  const paths: string[] = [];
  for (const line of lines) {
    const [, quoted, plain] = /^(?:"((?:[^"]|"")*)"|([^",]*)),/.exec(line.trimEnd()) ?? [];
    const name = quoted?.replaceAll('""', '"') ?? plain ?? "";
    if (name !== "") paths.push(insideRoot(folder, name));
  }
  return { kind: "record", paths };
}

/** A path that climbs above the root stays at the root: it names no file of the host. */
function insideRoot(folder: string, name: string): string {
  return posix.join("/", name.startsWith("/") ? "" : folder, name).slice(1);
}
