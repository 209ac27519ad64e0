/** A size as people read it, in powers of 1000: `0 B`, `41.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** A duration in milliseconds as people read it: `340 ms`, `3.2 s`, `2 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** A moment (ISO 8601, any offset) as people read it everywhere: UTC, whole seconds, `2026-11-21T10:00:00Z`. What is no date is left as it is. */
export function formatTime(text: string): string {
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? text : `${new Date(moment).toISOString().slice(0, 19)}Z`;
}

/** Rows under their headings, columns as wide as their longest cell, two spaces apart; headings in capitals. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return formatColumns([headings.map((heading) => heading.toUpperCase()), ...rows]).join("\n");
}

/** Rows as lines, columns as wide as their longest cell, two spaces apart. */
export function formatColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
