/** Keeps the values that were used last, at most `limit` of them. */
export class Recent<T> {
  readonly #values = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The kept value, or what `make` gives, which is kept from now on. */
  get(key: string, make: () => T): T {
    const kept = this.#values.get(key);
    const value = kept ?? make();
    // A map keeps the order of insertion: the oldest is the first.
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#limit) for (const oldest of this.#values.keys()) return this.#drop(oldest, value);
    return value;
  }

  clear(): void {
    this.#values.clear();
  }

  #drop(key: string, value: T): T {
    this.#values.delete(key);
    return value;
  }
}
