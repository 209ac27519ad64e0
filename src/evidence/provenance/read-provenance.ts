import { hash } from "node:crypto";
import { z } from "zod";
import { IngotError } from "../../ground/error.ts";
import { buildType, type SourceMaterial } from "./provenance.ts";

/** All that is needed to build an image again, out of its provenance. Parsed and within bounds; believed only as far as its signature is. */
export type BuildRecipe = {
  readonly image: string;
  readonly definition: string;
  readonly lock: string;
  readonly compatibility: number;
  /** The release of Ingot that built it. */
  readonly ingot: string;
  readonly sources: readonly SourceMaterial[];
  /** `folder`: the project's, from the root of the work tree, with a slash at its end. */
  readonly commit?: { readonly id: string; readonly folder: string };
  /** ISO 8601. */
  readonly finishedOn: string;
};

/**
 * Reads a predicate that may come from anyone. Throws `provenance-unusable`: made by another builder, cut off, of digests that do not fit their content,
 * or with paths that lead out of a project.
 */
export function readProvenance(predicate: unknown): BuildRecipe {
  const type = typeOf(predicate);
  if (type !== undefined && type !== buildType) {
    throw unusable(`it describes a build of the type ${JSON.stringify(type.slice(0, 200))}, not one of Ingot`);
  }
  const parsed = provenanceSchema.safeParse(predicate);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unusable(`${issue?.path.join(".") || "the whole"}: ${issue?.message.slice(0, 200)}`);
  }
  const { buildDefinition, runDetails } = parsed.data;
  const { externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const commit = resolvedDependencies.flatMap(readCommit)[0];
  return {
    image: externalParameters.image,
    definition: contentOf(externalParameters.definition),
    lock: contentOf(externalParameters.lock),
    compatibility: internalParameters.compatibility,
    ingot: internalParameters.ingot,
    sources: resolvedDependencies.flatMap(readSource),
    ...(commit === undefined ? {} : { commit }),
    finishedOn: runDetails.metadata.finishedOn,
  };
}

/** Whether it describes a build of Ingot; other builders attach theirs, too. */
export function isOurs(predicate: unknown): boolean {
  return typeOf(predicate) === buildType;
}

function typeOf(predicate: unknown): string | undefined {
  const known = z.looseObject({ buildDefinition: z.looseObject({ buildType: z.string() }) }).safeParse(predicate);
  return known.data?.buildDefinition.buildType;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 hex digits");

const embedded = z.looseObject({
  content: z.base64().max(64 << 20),
  digest: z.looseObject({ sha256 }),
});

const dependency = z.looseObject({
  name: z.string().max(4096).exactOptional(),
  digest: z.record(z.string(), z.string().max(200)).exactOptional(),
  content: z
    .base64()
    .max(64 << 10)
    .exactOptional(),
  annotations: z.record(z.string(), z.unknown()).exactOptional(),
});

type Dependency = z.infer<typeof dependency>;

const provenanceSchema = z.looseObject({
  buildDefinition: z.looseObject({
    buildType: z.literal(buildType),
    externalParameters: z.looseObject({ image: z.string().min(1).max(200), definition: embedded, lock: embedded }),
    internalParameters: z.looseObject({ compatibility: z.int().nonnegative(), ingot: z.string().max(100) }),
    resolvedDependencies: z.array(dependency).max(1_000_000),
  }),
  runDetails: z.looseObject({ metadata: z.looseObject({ finishedOn: z.iso.datetime() }) }),
});

/** Attack: a reviewer reads the digest, the builder reads the content. */
function contentOf({ content, digest }: z.infer<typeof embedded>): string {
  const bytes = Buffer.from(content, "base64");
  const actual = hash("sha256", bytes);
  if (actual !== digest.sha256) throw unusable(`its content has the SHA-256 ${actual}, not ${digest.sha256}`);
  const text = bytes.toString("utf8");
  if (Buffer.from(text).equals(bytes)) return text;
  throw unusable("its content is not UTF-8");
}

function readCommit({ digest, annotations = {} }: Dependency): { readonly id: string; readonly folder: string }[] {
  const id = digest?.gitCommit;
  if (id === undefined) return [];
  const { folder } = annotations;
  const isGood =
    typeof folder === "string" && (folder === "" || (folder.endsWith("/") && isInside(folder.slice(0, -1))));
  // Both become an argument of git.
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(id) && isGood) return [{ id, folder }];
  throw unusable("its Git commit is malformed");
}

function readSource({ name: path = "", digest, content, annotations = {} }: Dependency): SourceMaterial[] {
  const { kind } = annotations;
  if (kind !== "file" && kind !== "symlink" && kind !== "directory") return [];
  // Attack: a source of the statement that is written outside of the folder in which the image is built again.
  if (path !== "" && !isInside(path)) throw unusable(`the path ${JSON.stringify(path)} leads out of the project`);
  switch (kind) {
    case "directory":
      return [{ path, type: "directory" }];
    case "symlink":
      return [{ path, type: "symlink", linkname: linknameOf(path, content) }];
    case "file":
      return [{ path, type: "file", sha256: sha256Of(path, digest), isExecutable: annotations.mode === "0755" }];
  }
}

function linknameOf(path: string, content = ""): string {
  const linkname = Buffer.from(content, "base64").toString("utf8");
  if (linkname !== "" && !linkname.includes("\0") && linkname.length < 4096) return linkname;
  throw unusable(`the link ${JSON.stringify(path)} leads nowhere`);
}

function sha256Of(path: string, digest: Dependency["digest"]): string {
  const parsed = sha256.safeParse(digest?.sha256);
  if (parsed.success) return parsed.data;
  throw unusable(`the file ${JSON.stringify(path)} has no SHA-256`);
}

/** Relative, with slashes, without empty parts, "." and "..". */
function isInside(path: string): boolean {
  return !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function unusable(reason: string): IngotError {
  return new IngotError("provenance-unusable", `the provenance cannot be built from: ${reason}`, {
    hint: "`ingot evidence IMAGE` shows all that is attached to the image",
  });
}
