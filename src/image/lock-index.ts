import { readSuites } from "../debian/archive/read-suites.ts";
import { parsePackageIndex, type PackageIndex } from "../debian/resolve/package-index.ts";
import type { Context } from "../ground/context.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { archivesOf } from "./archives-of.ts";
import { lacksSecurity } from "./lacks-security.ts";
import type { LockedImage, LockRequest } from "./lock-project.ts";

/** From which suites of its release an image is locked. */
export type ChosenSuites = "all" | "without security";

/**
 * What a lock was made from stays, as versions do, until all may be updated. An image on another one takes that one's suites: with fewer it could not be
 * resolved, with more it would ask for newer packages than that one has.
 */
export function chooseSuites(
  definition: ImageDefinition,
  { former, locked, update, security }: LockRequest & { readonly locked: ReadonlyMap<string, LockedImage> },
): ChosenSuites {
  if (security !== undefined) return security === "without" ? "without security" : "all";
  if (definition.base.kind === "image") return locked.get(definition.base.name)?.suites ?? "all";
  return update !== "all" && lacksSecurity(former?.images[definition.name]) ? "without security" : "all";
}

export type LockIndexRequest = {
  readonly release: string;
  readonly architecture: string;
  readonly suites: ChosenSuites;
};

/** All packages of a release that an image may be locked to. Throws what reading the archives throws. */
export async function readLockIndex(
  ctx: Context,
  { project, former }: LockRequest,
  { release, architecture, suites: chosen }: LockIndexRequest,
): Promise<PackageIndex> {
  // The lock remembers how new the archive was: a mirror that serves an older state hides fixes.
  const suitesSeen = Object.values(former?.images ?? {}).flatMap((image) => image.suites);
  const oldestFirst = suitesSeen.toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date));
  const notBefore = new Map(oldestFirst.map((suite) => [suite.suite, suite.date]));
  const plan = archivesOf(ctx, project, { release, architecture });
  const wanted = plan.suites.filter(({ archive }) => chosen === "all" || archive !== "security");
  const suites = await readSuites(ctx, { ...plan, suites: wanted }, { notBefore });
  return parsePackageIndex(suites, { architecture });
}
