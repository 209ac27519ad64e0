/** How a checkpoint continues an earlier one, for who cosigns it. */
export type ConsistencyOffer = {
  /** The size of the newest published checkpoint. */
  readonly from: number;
  /** RFC 6962, section 2.1.2, from the tree of `from` entries to that of the note; empty where `from` is 0 or the note's own size. */
  readonly hashes: readonly Buffer[];
  /** The same from any other size up to the note's: a witness may know an older or newer checkpoint than the one that was published. */
  readonly proveFrom: (size: number) => readonly Buffer[];
};

/**
 * Asks witnesses for their signatures on a checkpoint that is not published yet. Resolves with the note and the lines that were added to it.
 *
 * It may reject with `witness-unreachable` only where no witness can have recorded the note (none was connected to, all refused it): the log then
 * forgets the batch. After every other rejection, such as `witness-in-doubt` (no answer in time, some of several cosigned), the log keeps the batch and offers this very
 * note again before it signs another one: a witness that recorded it would take any other for a fork, for ever.
 */
export type Cosign = (note: string, offer: ConsistencyOffer) => Promise<string>;
