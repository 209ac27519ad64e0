import { formatBytes, formatDuration } from "./format.ts";

/** A task as the reporter follows it. Times in milliseconds, `amount` and `total` in `unit`s. */
export type Progress = {
  readonly title: string;
  readonly total: number | undefined;
  readonly unit: "bytes" | "items";
  readonly startedAt: number;
  amount: number;
};

const barWidth = 24;

/** One line: title, bar, amount, rate and remaining time, as far as they are known, cut to `width` columns. */
export function drawProgress(task: Progress, { now, width }: { now: number; width: number }): string {
  const elapsed = now - task.startedAt;
  const rate = elapsed === 0 ? 0 : (task.amount / elapsed) * 1000;
  const parts = [
    task.title,
    ...bar(task),
    amounts(task),
    ...speed(task, rate),
    remaining(task, rate) ?? formatDuration(elapsed),
  ];
  // One column stays free: a terminal wraps a line that fills it, and the wrapped half would never be erased.
  return parts
    .filter((part) => part !== "")
    .join("  ")
    .slice(0, Math.max(10, width - 1));
}

function bar(task: Progress): string[] {
  if (task.total === undefined || task.total === 0) return [];
  const filled = Math.round(Math.min(1, task.amount / task.total) * barWidth);
  return [`${"█".repeat(filled)}${"░".repeat(barWidth - filled)}`];
}

function amounts(task: Progress): string {
  const show = task.unit === "bytes" ? formatBytes : String;
  if (task.total !== undefined) return `${show(task.amount)} of ${show(task.total)}`;
  return task.amount === 0 ? "" : show(task.amount);
}

function speed(task: Progress, rate: number): string[] {
  return task.unit === "bytes" && task.amount > 0 ? [`${formatBytes(rate)}/s`] : [];
}

function remaining(task: Progress, rate: number): string | undefined {
  if (task.total === undefined || rate === 0) return undefined;
  return `${formatDuration(Math.max(0, ((task.total - task.amount) / rate) * 1000))} left`;
}
