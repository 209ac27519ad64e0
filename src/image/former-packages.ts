import { parsePackage } from "../debian/resolve/stanza.ts";
import type { PackageIndex } from "../debian/resolve/package-index.ts";
import { findInVault } from "../debian/archive/vault.ts";
import type { Package } from "../debian/package.ts";
import { readDeb } from "../debian/unpack/deb-file.ts";
import type { Context } from "../ground/context.ts";
import type { ImageLock, LockedPackage } from "./lock.ts";

export type FormerPackagesInput = {
  readonly former: ImageLock | undefined;
  readonly index: PackageIndex;
  readonly pins: ReadonlyMap<string, string>;
};

/**
 * The pinned packages that the archive no longer lists, read from the vault: so that an update of one package need not move others only because
 * the mirror has dropped their version. What the vault does not have either is left out, and moves.
 */
export async function knownFormerPackages(ctx: Context, input: FormerPackagesInput): Promise<readonly Package[]> {
  const dropped = (input.former?.packages ?? []).filter(
    (item) => input.pins.get(item.name) === item.version && !isListed(input.index, item),
  );
  const found = await Promise.all(dropped.map((item) => readFormer(ctx, item, input.index)));
  return found.filter((item) => item !== undefined);
}

function isListed(index: PackageIndex, item: LockedPackage): boolean {
  return index.candidates(item.name).some((candidate) => candidate.sha256 === item.sha256);
}

async function readFormer(ctx: Context, item: LockedPackage, index: PackageIndex): Promise<Package | undefined> {
  const file = findInVault(ctx, item.sha256);
  if (file === undefined) return undefined;
  const where = `${item.name} ${item.version}`;
  const deb = await readDeb(file, { where, sha256: item.sha256 });
  const suite = index.suites.findIndex((known) => known.archive === item.archive);
  const { path: filename, size, sha256 } = item;
  return { ...parsePackage(deb.control, { where, suite }), filename, size, sha256 };
}
