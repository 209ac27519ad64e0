import { createReadStream } from "node:fs";
import { digester, type Digest } from "./digest.ts";
import { listBlobs } from "./collect.ts";
import type { Layout } from "./layout.ts";
import { nameOf } from "./layout/references.ts";
import { partsOf, readManifest } from "./layout/reachable.ts";
import { namedLists } from "./referrers/layout-list.ts";

/** Something in a layout that is not as it should be. */
export type LayoutFinding =
  /** The file's content has another digest than its name. */
  | { readonly kind: "damaged"; readonly digest: Digest; readonly path: string; readonly images: readonly string[] }
  /** An image needs a blob that is not there. */
  | { readonly kind: "missing"; readonly digest: Digest; readonly path: string; readonly images: readonly string[] };

/** Hashes every blob again, and looks whether every named image is whole. `images`: the names, or digests, of the images concerned. */
export async function checkLayout(
  layout: Layout,
  options: { roots?: readonly Digest[]; onProgress?: (bytes: number) => void } = {},
): Promise<readonly LayoutFinding[]> {
  const blobs = listBlobs(layout);
  const damaged = new Set<Digest>();
  for (const { digest, size } of blobs) {
    if ((await hashFile(layout.blobPath(digest))) !== digest) damaged.add(digest);
    options.onProgress?.(size);
  }
  const present = new Set(blobs.map(({ digest }) => digest));
  const users = usersOf(layout, options.roots ?? []);
  const wrong = [...new Set([...damaged, ...users.keys()])].filter(
    (digest) => damaged.has(digest) || !present.has(digest),
  );
  return wrong.toSorted().map((digest) => ({
    kind: damaged.has(digest) ? ("damaged" as const) : ("missing" as const),
    digest,
    path: layout.blobPath(digest),
    images: [...(users.get(digest) ?? [])].toSorted(),
  }));
}

async function hashFile(path: string): Promise<Digest> {
  const hash = digester();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest();
}

/** For every blob that a named image or a root needs: which of them need it. */
function usersOf(layout: Layout, roots: readonly Digest[]): Map<Digest, Set<string>> {
  const users = new Map<Digest, Set<string>>();
  const named = layout.listManifests().map((entry) => [entry.digest, nameOf(entry) ?? entry.digest] as const);
  // What is attached to an image counts as its part: the list, and what it lists.
  const attached = namedLists(layout.folder).flatMap(({ subject, descriptor }) => {
    const names = named.flatMap(([digest, name]) => (digest === subject ? [name] : []));
    return (names.length === 0 ? [subject] : names).map((name) => [descriptor.digest, name] as const);
  });
  for (const [root, name] of [...named, ...attached, ...roots.map((digest) => [digest, digest] as const)]) {
    const pending = [root];
    const followed = new Set<Digest>();
    for (let digest = pending.pop(); digest !== undefined; digest = pending.pop()) {
      if (followed.has(digest)) continue;
      followed.add(digest);
      addUser(users, digest, name);
      const manifest = readManifest(layout, digest);
      // What is in a layer is not followed, as in garbage collection: a manifest in one is content like any other.
      if (manifest?.kind === "index") pending.push(...partsOf(manifest));
      else if (manifest !== undefined) for (const part of partsOf(manifest)) addUser(users, part, name);
    }
  }
  return users;
}

function addUser(users: Map<Digest, Set<string>>, digest: Digest, name: string): void {
  users.set(digest, (users.get(digest) ?? new Set()).add(name));
}
