import type { InstanceId, Runtime } from "../../runtime/runtime.ts";

/** The driver ends a program after its timeout; so much longer is it trusted to do so. Milliseconds. */
const patience = 500;

/**
 * `execute` that always answers soon after its timeout: entering a frozen instance may take as long as it is frozen. While that is so, no further program is started in it.
 */
export function boundExecute(execute: Runtime["execute"]): Runtime["execute"] {
  const pending = new Set<InstanceId>();
  return async (id, command, request) => {
    if (pending.has(id)) return overdue;
    pending.add(id);
    const running = execute(id, command, request).finally(() => pending.delete(id));
    const { promise, resolve } = Promise.withResolvers<typeof overdue>();
    const timer = setTimeout(() => resolve(overdue), request.timeout + patience);
    // Who has stopped waiting for it still must not leave its failure to nobody.
    running.catch(() => {});
    try {
      return await Promise.race([running, promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}

const overdue = { status: "timed-out", output: "", cut: 0, isFound: false, limitsMet: [] } as const;
