import { existsSync } from "node:fs";
import { join } from "node:path";
import type { EventData } from "../../controller/events/events.ts";
import { controllerFold } from "../../controller/state/fold.ts";
import { IngotError } from "../../ground/error.ts";
import { decodeEvent } from "../../ledger/event-entry.ts";
import { readLogKey, verifierKey } from "../../ledger/log/log-key.ts";
import { parseVerifierKey } from "../../ledger/log/verifier-key.ts";
import { checkContinues } from "../../ledger/verify/check-continues.ts";
import { eventCheck } from "../../ledger/verify/check-event.ts";
import type { LogFinding, LogFindings } from "../../ledger/verify/finding.ts";
import type { StateFinding, StateFindings } from "../../ledger/verify/state-finding.ts";
import { verifyLog } from "../../ledger/verify/verify-log.ts";
import { verifyState } from "../../ledger/verify/verify-state.ts";
import { checkSignatureEntry } from "./check-signature-entry.ts";

/** What is checked: `folder` holds `events/`, `signatures/` and `state.db`, as `$INGOT_HOME/ledger` does. Keys are vkeys; without them those of the folder itself are taken. */
export type VerifyOptions = {
  readonly folder: string;
  readonly keys: readonly string[];
  readonly witnesses: readonly string[];
  /** A checkpoint of the events that was kept elsewhere, which they must continue; `from` names its place. */
  readonly kept?: { readonly note: string; readonly from: string };
};

export type VerifiedLog = {
  readonly name: "events" | "signatures";
  readonly folder: string;
  readonly verifierKey: string;
  /** From the folder itself: whoever can write there could have put their own in its place. */
  readonly isOwnKey: boolean;
  readonly found: LogFindings;
};

export type VerifiedHome = {
  readonly logs: readonly VerifiedLog[];
  /** Absent where the events are not as they were signed: nothing says what should follow from them. */
  readonly state?: StateFindings;
  readonly isGood: boolean;
};

/** Checks both logs and the state that follows from the events. Throws `log-missing`, `key-malformed`, `key-missing` where no key was given and none is there, `usage` for a key of neither log. */
export function verifyHome({ folder, keys, witnesses, kept }: VerifyOptions): VerifiedHome {
  const chosen = chooseKeys(folder, keys);
  const events = { name: "events", folder: join(folder, "events"), ...chosen.events } as const;
  const signatures = { name: "signatures", folder: join(folder, "signatures"), ...chosen.signatures } as const;
  const named = namedEntries();
  const foundEvents = verifyLog({ ...events, witnesses, checkEntry: named.check });
  // Witnesses are asked for the history, which is the log of events.
  const foundSignatures = verifyLog({ ...signatures, checkEntry: checkSignatureEntry });
  const logs: readonly VerifiedLog[] = [
    { ...events, found: continued(events, foundEvents, kept) },
    {
      ...signatures,
      found: { ...foundSignatures, findings: [...foundSignatures.findings, ...named.findMissing(foundSignatures)] },
    },
  ];
  const areGood = logs.every(({ found }) => found.findings.length === 0);
  if (logs[0]?.found.findings.length !== 0) return { logs, isGood: false };
  const state = verifyState({ folder: events.folder, fold: controllerFold, verifierKey: events.verifierKey });
  return { logs, state, isGood: areGood && state.findings.length === 0 };
}

function continued(
  log: { readonly folder: string; readonly verifierKey: string },
  found: LogFindings,
  kept: VerifyOptions["kept"],
): LogFindings {
  const { checkpoint, findings } = found;
  if (kept === undefined || checkpoint === undefined || findings.length > 0) return found;
  const finding = checkContinues({ ...log, head: checkpoint }, kept.note, kept.from);
  return finding === undefined ? found : { ...found, findings: [finding] };
}

/** The signature log has no witness of its own: the events, which name its entries, say how far it went at least. */
function namedEntries(): {
  readonly check: (entry: Buffer, index: number) => string | undefined;
  readonly findMissing: (signatures: LogFindings) => readonly LogFinding[];
} {
  const checkEvent = eventCheck();
  let last = { entry: -1, event: 0 };
  return {
    check: (entry, index) => {
      const problem = checkEvent(entry, index);
      if (problem !== undefined || !entry.includes('"logged":')) return problem;
      const { type, data } = decodeEvent(entry, index);
      if (type !== "statement.accepted") return undefined;
      const { logged } = data as EventData["statement.accepted"];
      if (logged !== undefined && logged.index > last.entry) last = { entry: logged.index, event: index };
      return undefined;
    },
    findMissing: ({ checkpoint }) => {
      if (checkpoint === undefined || last.entry < checkpoint.size) return [];
      const problem = `has ${checkpoint.size} entries, and event #${last.event} names entry ${last.entry}: the log was cut short`;
      return [{ file: "checkpoint", entry: checkpoint.size, problem }];
    },
  };
}

type ChosenKey = Pick<VerifiedLog, "verifierKey" | "isOwnKey">;

/** The event log's name ends with /events; the signature log's is the bare host. */
function chooseKeys(folder: string, keys: readonly string[]): Readonly<Record<"events" | "signatures", ChosenKey>> {
  const named = keys.map((text) => ({ text, name: parseVerifierKey(text, "the key").name }));
  const events = named.filter(({ name }) => name.endsWith("/events"));
  const signatures = named.filter(({ name }) => !name.includes("/"));
  if (events.length > 1 || signatures.length > 1 || events.length + signatures.length < named.length) {
    throw new IngotError(
      "usage",
      "give at most one key of each log: that of the events, whose name ends with /events, and that of the signatures",
      {
        hint: "ingot audit key prints both",
      },
    );
  }
  return {
    events: choose(folder, "events", events[0]?.text),
    signatures: choose(folder, "signatures", signatures[0]?.text),
  };
}

function choose(folder: string, name: VerifiedLog["name"], given: string | undefined): ChosenKey {
  if (given !== undefined) return { verifierKey: given, isOwnKey: false };
  const path = join(folder, `${name}.key`);
  if (existsSync(path)) return { verifierKey: verifierKey(readLogKey(path)), isOwnKey: true };
  throw new IngotError(
    "key-missing",
    `there is no key for the log of ${name}: none was given, and ${path} is not there`,
    {
      hint: "ingot audit verify --folder FOLDER --key VKEY --key VKEY; where the controller runs, `ingot audit key` prints both",
    },
  );
}

/** A finding as a sentence: file, then what is wrong with it. */
export function describeLogFinding({ file, problem }: LogFinding): string {
  return `${file} ${problem}`;
}

export function describeStateFinding({ table, key, event, problem }: StateFinding): string {
  const row = key === undefined ? "" : ` ${JSON.stringify(key)}`;
  const origin = event === undefined ? "" : ` (of event #${event})`;
  return `${table === undefined ? "" : `table ${table}${row}${origin}: `}${problem}`;
}
