/** Instances of a release that end too soon, or do not even start, are tried again after longer and longer times. Of one service; milliseconds of the local clock. */
export type Backoff = {
  readonly failed: (release: number, now: number) => void;
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
  return {
    failed: (release, now) => {
      const count = (failures.get(release) ?? 0) + 1;
      failures.set(release, count);
      if (count > 1) until.set(release, now + Math.min(most, first * 2 ** Math.min(count - 2, 20)));
    },
    lived: (release) => {
      failures.delete(release);
      until.delete(release);
    },
    until: () => until,
  };
}
