import type { Hierarchies } from "../response/freeze-cgroup.ts";
import { drift } from "../verdict/finding.ts";
import type { Desk } from "../watch/desk.ts";
import { pollProcesses } from "./poll.ts";

/** Polls while the trace sensor does not see. */
export type Fallback = {
  readonly begin: () => void;
  readonly onState: (state: "awake" | "blind") => void;
  readonly isPolling: () => boolean;
  readonly close: () => void;
};

export function openFallback(desk: Desk, hierarchies: Hierarchies): Fallback {
  let end: (() => void) | undefined;
  const begin = (): void => {
    end ??= pollProcesses(desk, hierarchies);
  };
  const close = (): void => {
    end?.();
    end = undefined;
  };
  const onState = (state: "awake" | "blind"): void => {
    if (state === "awake") return close();
    begin();
    const message = "the guard's own test execution was not seen; processes are polled until it is";
    for (const watch of desk.watches.values()) {
      desk.report(watch, [drift("sensor-blind", "trace", message)], { sensor: "trace", mark: desk.now() });
    }
  };
  return { begin, onState, isPolling: () => end !== undefined, close };
}
