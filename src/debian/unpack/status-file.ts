import { hash } from "node:crypto";
import type { TarEntry } from "../../oci/tar/entry.ts";
import type { DebFile } from "./deb-file.ts";

/** A stanza of /var/lib/dpkg/status for a package that is unpacked and not configured. dpkg puts the fields in its own order when it rewrites it. */
export function statusStanza(deb: DebFile, entries: readonly TarEntry[]): string {
  // The control file as it is: dpkg keeps even a blank at the end of a line.
  const control = deb.controlFiles.get("control")?.content.toString("utf8").trimEnd() ?? "";
  const conffiles = conffileLines(deb, entries);
  const fields = ["Status: install ok unpacked\n", ...(conffiles.length > 0 ? ["Conffiles:\n", ...conffiles] : [])];
  return `${control}\n${fields.join("")}\n`;
}

/**
 * Conffiles with their sums. `dpkg --unpack` would write `newconffile` and a file `.dpkg-new`, and the sum once it is in place; they are in place
 * already, and `dpkg --configure` leaves a conffile without `.dpkg-new` as it is.
 */
function conffileLines(deb: DebFile, entries: readonly TarEntry[]): readonly string[] {
  const listed = deb.controlFiles.get("conffiles")?.content.toString("utf8").split("\n") ?? [];
  const paths = listed.map((line) => line.trim()).filter((line) => line.startsWith("/"));
  const files = new Map(entries.map((entry) => [entry.path, entry]));
  return paths.flatMap((path) => {
    const entry = files.get(path.slice(1));
    return entry?.type === "file" ? [` ${path} ${hash("md5", entry.content, "hex")}\n`] : [];
  });
}
