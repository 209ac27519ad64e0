import { readFileSync } from "node:fs";
import { unlessEnded } from "./read-process.ts";
import { listThreads } from "./watch.ts";

const most = 4096;

/**
 * A process with its threads and all that descends from it now. What Ingot itself starts is followed from its first moment: a runtime that enters an instance by announcement goes through three processes in
 * ten milliseconds, and the kernel takes forty to follow one more.
 */
export function listFamily(pid: number): readonly number[] {
  const found = new Set<number>();
  const pending = [pid];
  while (pending.length > 0 && found.size < most) {
    const next = pending.pop() ?? 0;
    for (const thread of [next, ...listThreads(next)]) {
      if (found.has(thread)) continue;
      found.add(thread);
      const children = unlessEnded(() => readFileSync(`/proc/${next}/task/${thread}/children`, "utf8")) ?? "";
      pending.push(...children.split(" ").filter(Boolean).map(Number));
    }
  }
  return [...found];
}
