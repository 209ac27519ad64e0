import { hash } from "node:crypto";
import type { TarEntry } from "../../oci/tar/entry.ts";
import type { Package } from "../package.ts";
import type { DebFile } from "./deb-file.ts";

export const infoFolder = "var/lib/dpkg/info";

/** How dpkg's database calls a package: only what can be installed for two architectures carries its own (`pnaw_nonambig`). */
export function databaseName(item: Package): string {
  return item.multiArch === "same" ? `${item.name}:${item.architecture}` : item.name;
}

function infoPath(item: Package, file: string): string {
  return `${infoFolder}/${databaseName(item)}.${file}`;
}

/** The files of /var/lib/dpkg/info that `dpkg --unpack` makes for a package: its control files, its list of paths, and md5sums where it has none. */
export function infoEntries(item: Package, deb: DebFile, entries: readonly TarEntry[]): readonly TarEntry[] {
  // The newest time inside the package: it changes with the package, and with nothing else.
  const mtime = entries.reduce((newest, entry) => Math.max(newest, entry.mtime), 0);
  const made = [infoFile(infoPath(item, "list"), listOf(entries), mtime)];
  if (!deb.controlFiles.has("md5sums")) made.push(infoFile(infoPath(item, "md5sums"), sumsOf(entries), mtime));
  const kept = [...deb.controlFiles.values()].filter((entry) => entry.path !== "control");
  const shipped = kept.map((entry) => ({ ...entry, path: infoPath(item, entry.path), uid: 0, gid: 0 }));
  return [...made, ...shipped];
}

function listOf(entries: readonly TarEntry[]): string {
  return entries.map((entry) => (entry.path === "" ? "/.\n" : `/${entry.path}\n`)).join("");
}

/** As dpkg computes them while it unpacks: of every regular file. */
function sumsOf(entries: readonly TarEntry[]): string {
  const files = entries.filter((entry) => entry.type === "file");
  return files.map((entry) => `${hash("md5", entry.content, "hex")}  ${entry.path}\n`).join("");
}

function infoFile(path: string, text: string, mtime: number): TarEntry {
  const content = Buffer.from(text);
  const header = { type: "file", mode: 0o644, uid: 0, gid: 0, linkname: "", xattrs: new Map() } as const;
  return { ...header, path, mtime, size: content.length, content };
}
