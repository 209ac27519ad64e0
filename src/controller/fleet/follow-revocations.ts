import { setTimeout as sleep } from "node:timers/promises";
import type { Controller } from "../controller.ts";
import type { OpenedRecord } from "./fleet-record.ts";
import { replaceRevoked } from "./replace-revoked.ts";
import { repeat } from "./when-quiet.ts";

/** Milliseconds: what was permitted may end by time alone. */
const every = 60_000;

/** Milliseconds: many events come together, and each may change something. */
const rest = 100;

/** Sees to it that what may not run any more is replaced: whenever something happened that decisions rest on, and now and then. Returns what ends it. */
export function followRevocations(controller: Controller, record: Pick<OpenedRecord, "onChange">): () => Promise<void> {
  const { report } = controller.ctx;
  const work = async (): Promise<void> => {
    await replaceRevoked(controller);
    await sleep(rest, undefined, { ref: false });
  };
  const onError = (error: unknown): void => report.warn(`revocations did not reach the fleet: ${String(error)}`);
  const { wake, close } = repeat(work, { every, onError });
  record.onChange(wake);
  return close;
}
