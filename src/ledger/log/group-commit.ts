import type { Checkpoint, Appended } from "./log.ts";
import type { Publisher } from "./publisher.ts";
import { writeFailed } from "./write-failed.ts";

/** Is told at once, before anybody who waits: what follows from a log changes with it. */
export type LogObserver = {
  /** The log has grown to this checkpoint, in this instant. */
  readonly grown: (checkpoint: Checkpoint) => void;
  /** Nothing that was appended and is not durable yet will be in the log. */
  readonly failed: () => void;
};

type Waiting = {
  readonly entries: readonly Uint8Array[];
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
};

/** While one batch is made durable, the next one gathers: a hundred callers share what the disk takes for one. */
export class GroupCommit {
  readonly #publisher: Publisher;
  readonly #folder: string;
  readonly #observer: Pick<LogObserver, "failed"> | undefined;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #superseded: string[] = [];

  constructor(publisher: Publisher, folder: string, observer: Pick<LogObserver, "failed"> | undefined) {
    this.#publisher = publisher;
    this.#folder = folder;
    this.#observer = observer;
  }

  /** No entries: resolves when nothing is left in doubt. */
  async append(entries: readonly Uint8Array[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
      this.#start();
    });
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    // The callers of this turn of the event loop are all in the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      try {
        if (this.#publisher.isInDoubt) await this.#publisher.settleDoubt();
        await this.#commit();
      } catch (error) {
        this.#failAll(writeFailed(this.#folder, error));
      }
    }
  }

  async #commit(): Promise<void> {
    const batch = takeBatch(this.#waiting);
    const entries = batch.flatMap((one) => one.entries);
    const superseded = entries.length === 0 ? [] : await this.#publisher.append(entries);
    // Taken out only now: when it fails, it fails with all the others.
    this.#waiting = this.#waiting.slice(batch.length);
    this.#tell(batch);
    this.#superseded.push(...superseded);
    await this.#removeSuperseded();
  }

  async #removeSuperseded(): Promise<void> {
    try {
      await this.#publisher.removeSuperseded(this.#superseded);
      this.#superseded = [];
    } catch {
      // They do no harm where they are, and what was acknowledged must not fail for them: tried again after the next batch.
    }
  }

  #tell(batch: readonly Waiting[]): void {
    const { checkpoint } = this.#publisher.published;
    let first = checkpoint.size - batch.reduce((sum, { entries }) => sum + entries.length, 0);
    for (const { entries, resolve } of batch) {
      resolve({ first, checkpoint });
      first += entries.length;
    }
  }

  /** Also those that only wait: they may have been decided on the ground of what did not come to be. */
  #failAll(error: Error): void {
    const failed = this.#waiting;
    this.#waiting = [];
    this.#observer?.failed();
    for (const { reject } of failed) reject(error);
  }
}

/** As many as fit into a batch that is quickly written; at least one. A list of its own: others begin to wait while it is written. */
function takeBatch(waiting: readonly Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const end = waiting.findIndex(({ entries }) => {
    // Also empty ones count, so that a batch has at most a million.
    bytes += entries.reduce((sum, entry) => sum + entry.length + 8, 0);
    return bytes > maxBatchSize;
  });
  return waiting.slice(0, end < 0 ? waiting.length : Math.max(1, end));
}

const maxBatchSize = 8 << 20;
