import { setTimeout as sleep } from "node:timers/promises";
import type { Controller } from "../controller.ts";
import type { OpenedRecord } from "./fleet-record.ts";
import { replaceRevoked } from "./replace-revoked.ts";

/** Milliseconds: what was permitted may end by time alone. */
const pause = 60_000;

/** Milliseconds: many events come together, and each may change something. */
const rest = 100;

/** Sees to it that what may not run any more is replaced: whenever something happened that decisions rest on, and now and then. Returns what ends it. */
export function followRevocations(controller: Controller, record: Pick<OpenedRecord, "onChange">): () => Promise<void> {
  let running: Promise<void> | undefined;
  let isDue = false;
  let isClosed = false;
  const replace = async (): Promise<void> => {
    while (isDue && !isClosed) {
      isDue = false;
      await replaceRevoked(controller);
      await sleep(rest, undefined, { ref: false });
    }
  };
  const wake = (): void => {
    isDue = true;
    if (isClosed) return;
    running ??= replace()
      .catch((error: unknown) => controller.ctx.report.warn(`revocations did not reach the fleet: ${String(error)}`))
      .finally(() => {
        running = undefined;
      });
  };
  record.onChange(wake);
  const timer = setInterval(wake, pause);
  timer.unref();
  wake();
  return async () => {
    isClosed = true;
    clearInterval(timer);
    await running;
  };
}
