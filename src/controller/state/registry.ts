import type { Database } from "../../ledger/projection/database.ts";
import type { ManifestKind } from "../events/registry-events.ts";
import type { Subject } from "./subject.ts";

export const registryState: Subject = {
  tables: [
    `CREATE TABLE manifests (repository TEXT NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, artifact_type TEXT, subject TEXT, base TEXT,
      pushed_by TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (repository, digest)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX manifests_by_digest ON manifests (digest)",
    "CREATE INDEX manifests_by_subject ON manifests (repository, subject) WHERE subject IS NOT NULL",
    "CREATE INDEX manifests_by_base ON manifests (base) WHERE base IS NOT NULL",
    // part: a blob or, of an index, a manifest.
    `CREATE TABLE parts (repository TEXT NOT NULL, digest TEXT NOT NULL, manifest TEXT NOT NULL, kind TEXT NOT NULL, event INTEGER NOT NULL,
      PRIMARY KEY (repository, digest, manifest)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX parts_of_manifest ON parts (repository, manifest)",
    "CREATE INDEX parts_by_digest ON parts (digest)",
    `CREATE TABLE tags (repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (repository, tag)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX tags_by_digest ON tags (repository, digest)",
    // The order in which distribution-spec lists them.
    "CREATE INDEX tags_in_order ON tags (repository, tag COLLATE NOCASE, tag)",
  ],
  apply: {
    "manifest.pushed": (state, data, { index, actor }) => {
      const { repository, digest } = data;
      state.run(
        "INSERT OR REPLACE INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        repository,
        digest,
        data.mediaType,
        data.kind,
        data.size,
        data.artifactType ?? null,
        data.subject ?? null,
        data.base ?? null,
        actor,
        index,
      );
      const insert = "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)";
      for (const blob of data.blobs) state.run(insert, repository, blob, digest, "blob", index);
      for (const manifest of data.manifests) state.run(insert, repository, manifest, digest, "manifest", index);
    },
    "manifest.deleted": (state, { repository, digest }) => {
      state.run("DELETE FROM manifests WHERE repository = ? AND digest = ?", repository, digest);
      state.run("DELETE FROM parts WHERE repository = ? AND manifest = ?", repository, digest);
      state.run("DELETE FROM tags WHERE repository = ? AND digest = ?", repository, digest);
    },
    "tag.set": (state, { repository, tag, digest }, { index }) => {
      state.run("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)", repository, tag, digest, index);
    },
    "tag.deleted": (state, { repository, tag }) => {
      state.run("DELETE FROM tags WHERE repository = ? AND tag = ?", repository, tag);
    },
  },
};

export type StoredManifest = {
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly kind: ManifestKind;
  readonly size: number;
  readonly artifactType?: string;
  readonly subject?: string;
  readonly base?: string;
  /** The principal. */
  readonly pushedBy: string;
  readonly event: number;
};

export function findManifest(state: Database, repository: string, digest: string): StoredManifest | undefined {
  const row = state.get<ManifestRow>("SELECT * FROM manifests WHERE repository = ? AND digest = ?", repository, digest);
  return row === undefined ? undefined : toManifest(row);
}

/** Where a tag points. */
export function findTag(state: Database, repository: string, tag: string): string | undefined {
  return state.get<{ digest: string }>("SELECT digest FROM tags WHERE repository = ? AND tag = ?", repository, tag)
    ?.digest;
}

/** Repositories that have a manifest, in order. */
export function repositoriesOf(state: Database, digest: string): readonly string[] {
  return state
    .all<{ repository: string }>("SELECT repository FROM manifests WHERE digest = ? ORDER BY repository", digest)
    .map(({ repository }) => repository);
}

/** Digests of images and indexes that begin so (`sha256:0123…`), at most ten. */
export function imagesWith(state: Database, prefix: string): readonly string[] {
  return state
    .all<{ digest: string }>(
      "SELECT DISTINCT digest FROM manifests WHERE digest >= ? AND digest < ? AND subject IS NULL ORDER BY digest LIMIT 10",
      prefix,
      `${prefix}~`,
    )
    .map(({ digest }) => digest);
}

/** `shop/web:1`, of the newest thousand tags: for asking back. */
export function listImageNames(state: Database): readonly string[] {
  return state
    .all<{ repository: string; tag: string }>("SELECT repository, tag FROM tags ORDER BY event DESC LIMIT 1000")
    .map(({ repository, tag }) => `${repository}:${tag}`);
}

/** The tags of a repository that point at a manifest, in order. */
export function tagsOf(state: Database, repository: string, digest: string): readonly string[] {
  return state
    .all<{ tag: string }>("SELECT tag FROM tags WHERE repository = ? AND digest = ? ORDER BY tag", repository, digest)
    .map(({ tag }) => tag);
}

type ManifestRow = {
  readonly repository: string;
  readonly digest: string;
  readonly media_type: string;
  readonly kind: string;
  readonly size: number;
  readonly artifact_type: string | null;
  readonly subject: string | null;
  readonly base: string | null;
  readonly pushed_by: string;
  readonly event: number;
};

function toManifest(row: ManifestRow): StoredManifest {
  const { repository, digest, size, event, subject, base } = row;
  return {
    repository,
    digest,
    mediaType: row.media_type,
    kind: row.kind as ManifestKind,
    size,
    ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
    ...(subject === null ? {} : { subject }),
    ...(base === null ? {} : { base }),
    pushedBy: row.pushed_by,
    event,
  };
}
