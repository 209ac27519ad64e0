import type { Context } from "../../ground/context.ts";
import type { BuiltImage } from "../../image/build-image.ts";
import type { Lock } from "../../image/lock.ts";
import { readLock, writeLock } from "../../image/lock-file.ts";
import type { Declare, Outcome } from "../command.ts";
import { formatBytes, formatDuration } from "../format.ts";
import { openProject, type OpenedProject, type ProjectOptions } from "../open-project.ts";

type BuildCommandOptions = ProjectOptions & { readonly cache: boolean; readonly explain?: boolean };

/** `ingot build [IMAGE…]`: casts images from the lock into the store; locks first where there is no lock yet. */
export const declare: Declare = (command, handle) => {
  command
    .argument("[images...]", "which images (default: all of the project)")
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--no-cache", "make every layer again; the digests stay the same")
    .option("--explain", "say of each step why it was made again or reused")
    .action(
      handle<BuildCommandOptions, [readonly string[]]>(async ({ ctx, options }, images) => {
        const opened = await openProject(ctx, options);
        const lock = readLock(opened.lockPath) ?? (await firstLock(ctx, opened));
        const { buildProject } = await import("../../image/build.ts");
        const built = await buildProject(ctx, { project: opened.project, lock }, { images, useCache: options.cache });
        return describe(built, options.explain === true);
      }),
    );
};

async function firstLock(ctx: Context, { project, lockPath }: OpenedProject): Promise<Lock> {
  ctx.report.info(`there is no ${lockPath} yet: locking first`);
  const { lockProject } = await import("../../image/lock-project.ts");
  const { lock } = await lockProject(ctx, { project, former: undefined, update: [] });
  writeLock(lockPath, lock);
  return lock;
}

function describe(built: readonly BuiltImage[], explain: boolean): Outcome {
  const images = built.map(({ name, reference, digest, size, layers, steps, seconds }) => ({
    name,
    reference,
    digest,
    size,
    layers: layers.map((layer) => ({ digest: layer.digest, size: layer.size, title: layer.title })),
    seconds: Math.round(seconds * 1000) / 1000,
    steps: steps.map((step) => ({ name: step.name, kind: step.kind, reused: step.reused, why: step.why })),
  }));
  return { json: { images }, text: built.flatMap((image) => describeImage(image, explain)).join("\n") };
}

function describeImage(image: BuiltImage, explain: boolean): readonly string[] {
  const made = image.steps.filter((step) => !step.reused).length;
  const what = made === 0 ? "nothing changed" : `${made} of ${image.steps.length} steps made`;
  const summary = `${image.layers.length} layers, ${formatBytes(image.size)}, ${what}, ${formatDuration(image.seconds * 1000)}`;
  const line = `${image.reference}  ${image.digest}  ${summary}`;
  if (!explain) return [line];
  const steps = image.steps.map(
    (step) => `  ${step.reused ? "reused" : "made  "}  ${step.kind} ${step.name}: ${step.why}`,
  );
  return [line, ...steps];
}
