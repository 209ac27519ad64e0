import { dirname, join } from "node:path";
import { decodeEvent } from "./event-entry.ts";
import type { NumberedEvent } from "./event.ts";
import { LedgerState } from "./ledger-state.ts";
import type { Ledger } from "./ledger.ts";
import type { Cosign } from "./log/cosign.ts";
import type { Log, LogKey } from "./log/log.ts";
import { openLog } from "./log/open-log.ts";
import type { Fold } from "./projection/fold.ts";
import { isDatabaseError } from "./projection/sqlite.ts";
import { stateFailed } from "./projection/state-failed.ts";
import { writeFailed } from "./log/write-failed.ts";
import { openState } from "./projection/open-state.ts";

export type OpenLedgerOptions = {
  /** Of the log. The state is beside it, in `state.db`. */
  readonly folder: string;
  readonly key: LogKey;
  readonly fold: Fold;
  readonly cosign?: Cosign | undefined;
  readonly now: () => Date;
};

/**
 * Opens a log of events and the state that follows from it; begins both where there are none. Throws `locked-by-another`, `log-damaged`, `log-forked`,
 * `log-key-wrong`, `log-note-malformed`, `log-write-failed`.
 */
export async function openLedger({ folder, key, fold, cosign, now }: OpenLedgerOptions): Promise<Ledger> {
  let state: LedgerState | undefined;
  const observer = {
    grown: () => state?.grown(),
    failed: () => state?.failed(),
  };
  const log = await openLog({ folder, key, cosign, observer });
  const events = (from = 0) => readEvents(log, from);
  try {
    const database = openState({ path: join(dirname(log.folder), "state.db"), fold, log, events });
    state = new LedgerState({ database, fold, log, events, now });
  } catch (error) {
    await log.close();
    throw isDatabaseError(error) ? stateFailed(error) : writeFailed(dirname(log.folder), error);
  }
  const opened = state;
  return {
    log,
    state: opened.view,
    now: () => opened.now(),
    transact: async (decide) => opened.transact(decide),
    settled: async () => opened.settled(),
    events,
    event: (index) => decodeEvent(log.readEntry(index), index),
    subscribe: (listener) => opened.subscribe(listener),
    close: async () => {
      opened.end();
      await log.close();
      opened.close();
    },
  };
}

function* readEvents(log: Log, from: number): Generator<NumberedEvent, void, void> {
  let index = from;
  for (const entry of log.readEntries(from)) yield decodeEvent(entry, index++);
}
