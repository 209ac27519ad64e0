import type { Drift } from "../guard.ts";
import type { Desk } from "../watch/desk.ts";
import type { Watch } from "../watch/watch.ts";
import { checkContent, stampOf } from "./check-content.ts";

/** Looks after the files of the images of all watched instances: each once, however many instances share it. */
export type ContentWatch = {
  /** Cheap; to be called often. What was written to is read whole, and so is what has not been for long. */
  readonly round: () => void;
  /** Reads the file of an instance's image now. */
  readonly check: (watch: Watch) => Promise<readonly Drift[]>;
};

/** Milliseconds. */
const wholeInterval = 10 * 60_000;
const pause = 40;

type Known = { stamp: string; checked: number; isUnderWay: boolean };

export function watchContent(desk: Desk): ContentWatch {
  const known = new Map<string, Known>();
  const check = async (watch: Watch, wait: number): Promise<readonly Drift[]> => {
    const { content } = watch.instance;
    const stamp = stampOf(content.path);
    const verdicts = await checkContent(content, wait);
    known.set(content.path, { stamp, checked: desk.now(), isUnderWay: false });
    if (verdicts.length === 0) return [];
    // All instances of the image run what was changed.
    const others = [...desk.watches.values()].filter(({ instance }) => instance.content.path === content.path);
    const drifts = others.flatMap((one) => desk.report(one, verdicts, { sensor: "sweep" }));
    return drifts.filter(({ instance }) => instance === watch.instance.id);
  };
  const round = (): void => {
    const watches = [...desk.watches.values()];
    for (const path of known.keys())
      if (!watches.some(({ instance }) => instance.content.path === path)) known.delete(path);
    for (const watch of watches) {
      const { path } = watch.instance.content;
      const last = known.get(path);
      if (last?.isUnderWay === true) continue;
      if (last !== undefined && last.stamp === stampOf(path) && desk.now() - last.checked < wholeInterval) continue;
      known.set(path, { stamp: last?.stamp ?? "", checked: last?.checked ?? 0, isUnderWay: true });
      // Something changed: that is read at once. The regular look takes its time.
      const isChanged = last !== undefined && last.stamp !== stampOf(path);
      void check(watch, isChanged ? 0 : pause);
    }
  };
  return { round, check: (watch) => check(watch, 0) };
}
