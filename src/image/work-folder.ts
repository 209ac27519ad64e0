import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../ground/context.ts";
import type { CastRequest } from "./cast-messages.ts";
import type { CastPlan } from "./cast-plan.ts";

/** How much larger a tree is than its archives or layers; Debian's packages come to 3 or 4. */
const growth = 5;
const leastSize = 512 << 20;

/**
 * Where the tree is made: in memory when it fits there twice (the contents are held until their layers are written), else in a folder below
 * `$INGOT_HOME`. The memory is a tmpfs that is mounted over one fixed, empty folder in the worker's own mount namespace: nothing is left behind.
 */
export function chooseWork(ctx: Pick<Context, "home">, plan: CastPlan): CastRequest["work"] {
  const folder = join(ctx.home, "tmp/cast");
  mkdirSync(folder, { recursive: true });
  const needed = Math.max(leastSize, estimateSize(plan));
  const available = availableMemory();
  if (2 * needed <= available) return { folder, tmpfs: Math.floor(Math.max(needed, available / 2)) };
  const own = join(ctx.home, `tmp/cast-${process.pid}`);
  mkdirSync(own, { recursive: true });
  return { folder: own, tmpfs: 0 };
}

function estimateSize({ below, stages }: CastPlan): number {
  const archives = stages.flatMap((stage) => (stage.kind === "packages" ? stage.packages : []));
  const sizes = [
    ...below.map(({ size }) => size),
    ...archives.map(({ file }) => statSync(file, { throwIfNoEntry: false })?.size ?? 0),
  ];
  return growth * sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes: what the kernel says can be used without swapping (proc(5), MemAvailable). */
function availableMemory(): number {
  const line = /^MemAvailable:\s+([0-9]+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return Number(line?.[1] ?? 0) * 1024;
}
