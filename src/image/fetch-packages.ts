import type { Context } from "../ground/context.ts";
import { fetchArchives } from "../debian/archive/vault.ts";
import type { Project } from "../project/definition.ts";
import { archivesOf } from "./archives-of.ts";
import type { ImageLock, LockedPackage } from "./lock.ts";

/** Brings locked packages into the vault, from any mirror; hex SHA-256 → absolute path. Asks no mirror for what the vault has. */
export async function fetchPackages(
  ctx: Context,
  input: { readonly project: Project; readonly lock: ImageLock; readonly packages: readonly LockedPackage[] },
): Promise<ReadonlyMap<string, string>> {
  if (input.packages.length === 0) return new Map();
  const { project, lock, packages } = input;
  // Only asked for when something is missing: a host without any mirror still builds from a full vault.
  const plan = () => archivesOf(ctx, project, { release: releaseOf(lock), architecture: lock.architecture });
  return fetchArchives(ctx, plan, packages);
}

/** The release that a lock's packages come from: the plain name among its suites. */
export function releaseOf(lock: ImageLock): string {
  const main = lock.suites.filter((suite) => suite.archive === "main").map((suite) => suite.suite);
  return main.toSorted((a, b) => a.length - b.length)[0] ?? "";
}
