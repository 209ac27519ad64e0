/**
 * Durations are measured by a clock that nobody can turn. Moments of the record and of instances are those of the machine's clock, which can be: each is brought into this clock's time when it is first seen, and
 * stays there.
 */
export type LocalClock = {
  /** Milliseconds since 1970, going on evenly from when the process began. */
  readonly now: () => number;
  /** When the process began, in this clock's time: nobody looked before that. */
  readonly began: number;
  /** A moment of the record in this clock's time. */
  readonly recorded: (moment: Moment) => number;
  /** A moment that was taken from the machine's clock. */
  readonly taken: (moment: Moment) => number;
};

/** `of`: what it is the moment of, `since` of a rollout; it is brought over anew where `version` is another. Time alone names nothing: the record's stands still after the machine's clock was turned back, until that is where it was. */
export type Moment = { readonly at: number; readonly of: string; readonly version?: string };

/** Moments of services that are gone are forgotten now and then; what is still in use is brought over anew, which is only wrong where the machine's clock was turned since. */
const mostKept = 20_000;

/** `record`: the clock that moments of the record are of, which never goes back. `machine`: the one that is turned. Milliseconds since 1970. */
export function openLocalClock({
  record,
  machine,
}: {
  readonly record: () => number;
  readonly machine: () => number;
}): LocalClock {
  const offset = record() - performance.now();
  const kept = new Map<string, { readonly version: string; readonly local: number }>();
  const now = (): number => Math.round(performance.now() + offset);
  const by =
    (clock: () => number): LocalClock["recorded"] =>
    ({ at, of, version = "" }) => {
      const known = kept.get(of);
      if (known?.version === `${at} ${version}`) return known.local;
      if (kept.size >= mostKept) kept.clear();
      const local = now() - Math.max(0, clock() - at);
      kept.set(of, { version: `${at} ${version}`, local });
      return local;
    };
  return { now, began: now(), recorded: by(record), taken: by(machine) };
}
