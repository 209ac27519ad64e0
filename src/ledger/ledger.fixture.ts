import { createHash, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NewEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import type { Cosign } from "./log/cosign.ts";
import type { LogKey } from "./log/log.ts";
import { openLog, type OpenLog, type OpenLogOptions } from "./log/open-log.ts";
import { openLedger } from "./open-ledger.ts";
import type { Fold } from "./projection/fold.ts";

type Test = { readonly after: (work: () => void | Promise<void>) => void };

/** In memory: what these tests ask is what is written when, not how long a disk takes. */
export function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-ledger-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function makeKey(name = "ingot.example/events"): LogKey {
  return { name, secret: generateKeyPairSync("ed25519").privateKey };
}

export async function openTestLog(t: Test, options: Partial<OpenLogOptions> = {}): Promise<OpenLog> {
  const log = await openLog({ folder: join(makeFolder(t), "events"), key: makeKey(), ...options });
  t.after(() => log.close());
  return log;
}

/** Entries that tell which they are. */
export function makeEntries(count: number, from = 0): readonly Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`entry ${from + at}`));
}

/** Accounts with a balance: one row an account, and how often it was moved. */
export const accounts: Fold = {
  version: "accounts 1",
  tables: [
    "CREATE TABLE account (name TEXT PRIMARY KEY, balance INTEGER NOT NULL, note TEXT, event INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE move (number INTEGER PRIMARY KEY, name TEXT NOT NULL, amount INTEGER NOT NULL, event INTEGER NOT NULL)",
    "CREATE INDEX move_name ON move (name)",
  ],
  apply: (state, { index, data }) => {
    const { name, amount, note } = data as { name: string; amount: number; note?: string };
    if (name === "unfoldable") throw new Error("this cannot be folded");
    state.run(
      "INSERT INTO account VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET balance = balance + excluded.balance, note = excluded.note, event = excluded.event",
      name,
      amount,
      note ?? null,
      index,
    );
    state.run("INSERT INTO move (name, amount, event) VALUES (?, ?, ?)", name, amount, index);
  },
};

export type TestLedger = {
  readonly folder: string;
  readonly key: LogKey;
  readonly cosign?: Cosign;
  readonly now?: () => Date;
};

/** A ledger of `accounts`. Closed at the end, also when the test has closed it. */
export async function openTestLedger(t: Test, { folder, key, cosign, now }: TestLedger): Promise<Ledger> {
  const ledger = await openLedger({ folder, key, cosign, fold: accounts, now: now ?? (() => new Date()) });
  t.after(() => ledger.close());
  return ledger;
}

export function moveOf(name: string, amount: number, note?: string): NewEvent {
  return {
    actor: "user:alice",
    type: "account.moved",
    data: { name, amount, ...(note === undefined ? {} : { note }) },
  };
}

/** A number from a text, the same each time: tests that pick at random pick the same. */
export function pick(seed: string, below: number): number {
  return createHash("sha256").update(seed).digest().readUInt32BE() % below;
}
