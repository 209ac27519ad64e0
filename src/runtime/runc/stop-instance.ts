import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../ground/context.ts";
import { IngotError, isErrno } from "../../ground/error.ts";
import { listIds, readRecord } from "../instance-record.ts";
import { runtimePaths } from "../paths.ts";
import { isSameProcess, type ProcessIdentity } from "../process-identity.ts";
import type { InstanceId } from "../runtime.ts";
import { destroyInstance } from "./destroy-instance.ts";
import { killFrozen } from "./freeze-instance.ts";

/** `Runtime.stop`; the caller has the instance's lock. */
export async function stopInstance(ctx: Context, id: InstanceId, grace: number): Promise<void> {
  const paths = runtimePaths(ctx.home);
  const record = readRecord(paths, id);
  if (record === undefined && !listIds(paths).includes(id)) {
    // Else the name that a person mistyped stays below /run as a file.
    rmSync(paths.instanceLock(id), { force: true });
    throw new IngotError("instance-unknown", `there is no instance ${id}`, { hint: "ingot instances" });
  }
  killFrozen(paths.cgroup(id));
  if (record?.running !== undefined) await terminate(record.running.process, grace);
  await destroyInstance(ctx, id);
}

/** SIGTERM to the instance's first process; what does not listen is killed when the container is deleted. */
async function terminate(identity: ProcessIdentity, grace: number): Promise<void> {
  if (grace <= 0 || !isSameProcess(identity)) return;
  try {
    process.kill(identity.pid, "SIGTERM");
  } catch (error) {
    // It ended by itself since it was looked at.
    if (!isErrno(error, "ESRCH")) throw error;
  }
  const deadline = Date.now() + grace;
  while (isSameProcess(identity) && Date.now() < deadline) await sleep(5);
}
