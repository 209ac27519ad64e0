import type { InstanceState, Runtime } from "../../runtime/runtime.ts";

/** What runs on the host, asked once for all who want to know at the same time. */
export type SharedList = { readonly look: () => Promise<readonly InstanceState[]> };

/** Whoever asks while a list is being made gets the next one: the one under way may have been made before what the asker has just done. */
export function shareList(runtime: Pick<Runtime, "list">): SharedList {
  let current: Promise<readonly InstanceState[]> | undefined;
  let next: Promise<readonly InstanceState[]> | undefined;
  const begin = (): Promise<readonly InstanceState[]> => {
    const made = runtime.list();
    current = made;
    const end = (): void => {
      if (current === made) current = undefined;
    };
    made.then(end, end);
    return made;
  };
  const following = async (before: Promise<unknown>): Promise<readonly InstanceState[]> => {
    await Promise.allSettled([before]);
    next = undefined;
    return begin();
  };
  return {
    look: () => {
      if (current === undefined) return begin();
      next ??= following(current);
      return next;
    },
  };
}
