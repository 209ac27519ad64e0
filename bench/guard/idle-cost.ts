import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openGuard } from "../../src/guard/process/open-guard.ts";
import { runcRuntime } from "../../src/runtime/runc/runc-driver.ts";
import { watchedInstance } from "../../test/support/watched-instance.ts";
import type { BenchWork } from "../comparison.ts";
import { ourInstances } from "../fleet/our-instances.ts";
import { printTitle } from "./print-times.ts";

/** Clock ticks of /proc/PID/stat in a second: always so on Linux for user space. */
const ticks = 100;
/** Seconds until what a new instance causes is over. */
const rest = 5;

/** Processor time of the guard's process and of its test executions while nothing happens: sweeps and the canary go on. */
export async function printIdleCost(
  { folder }: BenchWork,
  { instances, seconds }: { readonly instances: number; readonly seconds: number },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const ours = await ourInstances(folder);
  const { ctx, image } = ours.home;
  const guard = await openGuard(ctx);
  let drifts = 0;
  guard.onDrift(() => (drifts += 1));
  try {
    await ours.start(instances - 1);
    const running = await runcRuntime(ctx).list();
    await guard.watch(
      running.flatMap(({ id, pid }) => (pid === undefined ? [] : watchedInstance(ctx, image, { id, pid }))),
    );
    await sleep(rest * 1000);
    const pid = guard.pid() ?? 0;
    const [before, start] = [cpuOf(pid), performance.now()];
    await sleep(seconds * 1000);
    const [used, elapsed] = [cpuOf(pid) - before, (performance.now() - start) / 1000];
    const { watched } = await guard.status();
    printTitle(`the guard at ${watched} idle instances, ${seconds} s`, "to reach: ≤ 2 % of a core");
    console.log(`  ${((used / elapsed) * 100).toFixed(2)} % of a core; false alarms: ${drifts}`);
  } finally {
    await guard.close();
    await ours.remove();
  }
}

/** Seconds: of all threads by the scheduler's count, and of the children that ended. */
function cpuOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  const own = threads.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
  // Behind the name, which may have spaces: cutime and cstime are the 16th and 17th of proc(5).
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return own + (Number(fields[13]) + Number(fields[14])) / ticks;
}
