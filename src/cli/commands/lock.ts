import type { Context } from "../../ground/context.ts";
import { describeLockDiff, diffLocks, type LockDiff } from "../../image/lock-diff.ts";
import { formatLock, readLock, writeLock } from "../../image/lock-file.ts";
import type { Lock } from "../../image/lock.ts";
import type { Declare, Outcome } from "../command.ts";
import { openProject, type ProjectOptions } from "../open-project.ts";

type LockOptions = ProjectOptions & { readonly check?: boolean; readonly update?: true | readonly string[] };

/** `ingot lock`: the exact inputs of every image. `ingot lock diff`: what an update, or another lock, would change. */
export const declare: Declare = (command, handle) => {
  command
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--check", "write nothing; exit 4 when ingot.lock does not fit ingot.yaml")
    .option("--update [packages...]", "move to the archive's newest versions: all packages, or only those named")
    .action(handle<LockOptions>(({ ctx, options }) => (options.check ? checkLock(ctx, options) : lock(ctx, options))));
  command
    .command("diff")
    .summary("say in words what an update would change, or how two lock files differ")
    .argument("[from]", "a lock file (default: the project's)")
    .argument("[to]", "another lock file (default: what `ingot lock --update` would write)")
    .option("-f, --file <path>", "the project's ingot.yaml")
    .action(
      handle<ProjectOptions, [string | undefined, string | undefined]>(({ ctx, options }, from, to) =>
        diffLock(ctx, options, { from, to }),
      ),
    );
};

async function lock(ctx: Context, options: LockOptions): Promise<Outcome> {
  const { project, lockPath } = await openProject(ctx, options);
  const { lockProject } = await import("../../image/lock-project.ts");
  const former = readLock(lockPath);
  const update = options.update === true ? "all" : (options.update ?? []);
  const { lock: locked, moved } = await lockProject(ctx, { project, former, update });
  const diff = diffLocks(former, locked);
  const isChanged = !former || formatLock(former) !== formatLock(locked);
  if (isChanged) writeLock(lockPath, locked);
  const summary = isChanged
    ? `wrote ${lockPath}: ${countPackages(locked)}`
    : `${lockPath} is up to date: ${countPackages(locked)}`;
  return {
    json: { lock: lockPath, changed: isChanged, images: diff, moved },
    text: [...describeLockDiff(diff), ...moved.map((line) => `note: ${line}`), summary].join("\n"),
  };
}

function countPackages(locked: Lock): string {
  const images = Object.values(locked.images);
  const packages = images.reduce((sum, image) => sum + image.packages.length, 0);
  return `${images.length} ${images.length === 1 ? "image" : "images"}, ${packages} packages`;
}

/** Needs no network: it compares the definition with what the lock was made for. */
async function checkLock(ctx: Context, options: LockOptions): Promise<Outcome> {
  const { project, lockPath } = await openProject(ctx, options);
  const { findStale } = await import("../../image/check-lock.ts");
  const stale = findStale(project, readLock(lockPath));
  if (stale.length === 0) return { json: { lock: lockPath, stale }, text: `${lockPath} fits ${project.path}` };
  const text = [...stale.map((item) => `${item.image}: ${item.why}`), "next: ingot lock"].join("\n");
  return { json: { lock: lockPath, stale }, text, exitCode: 4 };
}

type Sides = { readonly from: string | undefined; readonly to: string | undefined };

async function diffLock(ctx: Context, options: ProjectOptions, sides: Sides): Promise<Outcome> {
  if (sides.from !== undefined) {
    const { requireLock } = await import("../../image/check-lock.ts");
    // Two given files are compared wherever they are: also outside of any project.
    const after = requireLock(sides.to ?? (await openProject(ctx, options)).lockPath);
    return printDiff(diffLocks(requireLock(sides.from), after), "the locks are the same");
  }
  const { project, lockPath } = await openProject(ctx, options);
  const { lockProject } = await import("../../image/lock-project.ts");
  const former = readLock(lockPath);
  const { lock: newest } = await lockProject(ctx, { project, former, update: "all" });
  return printDiff(diffLocks(former, newest), "nothing newer: an update would change nothing");
}

function printDiff(diff: LockDiff, none: string): Outcome {
  return { json: { images: diff }, text: diff.length === 0 ? none : describeLockDiff(diff).join("\n") };
}
