import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeEvent } from "../../src/ledger/event-entry.ts";
import { hashLeaf } from "../../src/ledger/log/merkle.ts";
import type { LogKey } from "../../src/ledger/log/log.ts";
import { openLog } from "../../src/ledger/log/open-log.ts";
import { verifyInclusion } from "../../src/ledger/log/verify-proof.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import type { Fold } from "../../src/ledger/projection/fold.ts";
import { verifyLog } from "../../src/ledger/verify/verify-log.ts";

/** Callers at the same time: what DESIGN, section 11, is measured with. */
const callers = 256;

/**
 * Events a second that are durable when they are acknowledged: each a transaction of its own, by 256 callers. On the disk of the temporary folder, not on tmpfs, since its syncs are what is
 * measured. `log`: the log alone, of which there are two.
 */
export async function measureAppends({ events = 60_000 } = {}): Promise<{
  readonly ledger: number;
  readonly log: number;
}> {
  const base = mkdtempSync(join(tmpdir(), "ingot-bench-appends-"));
  try {
    const log = await openLog({ folder: join(base, "log"), key: makeKey() });
    const logRate = await rateOf(events, async (at) => log.append([entryOf(at)]));
    await log.close();
    const folder = join(base, "ledger/events");
    const ledger = await openLedger({ folder, key: makeKey(), fold: releases, now: () => new Date() });
    const ledgerRate = await rateOf(events, async (at) =>
      ledger.transact(() => ({ events: [eventOf(at)], result: at })),
    );
    await ledger.close();
    return { ledger: ledgerRate, log: logRate };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** A log of a million events in `folder`, to measure proofs and the fold with. */
export async function makeMillion(folder: string, key: LogKey, count = 1_000_000): Promise<void> {
  const log = await openLog({ folder, key });
  const step = 8192;
  for (let from = 0; from < count; from += step)
    await log.append(Array.from({ length: Math.min(step, count - from) }, (_, at) => entryOf(from + at)));
  await log.close();
}

export type ProofTimes = { readonly p50: number; readonly p99: number; readonly most: number };

/** Milliseconds of an inclusion proof of a random entry, the tiles it needs mostly not read before. Each is verified. */
export async function measureProofs(folder: string, key: LogKey, count = 5000): Promise<ProofTimes> {
  const log = await openLog({ folder, key });
  const head = log.checkpoint();
  const times: number[] = [];
  for (let done = 0; done < count; done++) {
    const index = Math.floor(Math.random() * head.size);
    const start = performance.now();
    const proof = log.proveInclusion(index);
    times.push(performance.now() - start);
    if (!verifyInclusion(hashLeaf(entryOf(index)), proof, head)) throw new Error(`no proof of entry ${index}`);
  }
  await log.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), most: at(1) };
}

/** Seconds that the state of the log in `folder` takes to be made anew, to be opened when it is there, and that `audit verify` takes for the log. */
export async function measureFold(
  folder: string,
  key: LogKey,
): Promise<{ readonly rebuild: number; readonly reopen: number; readonly verify: number }> {
  const open = async (): Promise<number> => {
    const start = performance.now();
    const ledger = await openLedger({ folder, key, fold: releases, now: () => new Date() });
    const seconds = (performance.now() - start) / 1000;
    await ledger.close();
    return seconds;
  };
  const [rebuild, reopen] = [await open(), await open()];
  const log = await openLog({ folder, key });
  await log.close();
  const start = performance.now();
  const { findings } = verifyLog({ folder, verifierKey: log.verifierKey });
  if (findings.length > 0) throw new Error(`${findings[0]?.file} ${findings[0]?.problem}`);
  return { rebuild, reopen, verify: (performance.now() - start) / 1000 };
}

export function makeKey(): LogKey {
  return { name: "ingot.example/events", secret: generateKeyPairSync("ed25519").privateKey };
}

/** A row an image, a row a decision: about what a controller writes for an event. */
const releases: Fold = {
  version: "bench 1",
  tables: [
    "CREATE TABLE image (digest TEXT PRIMARY KEY, seen INTEGER NOT NULL, event INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE decision (number INTEGER PRIMARY KEY, digest TEXT NOT NULL, outcome TEXT NOT NULL, event INTEGER NOT NULL)",
  ],
  apply: (state, { index, data }) => {
    const { digest, outcome } = data as { digest: string; outcome: string };
    state.run(
      "INSERT INTO image VALUES (?, 1, ?) ON CONFLICT (digest) DO UPDATE SET seen = seen + 1, event = excluded.event",
      digest,
      index,
    );
    state.run("INSERT INTO decision VALUES (?, ?, ?, ?)", index, digest, outcome, index);
  },
};

/** 230 bytes. */
function eventOf(at: number) {
  const digest = `sha256:${String(at % 5000).padStart(64, "0")}`;
  const data = { digest, environment: "production", outcome: "permit", policies: ["signed", "scanned", "approved"] };
  return { actor: "user:alice", type: "decision.made", data };
}

function entryOf(at: number): Buffer {
  return encodeEvent({ ...eventOf(at), time: new Date(1_800_000_000_000 + at).toISOString() });
}

async function rateOf(count: number, append: (at: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await append(next++);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return count / ((performance.now() - start) / 1000);
}
