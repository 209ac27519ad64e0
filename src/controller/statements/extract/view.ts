/**
 * A predicate, looked at step by step: whoever signed it gave it its shape, and a trusted key may be in a stranger's hands. Nothing here fails or takes longer than what is asked
 * for; what is not of the wanted type is not there.
 */
export class View {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  at(...path: readonly string[]): View {
    return new View(path.reduce<unknown>(member, this.#value));
  }

  get isThere(): boolean {
    return this.#value !== undefined;
  }

  get text(): string | undefined {
    return typeof this.#value === "string" ? this.#value : undefined;
  }

  /** A whole number from 0 on; 0 for everything else. */
  get count(): number {
    const value = this.#value;
    return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
  }

  /** Undefined for what is no list, and for one that is longer than any honest one: a part of it would say something else than the whole. */
  get list(): readonly View[] | undefined {
    const value: unknown = this.#value;
    return Array.isArray(value) && value.length <= mostItems ? value.map((item) => new View(item)) : undefined;
  }
}

/** An image of a whole desktop lists some ten thousand of anything. */
const mostItems = 200_000;

function member(value: unknown, name: string): unknown {
  // Own members only: `constructor` and its like are no part of what was signed.
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** A text of a stranger for the record: one line, short. */
export function clip(text: string, length: number): string {
  const line = text
    .slice(0, 4 * length)
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  return (line.length > length ? `${line.slice(0, length - 1)}…` : line).toWellFormed();
}

/** Seconds since 1970; undefined for what is no date of ISO 8601 with its zone. */
export function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.test(text))
    return undefined;
  const moment = Date.parse(text);
  return Number.isFinite(moment) ? Math.floor(moment / 1000) : undefined;
}
