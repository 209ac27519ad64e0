import { relative } from "node:path";
import { openSigner, type Signer } from "../evidence/keys/signer.ts";
import type { PassphraseOptions } from "../evidence/keys/passphrase.ts";
import { readGitState, type GitState } from "../evidence/provenance/git-state.ts";
import {
  makeProvenance,
  type BaseMaterial,
  type BuildFacts,
  type SourceMaterial,
} from "../evidence/provenance/provenance.ts";
import type { MaterialPackage } from "../evidence/provenance/material-package.ts";
import type { AttachedStatement, signStatements } from "../evidence/provenance/sign-statements.ts";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { readVersion } from "../ground/version.ts";
import { releaseOf } from "../image/fetch-packages.ts";
import type { BuiltImage, BuiltSource } from "../image/build-image.ts";
import { compatibility, type ImageLock, type Lock } from "../image/lock.ts";
import { hexOf, type Digest } from "../oci/digest.ts";
import { openStore } from "../oci/layout.ts";
import { parseImageManifest } from "../oci/manifest.ts";
import type { Project } from "../project/definition.ts";
import { warnUntrusted } from "./warn-untrusted.ts";

/** All that signing needs and that must be known before the build begins. */
export type BuildSigning = {
  readonly signer: Signer;
  readonly git: GitState;
  readonly startedOn: Date;
  readonly signStatements: typeof signStatements;
};

/**
 * Opens the builder's key, so that a passphrase that is missing or wrong is known before anything is built; undefined where there is no key. Throws what
 * `openSigner` throws, and `definition-has-password`.
 */
export async function prepareSigning(
  ctx: Context,
  project: Project,
  options: PassphraseOptions,
): Promise<BuildSigning | undefined> {
  const startedOn = ctx.now();
  assertNoPassword(project);
  const [signer, git, statements] = await Promise.all([
    openSigner(ctx, "builder", options).catch(withWayOut),
    readGitState(ctx, project.folder),
    // Loaded while the key is derived from the passphrase, which takes as long and needs no JavaScript.
    import("../evidence/provenance/sign-statements.ts"),
  ]);
  if (signer !== undefined) warnUntrusted(ctx, signer.key, project.trust);
  return signer && { signer, git, startedOn, signStatements: statements.signStatements };
}

/** After a lock was made by the build itself, which no commit has: the tree is dirty by it. */
export async function lookAtGitAgain(ctx: Context, project: Project, signing: BuildSigning): Promise<BuildSigning> {
  return { ...signing, git: await readGitState(ctx, project.folder) };
}

/** The very texts that a build went by. */
export type BuildTexts = {
  readonly project: Project;
  readonly definition: string;
  readonly lock: Lock;
  readonly lockText: string;
};

/** What was signed: the statements of each image in their order, and what the store must hold for them. */
export type SignedBuild = {
  /** Id of the key. */
  readonly signedBy: string;
  readonly statements: readonly (readonly AttachedStatement[])[];
  readonly blobs: readonly Digest[];
};

/** Signs what is to be said of each image, and attaches it. */
export async function signBuild(
  ctx: Context,
  { signer, signStatements: signEach, ...signing }: BuildSigning,
  { built, ...texts }: BuildTexts & { readonly built: readonly BuiltImage[] },
): Promise<SignedBuild> {
  const layout = openStore(ctx);
  const statements: (readonly AttachedStatement[])[] = [];
  for (const image of built) {
    const provenance = makeProvenance(factsOf(ctx, signing, { ...texts, image }));
    const about = { layout, image: layout.resolveReference(image.digest), name: image.reference };
    statements.push(await signEach(ctx, about, { provenance, signer }));
  }
  const manifests = statements.flat().map(({ manifest }) => manifest);
  const bundles = manifests.flatMap((digest) => parseImageManifest(layout.readBlob(digest)).layers);
  return { signedBy: signer.key.id, statements, blobs: [...manifests, ...bundles.map(({ digest }) => digest)] };
}

type FactsInput = BuildTexts & { readonly image: BuiltImage };

function factsOf(
  ctx: Context,
  { git, startedOn }: Pick<BuildSigning, "git" | "startedOn">,
  input: FactsInput,
): BuildFacts {
  const chain = chainOf(input.image);
  const locks = chain.flatMap(({ name }) => input.lock.images[name] ?? []);
  return {
    image: input.image.name,
    definition: input.definition,
    lock: input.lockText,
    compatibility,
    versions: { ingot: readVersion(), node: process.versions.node },
    sources: chain.flatMap(({ sources }) => sources.map((source) => sourceMaterial(source, input.project))),
    packages: locks.flatMap(packageMaterials),
    bases: [...chain.slice(1).map(imageBase), ...locks.flatMap(registryBase)],
    git,
    run: { id: ctx.randomBytes(16).toString("hex"), startedOn, finishedOn: ctx.now() },
  };
}

/** An image and those of the project that it stands on. */
function chainOf(image: BuiltImage): readonly BuiltImage[] {
  return image.below === undefined ? [image] : [image, ...chainOf(image.below)];
}

function sourceMaterial(source: BuiltSource, { folder }: Project): SourceMaterial {
  const path = relative(folder, source.path);
  if (source.type !== "file") return { ...source, path };
  return { path, type: "file", sha256: hexOf(source.digest), isExecutable: source.isExecutable };
}

function packageMaterials(lock: ImageLock): readonly MaterialPackage[] {
  return lock.packages.map((item) => ({ ...item, codename: releaseOf(lock) }));
}

function imageBase({ reference, digest }: BuiltImage): BaseMaterial {
  return { name: reference, sha256: hexOf(digest), kind: "image" };
}

function registryBase({ base }: ImageLock): readonly BaseMaterial[] {
  return base.kind === "oci" ? [{ name: base.reference, sha256: hexOf(base.digest), kind: "oci" }] : [];
}

function withWayOut(error: unknown): never {
  if (!(error instanceof IngotError)) throw error;
  const details = [...error.details, "nothing was built; `ingot build --no-sign` builds without signing"];
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  throw new IngotError(error.code, error.message, { ...hint, details, cause: error });
}

/** Provenance holds the definition whole, and goes wherever the image goes. */
function assertNoPassword({ mirror }: Project): void {
  const urls = [mirror?.main, mirror?.security].filter((url) => url !== undefined);
  if (urls.every((url) => new URL(url).username === "" && new URL(url).password === "")) return;
  throw new IngotError("definition-has-password", "mirror: in ingot.yaml holds a user's name or password", {
    hint: "name the mirror in INGOT_DEBIAN_MIRROR instead; `ingot build --no-sign` builds without signing",
    details: ["a signed statement would carry ingot.yaml, and so the password, to everyone who gets the image"],
  });
}
