import { IngotError } from "../../ground/error.ts";

/** Counts wrong tries at codes that exist: what does not exist cannot be guessed, and making up codes closes nobody else's. */
export type Attempts = {
  /** Throws `too-many-attempts`. */
  readonly assertAllowed: (what: string) => void;
  readonly countWrong: (what: string) => void;
};

/** So many wrong tries at one thing, in so many seconds. */
const limit = 5;
const period = 3600;

export function openAttempts(now: () => number): Attempts {
  const wrong = new Map<string, { count: number; readonly until: number }>();
  return {
    assertAllowed: (what) => {
      const found = wrong.get(what);
      if (found === undefined || found.count < limit || now() >= found.until) return;
      throw new IngotError(
        "too-many-attempts",
        `after ${limit} wrong tries the code that begins with ${what} is closed`,
        {
          hint: "an admin opens another one: ingot identity enrol NAME; the first admin's comes with the next start of `ingot serve`",
        },
      );
    },
    countWrong: (what) => {
      const found = wrong.get(what);
      if (found !== undefined && now() < found.until) {
        found.count += 1;
        return;
      }
      wrong.set(what, { count: 1, until: now() + period });
    },
  };
}
