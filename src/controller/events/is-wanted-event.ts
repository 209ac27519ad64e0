/** Whether a type is one of those that are wanted: `drift.found`, or `rollout.*` for all of a kind; none: all. */
export function isWantedEvent(type: string, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.some((one) => one === type || (one.endsWith(".*") && type.startsWith(one.slice(0, -1))));
}
