import { existsSync, rmSync } from "node:fs";
import { checkVault } from "../debian/archive/check-vault.ts";
import type { Context } from "../ground/context.ts";
import { checkLayout } from "../oci/check-layout.ts";
import { findDamagedFiles, setAside } from "../oci/damaged-files.ts";
import { openStore, storeFolder } from "../oci/layout.ts";
import { findDamagedContent, imagesInUse } from "../runtime/collect-content.ts";

/** A file of Ingot's home that no longer has the content that it should. */
export type Finding = {
  readonly place: "store" | "vault" | "content";
  readonly path: string;
  readonly what: string;
  /** Not named by its content, so that it is kept under another name instead of being removed. */
  readonly isSetAside?: true;
};

const unreadable =
  "damaged; once it is set aside, build or pull the images again before the next ingot gc, for they have no names";

/** Hashes everything again. */
export async function checkHome(ctx: Context): Promise<readonly Finding[]> {
  return [...(await checkStore(ctx)), ...(await checkArchives(ctx)), ...(await checkContent(ctx))];
}

/** Takes away what is damaged in store and vault, and returns the paths: all but two files there are named by their content, so that nothing is lost. */
export function removeDamaged(findings: readonly Finding[]): readonly string[] {
  const present = findings.filter(({ place, path }) => place !== "content" && existsSync(path));
  for (const { path, isSetAside } of present) {
    if (isSetAside) setAside(path);
    else rmSync(path);
  }
  return present.map(({ path }) => path);
}

async function checkStore(ctx: Context): Promise<readonly Finding[]> {
  const files = findDamagedFiles(storeFolder(ctx));
  // The rest cannot be told before the store opens again.
  if (files.length > 0) return files.map((path) => ({ place: "store", path, what: unreadable, isSetAside: true }));
  const found = await checkLayout(openStore(ctx), { roots: imagesInUse(ctx) });
  return found.map(({ kind, path, images }) => {
    const users = images.length === 0 ? "no image needs it" : `needed by ${images.join(", ")}`;
    return { place: "store", path, what: `${kind}; ${users}` };
  });
}

async function checkArchives(ctx: Context): Promise<readonly Finding[]> {
  const { damaged } = await checkVault(ctx);
  return damaged.map((path) => ({ place: "vault", path, what: "damaged; it is fetched again when a build needs it" }));
}

async function checkContent(ctx: Context): Promise<readonly Finding[]> {
  return (await findDamagedContent(ctx)).map((path) => ({
    place: "content",
    path,
    what: "damaged; stop the instances of its image, and the next ingot run writes it again",
  }));
}
