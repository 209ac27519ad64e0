import { realpathSync } from "node:fs";
import type { Context } from "../ground/context.ts";
import { readState, readText, sealBuild, type SealPlace } from "../image/build-seal.ts";
import { buildProject } from "../image/image.ts";
import type { BuiltImage } from "../image/build-image.ts";
import { lockProject } from "../image/lock-project.ts";
import { formatLock, parseLock, readLockText, writeLock } from "../image/lock-file.ts";
import type { Lock } from "../image/lock.ts";
import type { Project } from "../project/definition.ts";
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
};

/** Builds, and seals the result so that the next build of the same inputs ends at once. Locks first where there is no lock. */
export async function runBuild(
  ctx: Context,
  options: ProjectOptions & { readonly cache: boolean },
  place: SealPlace,
): Promise<readonly ReportedImage[]> {
  const definition = readText(place.definitionPath);
  const opened = await openProject(ctx, options);
  const lockText = readLockText(opened.lockPath);
  const lock = lockText === undefined ? await firstLock(ctx, opened) : parseLock(lockText, opened.lockPath);
  const roots = sourceRoots(opened.project);
  const taken = ctx.now().getTime();
  const before = readState(roots);
  const built = await buildProject(
    ctx,
    { project: opened.project, lock },
    { images: place.images, useCache: options.cache },
  );
  sealBuild(place, {
    definition,
    lock: lockText ?? formatLock(lock),
    before,
    roots,
    taken,
    references: Object.fromEntries(built.map((image) => [image.reference, image.digest])),
    blobs: built.flatMap((image) => [image.digest, image.configDigest, ...image.layers.map((layer) => layer.digest)]),
    report: built.map(reportUnchanged),
  });
  return built.map(report);
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

function report({ name, reference, digest, size, layers, steps, seconds }: BuiltImage): ReportedImage {
  return {
    name,
    reference,
    digest,
    size,
    layers: layers.map((layer) => ({ digest: layer.digest, size: layer.size, title: layer.title })),
    seconds: Math.round(seconds * 1000) / 1000,
    steps: steps.map((step) => ({ name: step.name, kind: step.kind, reused: step.reused, why: step.why })),
  };
}

function reportUnchanged(image: BuiltImage): ReportedImage {
  const steps = image.steps.map((step) => ({ ...step, reused: true, why: "its inputs are the same" }));
  return report({ ...image, steps });
}
