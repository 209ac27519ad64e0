/**
 * Durations are measured by a clock that nobody can turn. Moments of the record are those of the machine's clock, which can be: each is brought into this clock's time when it is first seen, and stays there.
 */
export type LocalClock = {
  /** Milliseconds since 1970, going on evenly from when the process began. */
  readonly now: () => number;
  /** The same moment in this clock's time. */
  readonly local: (moment: number) => number;
};

/** Moments of services that are gone are forgotten now and then; what is still in use is brought over anew, which is only wrong where the machine's clock was turned since. */
const mostKept = 20_000;

/** `recordNow`: the clock that moments of the record are of. */
export function openLocalClock(recordNow: () => number): LocalClock {
  const offset = recordNow() - performance.now();
  const kept = new Map<number, number>();
  const now = (): number => Math.round(performance.now() + offset);
  return {
    now,
    local: (moment) => {
      const known = kept.get(moment) ?? now() - Math.max(0, recordNow() - moment);
      if (kept.size >= mostKept) kept.clear();
      kept.set(moment, known);
      return known;
    },
  };
}
