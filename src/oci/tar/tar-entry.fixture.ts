import type { TarEntry } from "./entry.ts";

/** An entry for tests: a file of root's with mode 0644 and mtime 0 unless told otherwise. */
export function tarEntry(
  entry: Partial<Omit<TarEntry, "content">> & { path: string; content?: string | Buffer },
): TarEntry {
  const content = Buffer.from(entry.content ?? "");
  return {
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    linkname: "",
    xattrs: new Map(),
    ...entry,
    size: content.length,
    content,
  };
}
