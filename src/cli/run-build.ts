import { realpathSync } from "node:fs";
import { builderKeyId } from "../evidence/keys/builder-key-id.ts";
import type { PassphraseOptions } from "../evidence/keys/passphrase.ts";
import type { Context } from "../ground/context.ts";
import { readState, readText, sealBuild, type SealPlace } from "../image/build-seal.ts";
import { buildProject } from "../image/image.ts";
import type { BuiltImage } from "../image/build-image.ts";
import { warnOfLack } from "../image/lacks-security.ts";
import { lockProject } from "../image/lock-project.ts";
import { formatLock, parseLock, readLockText, writeLock } from "../image/lock-file.ts";
import type { Lock } from "../image/lock.ts";
import type { Project } from "../project/definition.ts";
import { referrersName } from "../oci/referrers/referrers-index.ts";
import type { BuildSigning, signBuild } from "./sign-build.ts";
import { openProject, type OpenedProject, type ProjectOptions } from "./open-project.ts";

/** What `ingot build` says of one image. */
export type ReportedImage = {
  readonly name: string;
  readonly reference: string;
  readonly digest: string;
  /** Compressed bytes of all layers. */
  readonly size: number;
  readonly layers: readonly { readonly digest: string; readonly size: number; readonly title: string }[];
  readonly seconds: number;
  readonly steps: readonly {
    readonly name: string;
    readonly kind: string;
    readonly reused: boolean;
    readonly why: string;
  }[];
  /** What is said with every build, also one that has nothing to do; absent where there is nothing. */
  readonly warnings?: readonly string[];
  /** What was signed about it and attached to it, with the digests of the manifests. */
  readonly statements: readonly { readonly kind: string; readonly manifest: string }[];
};

export type BuildOptions = ProjectOptions & PassphraseOptions & { readonly cache: boolean; readonly sign: boolean };

/** Builds, and seals the result so that the next build of the same inputs ends at once. Locks first where there is no lock. */
export async function runBuild(
  ctx: Context,
  options: BuildOptions,
  place: SealPlace,
): Promise<readonly ReportedImage[]> {
  const { definition, project, lockPath } = await openUnchanged(ctx, options, place.definitionPath);
  const preparing = options.sign ? prepare(ctx, project, options) : undefined;
  // The lock is read while the key opens; that opening fails is heard below.
  preparing?.catch(() => {});
  const lockText = readLockText(lockPath);
  const known = lockText === undefined ? undefined : parseLock(lockText, lockPath);
  const prepared = await preparing;
  const lock = known ?? (await firstLock(ctx, { project, lockPath }));
  const signing = known === undefined && prepared ? await lookAgain(ctx, project, prepared) : prepared;
  const roots = sourceRoots(project);
  const taken = ctx.now().getTime();
  const before = readState(roots);
  const built = await buildProject(ctx, { project, lock }, { images: place.images, useCache: options.cache });
  const texts = { project, definition, lock, lockText: lockText ?? formatLock(lock) };
  const signed = signing === undefined ? undefined : await sign(ctx, signing, { ...texts, built });
  const said = (at: number): Said => ({ lock, statements: signed?.statements[at] ?? [] });
  sealBuild(place, {
    definition,
    lock: texts.lockText,
    before,
    roots,
    taken,
    references: Object.fromEntries(built.map((image) => [image.reference, image.digest])),
    blobs: [...built.flatMap(blobsOf), ...(signed?.blobs ?? [])],
    report: built.map((image, at) => reportUnchanged(image, said(at))),
    ...(signed && { signedBy: signed.signedBy, lists: built.map(({ digest }) => referrersName(digest)) }),
  });
  return built.map((image, at) => report(image, said(at)));
}

/** The project, and the very text that it was parsed from: both go into what is signed. */
async function openUnchanged(
  ctx: Context,
  options: ProjectOptions,
  path: string,
): Promise<OpenedProject & { readonly definition: string }> {
  for (;;) {
    const definition = readText(path);
    const opened = await openProject(ctx, options);
    // An editor may save between the two reads.
    if (definition !== undefined && readText(path) === definition) return { ...opened, definition };
  }
}

async function prepare(ctx: Context, project: Project, options: BuildOptions): Promise<BuildSigning | undefined> {
  if (builderKeyId(ctx) === undefined) {
    ctx.report.info("the images will not be signed: there is no builder's key yet; next: ingot key generate builder");
    return undefined;
  }
  // Loaded only where there is a key: bills of materials and signatures bring much with them.
  const { prepareSigning } = await import("./sign-build.ts");
  return prepareSigning(ctx, project, options);
}

async function lookAgain(ctx: Context, project: Project, signing: BuildSigning): Promise<BuildSigning> {
  return (await import("./sign-build.ts")).lookAtGitAgain(ctx, project, signing);
}

async function sign(
  ctx: Context,
  signing: BuildSigning,
  input: Parameters<typeof signBuild>[2],
): ReturnType<typeof signBuild> {
  const { signBuild: work } = await import("./sign-build.ts");
  return work(ctx, signing, input);
}

function blobsOf(image: BuiltImage): readonly string[] {
  return [image.digest, image.configDigest, ...image.layers.map((layer) => layer.digest)];
}

async function firstLock(ctx: Context, { project, lockPath }: OpenedProject): Promise<Lock> {
  ctx.report.info(`there is no ${lockPath} yet: locking first`);
  const { lock } = await lockProject(ctx, { project, former: undefined, update: [] });
  writeLock(lockPath, lock);
  return lock;
}

/** The host's files and folders that go into images. */
function sourceRoots(project: Project): readonly string[] {
  const files = [...project.images.values()].flatMap((image) => image.files);
  const sources = files.flatMap(({ from }) => (from.kind === "path" ? [from.source] : []));
  // A link that is pointed elsewhere changes the image as much as what it points at.
  return [...new Set(sources.flatMap((source) => [source, realpathSync(source)]))];
}

type Said = { readonly lock: Lock; readonly statements: ReportedImage["statements"] };

function report(image: BuiltImage, { lock, statements }: Said): ReportedImage {
  const { name, reference, digest, size, layers, steps, seconds } = image;
  const warnings = warnOfLack(lock, [name]);
  return {
    name,
    reference,
    digest,
    size,
    layers: layers.map((layer) => ({ digest: layer.digest, size: layer.size, title: layer.title })),
    seconds: Math.round(seconds * 1000) / 1000,
    steps: steps.map((step) => ({ name: step.name, kind: step.kind, reused: step.reused, why: step.why })),
    ...(warnings.length === 0 ? {} : { warnings }),
    statements,
  };
}

function reportUnchanged(image: BuiltImage, said: Said): ReportedImage {
  const steps = image.steps.map((step) => ({ ...step, reused: true, why: "its inputs are the same" }));
  return report({ ...image, steps }, said);
}
