/**
 * The guard of this host, started by `guard-link.ts`: a process of its own, so that nothing that the controller does delays it. It ends with the controller, however that ends; what it froze stays frozen.
 */
import { flushCompileCache } from "node:module";
import { processContext } from "../../ground/context.ts";
import { runFirst } from "../../ground/libc.ts";
import { sentError } from "../../runtime/helper/resident-messages.ts";
import type { Guard } from "../guard.ts";
import { openLocalGuard } from "../local-guard.ts";
import type { GuardAnswer, GuardOrder } from "./guard-messages.ts";

const opened = Promise.withResolvers<Guard>();

process.on("message", (order: GuardOrder) => void obey(order));
process.on("disconnect", () => void end().then(() => process.exit(0)));
process.on("SIGTERM", () => void end().then(() => process.exit(0)));
// Ctrl-C is the controller's to answer.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});

async function obey(order: GuardOrder): Promise<void> {
  if (order.kind === "call") return answer(order);
  // On a busy host the process that is to be looked at is gone otherwise. Not every host allows it; the guard then is as quick as others.
  const isUrgent = runFirst();
  const guard = await openLocalGuard(processContext({ home: order.home }), { isUrgent, family: process.ppid });
  guard.onDrift((drift) => send({ kind: "drift", drift }));
  opened.resolve(guard);
  send({ kind: "ready" });
  flushCompileCache();
}

async function answer({ id, method, args }: GuardOrder & { kind: "call" }): Promise<void> {
  try {
    const guard = await opened.promise;
    const value =
      method === "ping" ? undefined : await (guard[method] as (...given: readonly unknown[]) => unknown)(...args);
    send({ kind: "done", id, value });
  } catch (error) {
    send({ kind: "failed", id, error: sentError(error) });
  }
}

async function end(): Promise<void> {
  // Its buffers in the kernel go with it; those of one that was killed are removed by the next.
  await opened.promise.then((guard) => guard.close());
}

function send(message: GuardAnswer): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
