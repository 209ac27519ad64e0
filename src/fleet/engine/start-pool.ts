/** Work that takes turns on the host: starting more than a few instances at once makes none of them sooner. */
export type StartPool = {
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
};

export function openStartPool(atOnce: number): StartPool {
  const waiting: (() => void)[] = [];
  let running = 0;
  const enter = async (): Promise<void> => {
    if (running < atOnce) {
      running += 1;
      return;
    }
    // Who leaves hands its place over.
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return {
    run: async (work) => {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
