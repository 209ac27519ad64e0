/** One setting of an instance: what it must be, and what the kernel says it is. */
export type Setting = {
  /** Unique and stable: `no new privileges`, `mount /tmp`. */
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
};

export function findMissing(settings: readonly Setting[]): Setting[] {
  return settings.filter((setting) => setting.actual !== setting.expected);
}
