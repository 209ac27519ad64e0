/** Instances of a release that end too soon, or do not even start, are tried again after longer and longer times. Of one service; milliseconds of the local clock. */
export type Backoff = {
  readonly failed: (release: number, now: number) => void;
  /** One could not even be started, which may be the host's fault. */
  readonly notStarted: (release: number, now: number) => void;
  /** All that is wanted runs: starts that failed on the way there keep nobody waiting any more. What ended too soon does. */
  readonly allStarted: () => void;
  /** One has lived for long: what comes is another story. */
  readonly lived: (release: number) => void;
  /** No instance of a release is started before that moment. */
  readonly until: () => ReadonlyMap<number, number>;
};

/** One that ended later than that ended for a reason of its own. */
export const longLife = 60_000;

/** The first failure may be chance: it costs nothing. */
const first = 500;
const most = 60_000;

export function openBackoff(): Backoff {
  const failures = new Map<number, number>();
  const until = new Map<number, number>();
  const notStarted = new Set<number>();
  const failed = (release: number, now: number): void => {
    const count = (failures.get(release) ?? 0) + 1;
    failures.set(release, count);
    if (count > 1) until.set(release, now + Math.min(most, first * 2 ** Math.min(count - 2, 20)));
  };
  return {
    failed: (release, now) => {
      notStarted.delete(release);
      failed(release, now);
    },
    notStarted: (release, now) => {
      if (!failures.has(release)) notStarted.add(release);
      failed(release, now);
    },
    allStarted: () => {
      for (const release of notStarted) {
        failures.delete(release);
        until.delete(release);
      }
      notStarted.clear();
    },
    lived: (release) => {
      failures.delete(release);
      until.delete(release);
    },
    until: () => until,
  };
}
