/** Runs one job after the other, in the order in which they came. */
export type OneAtATime = <T>(job: () => Promise<T>) => Promise<T>;

export function openQueue(): OneAtATime {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(job: () => Promise<T>): Promise<T> => {
    const result = last.then(job, job);
    last = result.catch(() => {});
    return result;
  };
}
