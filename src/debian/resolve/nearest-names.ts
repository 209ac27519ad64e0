/** The names most like a mistyped one, best first; at most `limit`, none when nothing is near. */
export function nearestNames(wanted: string, names: Iterable<string>, limit = 5): readonly string[] {
  const allowed = Math.max(1, Math.min(3, Math.floor(wanted.length / 3)));
  const found: { name: string; score: number }[] = [];
  for (const name of names) {
    const score = scoreOf(wanted, name, allowed);
    if (score <= allowed) found.push({ name, score });
  }
  return found
    .toSorted((a, b) => a.score - b.score || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** Edits between the two; a name that only goes on where the wanted one ends ("postgres", "postgresql") counts as one edit. */
function scoreOf(wanted: string, name: string, allowed: number): number {
  if (wanted.length >= 3 && name.startsWith(wanted)) return name.length - wanted.length <= 3 ? 0.5 : allowed;
  if (Math.abs(name.length - wanted.length) > allowed) return Infinity;
  return editDistance(wanted, name, allowed);
}

/** Insertions, deletions, replacements and swaps of neighbours; gives up above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    let lowest = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(at(previous, j) + 1, at(current, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      const swapped =
        i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, at(before, j - 2) + 1);
      current.push(cost);
      if (cost < lowest) lowest = cost;
    }
    if (lowest > limit) return Infinity;
    before = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
