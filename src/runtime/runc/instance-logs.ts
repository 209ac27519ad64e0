import type { Context } from "../../ground/context.ts";
import { readRecord } from "../instance-record.ts";
import { readLog } from "../log/read-log.ts";
import { runtimePaths } from "../paths.ts";
import { isSameProcess } from "../process-identity.ts";
import type { InstanceId, LogRequest } from "../runtime.ts";
import { startedRecord } from "./known-instance.ts";

/** `Runtime.logs`. Throws `instance-unknown` when it is first read. */
export async function* instanceLogs(
  ctx: Pick<Context, "home">,
  id: InstanceId,
  { tail, follow = false, signal }: LogRequest = {},
): AsyncGenerator<Uint8Array> {
  const paths = runtimePaths(ctx.home);
  const { process } = startedRecord(paths, id).running;
  // Also removed and started anew under the same id: that is another instance, with a log of its own.
  const isOpen = (): boolean => readRecord(paths, id)?.running?.process.pid === process.pid && isSameProcess(process);
  yield* readLog(paths.log(id), {
    ...(tail === undefined ? {} : { tail }),
    ...(follow ? { isOpen } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
}
