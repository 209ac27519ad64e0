import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { TarEntry } from "../../oci/tar/entry.ts";
import { debMalformed } from "../unpack/ar.ts";
import { readDeb } from "../unpack/deb-file.ts";
import type { SourceBinary } from "./source-versions.ts";

/** What a .deb says of its changelog: the text; or the package whose folder it shares; or nothing. */
export type ChangelogOfDeb =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "elsewhere"; readonly package: string }
  | { readonly kind: "none" };

/**
 * Reads the changelog of the Debian packaging out of a .deb: `changelog.Debian`, or `changelog` of a native package (Debian Policy 12.7). Throws what
 * `readDeb` throws, and `deb-malformed` for one that cannot be unpacked.
 */
export async function readChangelog(file: string, binary: SourceBinary): Promise<ChangelogOfDeb> {
  const { name, version, sha256 } = binary;
  const where = `${name} ${version}`;
  const deb = await readDeb(file, { where, sha256 });
  const entries = new Map((await deb.readEntries()).map((entry) => [entry.path, entry]));
  const folder = `usr/share/doc/${name}`;
  const link = entries.get(folder);
  if (link?.type === "symlink") return shared(link.linkname);
  for (const base of ["changelog.Debian", "changelog"])
    for (const ending of [".gz", ""]) {
      const entry = entries.get(`${folder}/${base}${ending}`);
      // A link to another package's file names its folder; one within the folder is an upstream changelog's.
      if (entry?.type === "symlink" && entry.linkname.includes("/"))
        return shared(entry.linkname.replace(/\/[^/]*$/, ""));
      if (entry?.type === "file") return { kind: "text", text: await unpack(entry, where) };
    }
  return { kind: "none" };
}

/** `nginx-common`, `../nginx-common`, `/usr/share/doc/nginx-common`. */
function shared(target: string): ChangelogOfDeb {
  const name = target.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return name === "" || name === ".." ? { kind: "none" } : { kind: "elsewhere", package: name };
}

/** Ten times what Debian's longest changelog has. */
const largestChangelog = 32 << 20;

async function unpack(entry: TarEntry, where: string): Promise<string> {
  if (!entry.path.endsWith(".gz")) return entry.content.toString("utf8");
  try {
    const bytes = await promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)(entry.content, {
      maxOutputLength: largestChangelog,
    });
    return bytes.toString("utf8");
  } catch (cause) {
    throw debMalformed(where, `${entry.path} cannot be unpacked`, cause);
  }
}
