/** Work that is to be done again whenever something changes: never twice at once, and once more when something changed meanwhile. */
export type Repeated = {
  readonly wake: () => void;
  /** Resolves when nothing is under way, and nothing more is begun. */
  readonly close: () => Promise<void>;
};

/** `every`: milliseconds after which it is done though nothing changed. What fails is told, and tried again then. */
export function repeat(
  work: () => Promise<void>,
  { every, onError }: { readonly every: number; readonly onError: (error: unknown) => void },
): Repeated {
  const now = { isDue: false, isClosed: false };
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (now.isDue && !now.isClosed) {
      now.isDue = false;
      await work();
    }
  };
  const wake = (): void => {
    now.isDue = true;
    if (now.isClosed) return;
    running ??= run()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(wake, every);
  timer.unref();
  wake();
  return {
    wake,
    close: async () => {
      now.isClosed = true;
      clearInterval(timer);
      await running;
    },
  };
}
