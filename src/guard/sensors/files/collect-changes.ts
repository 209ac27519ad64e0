export type Change<Folder> = { readonly folder: Folder; readonly name: Buffer };

/** Gathers what the kernel tells of files, so that one that is written in a thousand pieces is looked at once or a few times. */
export type Changes<Folder> = {
  readonly note: (key: string, change: Change<Folder>) => void;
  readonly close: () => void;
};

/** Milliseconds from an event to the look: a file is written in pieces. Of a folder that is written to all the time. */
const soon = 15;
const later = 250;
const longAgo = 1000;

export function collectChanges<Folder>(options: {
  readonly now: () => number;
  /** Of different files at once. */
  readonly most: number;
  readonly onChanged: (changes: readonly Change<Folder>[]) => void;
}): Changes<Folder> {
  const { now, most, onChanged } = options;
  const changed = new Map<string, Change<Folder>>();
  let timer: NodeJS.Timeout | undefined;
  let told = 0;
  const tell = (): void => {
    timer = undefined;
    told = now();
    const all = [...changed.values()];
    changed.clear();
    onChanged(all);
  };
  return {
    note: (key, change) => {
      if (changed.size >= most) return;
      changed.set(`${key}/${change.name.toString("latin1")}`, change);
      timer ??= setTimeout(tell, now() - told < longAgo ? later : soon).unref();
    },
    close: () => clearTimeout(timer),
  };
}
