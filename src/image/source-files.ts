import { lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { IngotError } from "../ground/error.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import type { FileDefinition } from "../project/definition.ts";

/** One file, folder or link that the person's `files` put into an image; owners still by name. */
export type SourceFile = {
  /** Path in the image without the leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** Where it lies on this host; absent for content that the definition itself holds. */
  readonly from?: SourcePlace;
} & (
  | { readonly type: "directory" }
  | { readonly type: "symlink"; readonly linkname: string }
  | { readonly type: "file"; readonly content: Buffer; readonly digest: Digest }
);

/** `path` is absolute, by the name that the definition uses, even where that leads through a link. */
export type SourcePlace = { readonly path: string; readonly isExecutable: boolean };

type Ownership = { readonly owner: string; readonly group: string };

/**
 * Reads what `files` names from the host, folders with all that is in them, in byte order. Of the host's metadata only the
 * executable bit counts, because umask, owner and time differ from machine to machine. Throws `file-unsupported` for sockets and devices.
 */
export function readSourceFiles(definitions: readonly FileDefinition[]): readonly SourceFile[] {
  return definitions.flatMap((definition) => {
    const path = definition.target.slice(1);
    const ownership = { owner: definition.owner ?? "root", group: definition.group ?? "root" };
    if (definition.from.kind === "content") {
      const content = Buffer.from(definition.from.content);
      return [{ type: "file", path, mode: definition.mode ?? 0o644, ...ownership, content, digest: digestOf(content) }];
    }
    // A source that is itself a link stands for what it leads to; links inside a folder stay links.
    const { source } = definition.from;
    return readTree({ source: realpathSync(source), named: source, path }, { mode: definition.mode, ...ownership });
  });
}

type Place = { readonly source: string; readonly named: string; readonly path: string };

function readTree(
  { source, named, path }: Place,
  options: Ownership & { readonly mode: number | undefined },
): SourceFile[] {
  const { mode, ...ownership } = options;
  const stat = lstatSync(source);
  const isExecutable = stat.isFile() && (stat.mode & 0o100) !== 0;
  const from = { path: named, isExecutable };
  if (stat.isSymbolicLink())
    return [{ type: "symlink", path, mode: 0o777, ...ownership, from, linkname: readlinkSync(source) }];
  if (stat.isFile()) {
    const content = readFileSync(source);
    const byDefault = isExecutable ? 0o755 : 0o644;
    return [{ type: "file", path, mode: mode ?? byDefault, ...ownership, from, content, digest: digestOf(content) }];
  }
  if (!stat.isDirectory()) {
    throw new IngotError("file-unsupported", `${source} is neither a file, a folder nor a symbolic link`, {
      hint: "remove it, or name the files beside it one by one",
    });
  }
  const children = readdirSync(source).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return [
    { type: "directory", path, mode: 0o755, ...ownership, from },
    ...children.flatMap((name) =>
      readTree({ source: join(source, name), named: join(named, name), path: `${path}/${name}` }, options),
    ),
  ];
}
