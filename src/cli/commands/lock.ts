import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { warnOfLack } from "../../image/lacks-security.ts";
import { describeLockDiff, diffLocks, type LockDiff } from "../../image/lock-diff.ts";
import { formatLock, readLock, writeLock } from "../../image/lock-file.ts";
import type { LockRequest } from "../../image/lock-project.ts";
import type { Lock } from "../../image/lock.ts";
import type { Declare, Outcome } from "../command.ts";
import { openProject, type ProjectOptions } from "../open-project.ts";

type LockOptions = ProjectOptions & {
  readonly check?: boolean;
  readonly update?: true | readonly string[];
  readonly security?: boolean;
  readonly withoutSecurity?: boolean;
};

/** `ingot lock`: the exact inputs of every image. `ingot lock diff`: what an update, or another lock, would change. */
export const declare: Declare = (command, handle) => {
  command
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--check", "write nothing; exit 4 when ingot.lock does not fit ingot.yaml")
    .option("--update [packages...]", "move to the archive's newest versions: all packages, or only those named")
    .option("--security", "with --update: move only what has a fix in the security suite, to exactly that version")
    .option("--without-security", "choose packages without the security suite; every build warns until that ends")
    .action(handle<LockOptions>(({ ctx, options }) => (options.check ? checkLock(ctx, options) : lock(ctx, options))));
  command
    .command("diff")
    .summary("say in words what an update would change, or how two lock files differ")
    .argument("[from]", "a lock file (default: the project's)")
    .argument("[to]", "another lock file (default: what `ingot lock --update` would write)")
    .option("-f, --file <path>", "the project's ingot.yaml")
    .option("--security", "what `ingot lock --update --security` would write")
    .action(
      handle<DiffOptions, [string | undefined, string | undefined]>(({ ctx, options }, from, to) =>
        diffLock(ctx, options, { from, to }),
      ),
    );
};

async function lock(ctx: Context, options: LockOptions): Promise<Outcome> {
  const security = checkSecurity(options);
  const { project, lockPath } = await openProject(ctx, options);
  const { lockProject } = await import("../../image/lock-project.ts");
  const former = readLock(lockPath);
  const update = options.update === true ? "all" : (options.update ?? []);
  const { lock: locked, moved } = await lockProject(ctx, { project, former, update, ...security });
  const diff = diffLocks(former, locked);
  const warnings = [...warnOfLack(locked), ...(options.security ? warnOfNothing(locked, diff, update) : [])];
  for (const line of warnings) ctx.report.warn(line);
  const isChanged = !former || formatLock(former) !== formatLock(locked);
  if (isChanged) writeLock(lockPath, locked);
  const summary = isChanged
    ? `wrote ${lockPath}: ${countPackages(locked)}`
    : `${lockPath} is up to date: ${countPackages(locked)}`;
  return {
    json: { lock: lockPath, changed: isChanged, images: diff, moved, warnings },
    text: [...describeLockDiff(diff), ...moved.map((line) => `note: ${line}`), summary].join("\n"),
  };
}

/** Throws `usage` for words that contradict each other. */
function checkSecurity(options: LockOptions): Pick<LockRequest, "security"> {
  if (options.security && options.withoutSecurity)
    throw new IngotError("usage", "--security and --without-security contradict each other", {
      hint: "give one of them",
    });
  if (options.security && options.update === undefined)
    throw new IngotError("usage", "--security says what --update moves, and --update is not given", {
      hint: "ingot lock --update --security",
    });
  if (options.withoutSecurity) return { security: "without" };
  return options.security ? { security: "only" } : {};
}

/** Where a security update could bring nothing: silence would look like safety. */
function warnOfNothing(locked: Lock, diff: LockDiff, update: LockRequest["update"]): readonly string[] {
  const moved = new Set(diff.flatMap(({ changed }) => changed.map(({ name }) => name)));
  const stayed = update === "all" ? [] : update.filter((name) => !moved.has(name));
  const without = Object.entries(locked.images).flatMap(
    ([
      image,
      {
        suites: [release, ...others],
      },
    ]) =>
      release && !others.some(({ archive }) => archive === "security")
        ? [`${image}: ${release.suite} has no security suite, nothing can move to it`]
        : [],
  );
  return [...stayed.map((name) => `${name} stays: the security suite has nothing newer`), ...without];
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
  const former = readLock(lockPath);
  const stale = findStale(project, former);
  for (const line of former ? warnOfLack(former) : []) ctx.report.warn(line);
  if (stale.length === 0) return { json: { lock: lockPath, stale }, text: `${lockPath} fits ${project.path}` };
  const text = [...stale.map((item) => `${item.image}: ${item.why}`), "next: ingot lock"].join("\n");
  return { json: { lock: lockPath, stale }, text, exitCode: 4 };
}

type DiffOptions = ProjectOptions & { readonly security?: boolean };
type Sides = { readonly from: string | undefined; readonly to: string | undefined };

async function diffLock(ctx: Context, options: DiffOptions, sides: Sides): Promise<Outcome> {
  if (sides.from !== undefined) {
    const { requireLock } = await import("../../image/check-lock.ts");
    // Two given files are compared wherever they are: also outside of any project.
    const after = requireLock(sides.to ?? (await openProject(ctx, options)).lockPath);
    return printDiff(diffLocks(requireLock(sides.from), after), "the locks are the same");
  }
  const { project, lockPath } = await openProject(ctx, options);
  const { lockProject } = await import("../../image/lock-project.ts");
  const former = readLock(lockPath);
  const security = options.security ? ({ security: "only" } as const) : {};
  const { lock: newest } = await lockProject(ctx, { project, former, update: "all", ...security });
  return printDiff(diffLocks(former, newest), "nothing newer: an update would change nothing");
}

function printDiff(diff: LockDiff, none: string): Outcome {
  return { json: { images: diff }, text: diff.length === 0 ? none : describeLockDiff(diff).join("\n") };
}
