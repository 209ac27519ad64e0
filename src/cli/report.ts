import type { Reporter, Task } from "../ground/context.ts";
import { formatDuration } from "./format.ts";
import { paint } from "./paint.ts";
import { plainText } from "./plain-text.ts";
import { createLiveLines, type ReportStream } from "./live-lines.ts";
import { drawProgress, type Progress } from "./progress-bar.ts";

export type ReportOptions = {
  readonly stream: ReportStream;
  /** Only warnings. */
  readonly isQuiet: boolean;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
};

/** A task under this many milliseconds is not worth a line of its own. */
const noticeable = 1000;

/**
 * The reporter of the command line. On a terminal tasks of over a second are drawn as bars that follow their progress; elsewhere each is
 * one line when it has lasted a second and one when it ends. `close` removes what is drawn; it may be called again.
 */
export function createReporter(options: ReportOptions): Reporter & { readonly close: () => void } {
  const { stream, isQuiet, now = () => performance.now() } = options;
  const running = new Set<Progress>();
  const isTerminal = stream.isTTY === true && process.env.TERM !== "dumb";
  const live = createLiveLines(stream, () => {
    if (!isTerminal || isQuiet) return [];
    return [...running]
      .filter((task) => now() - task.startedAt >= noticeable)
      .map((task) => drawProgress(task, { now: now(), width: stream.columns || 80 }));
  });

  const startTask = (
    title: string,
    { total, unit = "items" }: { total?: number; unit?: "bytes" | "items" } = {},
  ): Task => {
    const progress: Progress = { title, total, unit, startedAt: now(), amount: 0 };
    running.add(progress);
    const announcement =
      isTerminal || isQuiet ? undefined : setTimeout(() => live.print(`${title} …`), noticeable).unref();
    if (isTerminal && !isQuiet) live.start();
    return {
      advance: (amount) => {
        progress.amount += amount;
        if (isTerminal && !isQuiet) live.redrawWhenDue(now());
      },
      done: (note) => {
        if (!running.delete(progress)) return;
        clearTimeout(announcement);
        const lasted = now() - progress.startedAt;
        if (!isQuiet && (note !== undefined || lasted >= noticeable)) {
          live.print(`${note ?? title} ${paint("dim", `(${formatDuration(lasted)})`)}`);
        }
        if (running.size === 0) live.stop();
      },
    };
  };

  return {
    info: (line) => isQuiet || live.print(plainText(line)),
    warn: (line) => live.print(`${paint("yellow", "warning:")} ${plainText(line)}`),
    task: startTask,
    close: () => {
      running.clear();
      live.stop();
    },
  };
}
