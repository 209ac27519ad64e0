import type { Database } from "../../ledger/projection/database.ts";

/** A page of a list: at most `most` entries after `after`, which need not be there any more. */
export type PageAsked = { readonly most: number; readonly after?: string };

/** Whether a repository has a manifest. */
export function hasRepository(state: Database, repository: string): boolean {
  return state.get("SELECT 1 FROM manifests WHERE repository = ? LIMIT 1", repository) !== undefined;
}

/** In the order of distribution-spec, "Listing Tags": letters of either case are alike. */
export function listTags(state: Database, repository: string, { most, after }: PageAsked): readonly string[] {
  const rows =
    after === undefined
      ? state.all<{ tag: string }>(
          "SELECT tag FROM tags WHERE repository = ? ORDER BY tag COLLATE NOCASE, tag LIMIT ?",
          repository,
          most,
        )
      : state.all<{ tag: string }>(
          `SELECT tag FROM tags WHERE repository = ?1 AND tag COLLATE NOCASE >= ?2 AND (tag COLLATE NOCASE > ?2 OR tag > ?2)
            ORDER BY tag COLLATE NOCASE, tag LIMIT ?3`,
          repository,
          after,
          most,
        );
  return rows.map(({ tag }) => tag);
}

/** Repositories with a manifest, in order. */
export function listRepositories(state: Database, { most, after = "" }: PageAsked): readonly string[] {
  return state
    .all<{ repository: string }>(
      "SELECT DISTINCT repository FROM manifests WHERE repository > ? ORDER BY repository LIMIT ?",
      after,
      most,
    )
    .map(({ repository }) => repository);
}

/** Digests of what is attached to a manifest, in order, also when that manifest is not there (yet). */
export function listReferrerDigests(
  state: Database,
  of: { readonly repository: string; readonly subject: string; readonly artifactType?: string },
  { most, after = "" }: PageAsked,
): readonly string[] {
  return state
    .all<{ digest: string }>(
      `SELECT digest FROM manifests WHERE repository = ?1 AND subject = ?2 AND (?3 IS NULL OR artifact_type = ?3) AND digest > ?4
        ORDER BY digest LIMIT ?5`,
      of.repository,
      of.subject,
      of.artifactType ?? null,
      after,
      most,
    )
    .map(({ digest }) => digest);
}

/** Manifests of a repository that list a blob, the newest first. */
export function manifestsWithBlob(
  state: Database,
  { repository, blob }: Omit<PartAsked, "manifest">,
  most: number,
): readonly string[] {
  return state
    .all<{ manifest: string }>(
      "SELECT manifest FROM parts WHERE repository = ? AND digest = ? AND kind = 'blob' ORDER BY event DESC LIMIT ?",
      repository,
      blob,
      most,
    )
    .map(({ manifest }) => manifest);
}

/** Whether a manifest of a repository lists a blob. */
export function hasBlob(state: Database, { repository, manifest, blob }: PartAsked): boolean {
  const sql = "SELECT 1 FROM parts WHERE repository = ? AND digest = ? AND manifest = ? AND kind = 'blob'";
  return state.get(sql, repository, blob, manifest) !== undefined;
}

type PartAsked = { readonly repository: string; readonly manifest: string; readonly blob: string };

/** Manifests of a repository that list a manifest: indexes. */
export function indexesWith(state: Database, repository: string, manifest: string): readonly string[] {
  return state
    .all<{ manifest: string }>(
      "SELECT manifest FROM parts WHERE repository = ? AND digest = ? AND kind = 'manifest' ORDER BY manifest",
      repository,
      manifest,
    )
    .map((row) => row.manifest);
}

/** The manifests of an index, as they are in the repository. */
export function childrenOf(state: Database, repository: string, index: string): readonly string[] {
  return state
    .all<{ digest: string }>(
      "SELECT digest FROM parts WHERE repository = ? AND manifest = ? AND kind = 'manifest' ORDER BY digest",
      repository,
      index,
    )
    .map(({ digest }) => digest);
}

/** Whether any repository needs a blob or manifest. */
export function isListed(state: Database, digest: string): boolean {
  return (
    state.get("SELECT 1 FROM manifests WHERE digest = ? LIMIT 1", digest) !== undefined ||
    state.get("SELECT 1 FROM parts WHERE digest = ? LIMIT 1", digest) !== undefined
  );
}
