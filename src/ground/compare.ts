/** Below 0, 0 or above 0 as `a` comes before, with or after `b`. Texts by their code units: the same on every machine, whatever its locale. */
export function compare<T extends bigint | number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
