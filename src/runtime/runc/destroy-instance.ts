import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { releaseContent } from "../content/content.ts";
import { unmountRootfs } from "../content/rootfs.ts";
import { releaseIdRange } from "../id-ranges.ts";
import { isImageUsed, readRecord } from "../instance-record.ts";
import { removeNetwork } from "../network/network.ts";
import { runtimePaths } from "../paths.ts";
import type { InstanceId } from "../runtime.ts";
import { unmountSecrets } from "../given-files.ts";
import { killFrozen } from "./freeze-instance.ts";
import { removeGroups } from "./remove-groups.ts";
import { deleteContainer, forgetContainer } from "./runc.ts";

/**
 * Removes everything of an instance, in whatever state it is; may be repeated. The record goes last: while there is one, there is something to remove. All steps are tried;
 * what failed is thrown together as `instance-stop-failed`.
 */
export async function destroyInstance(ctx: Context, id: InstanceId): Promise<void> {
  const paths = runtimePaths(ctx.home);
  const record = readRecord(paths, id);
  const failures: unknown[] = [];
  const attempt = async (step: () => Promise<void> | void): Promise<void> => {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  };
  // One that was made as a whole has all its processes in its groups; of one that was cut off only runc knows what there is.
  if (record?.running === undefined) await attempt(() => deleteContainer(paths, id));
  await attempt(() => killFrozen(paths.cgroup(id)));
  await attempt(() => removeGroups(paths.cgroup(id)));
  await attempt(() => removeNetwork(ctx, id, record?.running?.network.address));
  await attempt(() => unmountRootfs(join(paths.bundle(id), "rootfs")));
  await attempt(() => unmountSecrets(paths.bundle(id)));
  if (failures.length > 0) throw stopFailed(id, failures);
  forgetContainer(paths, id);
  releaseIdRange(paths.instance(id));
  rmSync(paths.bundle(id), { recursive: true, force: true });
  rmSync(paths.instance(id), { recursive: true, force: true });
  rmSync(paths.instanceLock(id), { force: true });
  if (record !== undefined) await releaseContent(ctx, record.image, () => isImageUsed(paths, record.image));
}

function stopFailed(id: InstanceId, failures: readonly unknown[]): IngotError {
  return new IngotError(
    "instance-stop-failed",
    `${failures.length === 1 ? "a step" : `${failures.length} steps`} of removing ${id} failed`,
    {
      details: failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))),
      hint: `ingot stop ${id}`,
      cause: failures[0],
    },
  );
}
