import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controllerFold } from "../../src/controller/state/fold.ts";
import { encodeEvent } from "../../src/ledger/event-entry.ts";
import { hashLeaf } from "../../src/ledger/log/merkle.ts";
import type { LogKey } from "../../src/ledger/log/log.ts";
import { openLog } from "../../src/ledger/log/open-log.ts";
import { verifyInclusion } from "../../src/ledger/log/verify-proof.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { verifyLog } from "../../src/ledger/verify/verify-log.ts";
import type { Bench, Comparison, Side } from "../comparison.ts";
import { epoch, historyEvent } from "./history.ts";
import { describeTimes, timesOf } from "./times.ts";

const million = 1_000_000;

/** The ledger as a controller has it: its own fold, events of all types. */
export const bench: Bench = async function* (work) {
  const runs = work.runs(3);
  yield {
    title: "durable events, each a transaction of its own",
    note: "on the disk of the temporary folder, since its syncs are what is measured; to reach: 3,000 events/s with 256 callers",
    runs,
    sides: [appends(256, 12_000), appends(16, 3000), appends(1, 200)],
  };
  const place = { folder: join(work.folder, "million/events"), key: makeKey() };
  yield once("a log of 1,000,000 events, made in batches of 8,192", () => makeLog(place, million));
  yield once("the state of 1,000,000 events, made anew by the controller's fold", () => openAll(place));
  yield once("the state of 1,000,000 events, when it is there: a start", () => openAll(place));
  yield once("`audit verify` of the log of 1,000,000 events", () => verifyAll(place));
  yield {
    title: "5,000 inclusion proofs of random events of 1,000,000, each verified",
    note: "to reach: 1 ms; the tiles mostly not read before",
    runs,
    sides: [{ name: "ingot", run: () => prove(place, 5000) }],
  };
};

function once(title: string, run: () => Promise<string | void>): Comparison {
  return { title, runs: 1, sides: [{ name: "ingot", run }] };
}

function appends(callers: number, events: number): Side {
  return {
    name: `${callers} ${callers === 1 ? "caller" : "callers"}, ${events} events`,
    run: async () => `${Math.round(await measureAppends(callers, events))} events/s`,
  };
}

/** Events a second that are durable when they are acknowledged; opening and closing are not in it. */
export async function measureAppends(callers: number, events: number): Promise<number> {
  const base = mkdtempSync(join(tmpdir(), "ingot-bench-appends-"));
  try {
    const folder = join(base, "ledger/events");
    const ledger = await openLedger({ folder, key: makeKey(), fold: controllerFold, now: () => new Date() });
    let next = 0;
    const call = async (): Promise<void> => {
      while (next < events) {
        const event = historyEvent(next++);
        await ledger.transact(() => ({ events: [event], result: undefined }));
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: callers }, call));
    const seconds = (performance.now() - start) / 1000;
    await ledger.close();
    return events / seconds;
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

type Place = { readonly folder: string; readonly key: LogKey };

async function makeLog({ folder, key }: Place, count: number): Promise<void> {
  const log = await openLog({ folder, key });
  const step = 8192;
  for (let from = 0; from < count; from += step) {
    await log.append(Array.from({ length: Math.min(step, count - from) }, (_, at) => entryOf(from + at)));
  }
  await log.close();
}

async function openAll({ folder, key }: Place): Promise<void> {
  const ledger = await openLedger({ folder, key, fold: controllerFold, now: () => new Date() });
  await ledger.close();
}

async function verifyAll({ folder, key }: Place): Promise<void> {
  const log = await openLog({ folder, key });
  await log.close();
  const { findings } = verifyLog({ folder, verifierKey: log.verifierKey });
  if (findings.length > 0) throw new Error(`${findings[0]?.file} ${findings[0]?.problem}`);
}

async function prove({ folder, key }: Place, count: number): Promise<string> {
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
  return describeTimes(timesOf(times));
}

function makeKey(): LogKey {
  return { name: "ingot.example/events", secret: generateKeyPairSync("ed25519").privateKey };
}

function entryOf(index: number): Buffer {
  return encodeEvent({ ...historyEvent(index), time: new Date(epoch * 1000 + index).toISOString() });
}
