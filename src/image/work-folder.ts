import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../ground/context.ts";
import type { CastRequest } from "./cast-messages.ts";
import type { CastPlan } from "./cast-plan.ts";

/** How much larger a tree is than its archives or layers; Debian's packages come to 3 or 4. */
const growth = 5;
const leastSize = 512 << 20;

/**
 * Where the tree is made: in memory when it fits there twice (the contents are held until their layers are written), else in a folder below
 * `$INGOT_HOME`, as `INGOT_WORK=disk` asks for in any case. The memory is a tmpfs that is mounted over one fixed, empty folder in the worker's own mount namespace: nothing is left behind.
 */
export function chooseWork(ctx: Pick<Context, "home" | "env">, plan: CastPlan): CastRequest["work"] {
  const folder = join(ctx.home, "tmp/cast");
  mkdirSync(folder, { recursive: true });
  const stale = staleFolders(join(ctx.home, "tmp"));
  const needed = Math.max(leastSize, estimateSize(plan));
  const available = availableMemory();
  const isDiskWanted = ctx.env.INGOT_WORK === "disk";
  if (2 * needed <= available && !isDiskWanted)
    return { folder, stale, tmpfs: Math.floor(Math.max(needed, available / 2)) };
  const own = join(ctx.home, `tmp/cast-${process.pid}-${randomBytes(4).toString("hex")}`);
  // For its owner only: the tree has set-user-id programs and the image's secrets, at a path that every user of the host could guess.
  mkdirSync(own, { mode: 0o700 });
  return { folder: own, stale, tmpfs: 0 };
}

function estimateSize({ below, stages }: CastPlan): number {
  const archives = stages.flatMap((stage) => (stage.kind === "packages" ? stage.packages : []));
  const sizes = [
    ...below.map(({ size }) => size),
    ...archives.map(({ file }) => statSync(file, { throwIfNoEntry: false })?.size ?? 0),
  ];
  return growth * sizes.reduce((sum, size) => sum + size, 0);
}

/** Work folders whose process is gone. */
function staleFolders(parent: string): readonly string[] {
  const names = readdirSync(parent).filter((name) => /^cast-[0-9]+-/.test(name));
  return names.filter((name) => !existsSync(`/proc/${name.split("-")[1]}`)).map((name) => join(parent, name));
}

/** Bytes: what the kernel says can be used without swapping (proc(5), MemAvailable). */
export function availableMemory(): number {
  const line = /^MemAvailable:\s+([0-9]+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return Number(line?.[1] ?? 0) * 1024;
}
