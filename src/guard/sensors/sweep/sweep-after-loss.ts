/** Milliseconds between two questions, and at least between two sweeps: whoever floods the kernel's buffers must not have the guard do nothing else. */
const askInterval = 250;
const longestSilence = 2000;

export type AfterLoss = {
  /** Events that the kernel dropped since the beginning. */
  readonly lost: () => number;
  readonly sweepAll: () => void;
};

/**
 * Has everything looked at when the kernel dropped events: attack: a flood of executions of the image, in which the one that matters is not told of. What it left running is found by the sweep at
 * once, and not when its turn comes. Returns what ends it.
 */
export function sweepAfterLoss({ lost, sweepAll }: AfterLoss): () => void {
  let known = lost();
  let swept = -longestSilence;
  const timer = setInterval(() => {
    const now = performance.now();
    if (lost() === known || now - swept < longestSilence) return;
    known = lost();
    swept = now;
    sweepAll();
  }, askInterval);
  timer.unref();
  return () => clearInterval(timer);
}
