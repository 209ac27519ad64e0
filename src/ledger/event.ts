/** What an entry of the event log says, as canonical JSON. Its index in the log is its number: people write it `#1234`. */
export type LedgerEvent = {
  /** ISO 8601 in UTC with milliseconds; never before that of the event before it. */
  readonly time: string;
  /** Who caused it: `user:alice`, `workload:ci`, `system:controller`. */
  readonly actor: string;
  /** `release.created`: a noun and what happened to it. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
};

/** An event that has no place yet. The ledger gives it its time. */
export type NewEvent = Omit<LedgerEvent, "time">;

/** An event and its place. */
export type NumberedEvent = LedgerEvent & { readonly index: number };
