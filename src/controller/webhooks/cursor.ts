import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../ground/atomic-file.ts";

/** The number of the next event that a webhook is told; undefined: it is new. A file that is no number counts as new: what it missed is in the ledger. */
export function readCursor(home: string, name: string): number | undefined {
  const path = cursorPath(home, name);
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Not synced: what a power cut takes is told once more, which whoever listens knows by its id. */
export function writeCursor(home: string, name: string, next: number): void {
  writeFileAtomic(cursorPath(home, name), `${next}\n`, { mode: 0o600, durable: false });
}

function cursorPath(home: string, name: string): string {
  return join(home, "webhooks", name);
}
