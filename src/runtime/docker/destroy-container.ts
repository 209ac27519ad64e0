import { existsSync, rmSync } from "node:fs";
import { IngotError, isErrno } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { releaseContent } from "../content/content.ts";
import { isImageUsed } from "../instance-record.ts";
import { removeNetwork } from "../network/network.ts";
import type { InstanceId } from "../runtime.ts";
import { containerName, inspectOwn, listOwn } from "./container.ts";
import { readLabel } from "./container-label.ts";
import { reach, reasonOf, statusOf } from "./daemon.ts";
import type { Engine } from "./engine.ts";
import { groupOf } from "./entered.ts";
import { unmountBelow } from "./sealed-folders.ts";

/** Removes everything of an instance, in whatever state it is; may be repeated. All steps are tried; what failed is thrown together as `instance-stop-failed`. */
export async function destroyContainer(engine: Engine, id: InstanceId): Promise<void> {
  const { ctx, paths } = engine;
  const failures: unknown[] = [];
  const attempt = async <T>(step: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await step();
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  };
  const image = await attempt(() => removeOwn(engine, id));
  if (existsSync(paths.networkNamespace(id))) await attempt(() => removeNetwork(ctx, id));
  await attempt(() => unmountBelow(paths.bundle(id)));
  const lost = failures
    .filter((error) => error instanceof IngotError)
    .find(({ code }) => code === "runtime-unreachable");
  if (lost !== undefined) throw lost;
  if (failures.length > 0) throw stopFailed(id, failures);
  rmSync(paths.bundle(id), { recursive: true, force: true });
  rmSync(paths.instance(id), { recursive: true, force: true });
  rmSync(paths.instanceLock(id), { force: true });
  if (image !== undefined) await release(engine, image);
}

async function removeOwn(engine: Engine, id: InstanceId): Promise<Digest | undefined> {
  const found = await inspectOwn(engine, id);
  if (found === undefined) return undefined;
  if (found.State.Paused) await killPaused(engine, id, found.State.Pid);
  const { api, socket } = await engine.daemon();
  try {
    await reach(socket, () => api.getContainer(containerName(engine, id)).remove({ force: true, v: true }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  return readLabel(found.Config.Labels)?.image;
}

/** An engine thaws what it removes: everything of it is told to end before that, so that what was frozen for what it did does not run again. */
async function killPaused(engine: Engine, id: InstanceId, pid: number): Promise<void> {
  const { api, socket } = await engine.daemon();
  for (const one of groupOf(pid)) {
    try {
      process.kill(one, "SIGKILL");
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }
  await reach(socket, () => api.getContainer(containerName(engine, id)).unpause()).catch((error: unknown) => {
    // It may have ended meanwhile.
    if (statusOf(error) === undefined) throw error;
  });
}

/** The image's files stay mounted for the next start as long as there is an instance of it. */
async function release({ ctx, paths, ...engine }: Engine, image: Digest): Promise<void> {
  const others = await listOwn({ ctx, paths, ...engine });
  if (others.some(({ label }) => label.image === image) || !existsSync(paths.contentMount(image))) return;
  const { runtimePaths } = await import("../paths.ts");
  await releaseContent(ctx, image, () => isImageUsed(runtimePaths(ctx.home), image));
}

function stopFailed(id: InstanceId, failures: readonly unknown[]): IngotError {
  return new IngotError(
    "instance-stop-failed",
    `${failures.length === 1 ? "a step" : `${failures.length} steps`} of removing ${id} failed`,
    {
      details: failures.map(reasonOf),
      hint: `ingot stop ${id}`,
      cause: failures[0],
    },
  );
}
