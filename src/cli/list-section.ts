/** A stranger may attach ten thousand; `--json` has them all. */
const mostLines = 20;

/** A titled list, of which the first lines are shown; nothing where there is nothing to list. `format`: the shown items as lines. */
export function listSection<T>(
  title: string,
  items: readonly T[],
  format: (shown: readonly T[]) => readonly string[],
): readonly string[] {
  if (items.length === 0) return [];
  const more = items.length > mostLines ? [`  … and ${items.length - mostLines} more (--json lists all)`] : [];
  return [`${title}:`, ...format(items.slice(0, mostLines)).map((line) => `  ${line}`), ...more];
}
