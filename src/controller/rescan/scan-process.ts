/**
 * One scan, started by `run-scan.ts`: a process of its own, since what it reads is large and an attacker may have made it. It gives way to everything else on the machine, and ends with the controller.
 */
import { setPriority } from "node:os";
import { processContext } from "../../ground/context.ts";
import { endWithParent } from "../../ground/end-with-parent.ts";
import { sentError } from "../../runtime/helper/resident-messages.ts";
import type { ScanAnswer, ScanOrder } from "./scan-order.ts";
import { scanStored } from "./scan-stored.ts";

const niceness = 10;

process.on("message", (order: ScanOrder) => void obey(order));
process.on("disconnect", () => process.exit(0));
// Ctrl-C is the controller's to answer.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
endWithParent();
setPriority(niceness);

async function obey(order: ScanOrder): Promise<void> {
  const ctx = processContext({ home: order.home, now: () => new Date(order.now) });
  try {
    answer({ kind: "done", scanned: await scanStored(ctx, order) });
  } catch (error) {
    answer({ kind: "failed", error: sentError(error) });
  }
}

function answer(message: ScanAnswer): void {
  process.send?.(message, undefined, undefined, () => process.disconnect?.());
}
