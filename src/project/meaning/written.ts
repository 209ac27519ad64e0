/**
 * Readers of data that has not passed the schema yet: what has the wrong type is treated as absent, because the schema reports it, and the
 * rest is still checked.
 */
export type Mapping = Readonly<Record<string, unknown>>;

export function asMapping(value: unknown): Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
