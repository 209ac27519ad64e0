import { existsSync, readdirSync } from "node:fs";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { tryFileLock } from "../../ground/file-lock.ts";
import { isOrphan, listIds, readRecord, type InstanceRecord } from "../instance-record.ts";
import { runtimePaths, type RuntimePaths } from "../paths.ts";
import { isInstanceId, type InstanceId, type InstanceState } from "../runtime.ts";
import { destroyInstance } from "./destroy-instance.ts";
import { forgetEnds } from "./instance-end.ts";
import { observeInstance } from "./observe-instance.ts";
import { warnOfRest } from "./warn-of-rest.ts";

/** `Runtime.list`. */
export async function listInstances(ctx: Context): Promise<readonly InstanceState[]> {
  const paths = runtimePaths(ctx.home);
  const found = await Promise.all(idsOf(paths).map(async (id) => reconcile(ctx, { id, paths })));
  const states = found.flatMap((state) => state ?? []);
  forgetEnds(new Set(states.flatMap(({ pid }) => pid ?? [])));
  return states;
}

/** Also of those whose start was cut off before there was more of them than a lock. */
function idsOf(paths: RuntimePaths): readonly InstanceId[] {
  const locks = existsSync(paths.locks) ? readdirSync(paths.locks) : [];
  return [...new Set([...listIds(paths), ...locks.filter(isInstanceId)])];
}

/** The state of what was started; what was cut off in the middle of its start or its end is removed, unless another process is at work on it. */
async function reconcile(
  ctx: Context,
  { id, paths }: { readonly id: InstanceId; readonly paths: RuntimePaths },
): Promise<InstanceState | undefined> {
  const record = readRecord(paths, id);
  if (record?.running !== undefined && !isOrphan(record)) return observeInstance(paths, record);
  const lock = tryFileLock(paths.instanceLock(id));
  if (lock === undefined) return undefined;
  try {
    // Read again: between the first look and the lock another process may have ended its start, or its stop.
    const now = readRecord(paths, id);
    if (now?.running !== undefined && !isOrphan(now)) return observeInstance(paths, now);
    const isLeft = listIds(paths).includes(id);
    await destroyInstance(ctx, id);
    if (isLeft) ctx.report.warn(`what was left of ${id}, ${whyLeft(now)}, is removed`);
  } catch (error) {
    // One instance that cannot be removed must not hide the others.
    if (!(error instanceof IngotError) || error.code !== "instance-stop-failed") throw error;
    warnOfRest(ctx, error);
  } finally {
    lock.release();
  }
  return undefined;
}

function whyLeft(record: InstanceRecord | undefined): string {
  return record?.running === undefined ? "whose start was cut off" : "whose command was cut off";
}
