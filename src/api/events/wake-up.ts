import type { Ledger } from "../../ledger/ledger.ts";

/** Wakes who waits for the next event of a ledger. */
export type WakeUp = {
  /** Resolves at the next event, at the end, or after so many milliseconds; at once when one came since the last time. */
  readonly wait: (milliseconds: number) => Promise<"event" | "over" | "late">;
  readonly isOver: () => boolean;
  readonly close: () => void;
};

export function openWakeUp(ledger: Ledger, signal: AbortSignal): WakeUp {
  let isOver = signal.aborted;
  let hasCome = false;
  let wake = (): void => {};
  const unsubscribe = ledger.subscribe(() => {
    hasCome = true;
    wake();
  });
  const close = (): void => {
    isOver = true;
    unsubscribe();
    signal.removeEventListener("abort", close);
    wake();
  };
  signal.addEventListener("abort", close, { once: true });
  return {
    close,
    isOver: () => isOver,
    wait: async (milliseconds) => {
      if (!hasCome && !isOver) await sleep(milliseconds, (done) => (wake = done));
      if (isOver) return "over";
      const how = hasCome ? "event" : "late";
      hasCome = false;
      return how;
    },
  };
}

async function sleep(milliseconds: number, onWake: (done: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  onWake(resolve);
  await promise;
  clearTimeout(timer);
}
