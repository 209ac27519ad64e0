import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentReporter } from "../../ground/context.ts";
import type { Log, LogKey } from "../log/log.ts";
import { openLog } from "../log/open-log.ts";
import { formatAddCheckpoint } from "./parse-request.ts";
import { serveWitness, type ServedWitness } from "./serve-witness.ts";

type Test = { readonly after: (work: () => void | Promise<void>) => void };

export function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-witness-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

export function makeKey(name: string): LogKey {
  return { name, secret: generateKeyPairSync("ed25519").privateKey };
}

/** A log of `entries`; another one by the same key with other entries is a fork of it. */
export async function makeLog(t: Test, key: LogKey, entries: readonly string[]): Promise<Log> {
  const log = await openLog({ folder: join(makeFolder(t), "log"), key });
  t.after(() => log.close());
  if (entries.length > 0) await log.append(entries.map((entry) => Buffer.from(entry)));
  return log;
}

/** What the log asks a witness that is at `oldSize`. */
export function question(log: Log, oldSize: number): string {
  const proof = oldSize <= log.checkpoint().size ? log.proveConsistency(oldSize) : [];
  return formatAddCheckpoint({ oldSize, proof, note: log.checkpoint().note });
}

/** A witness of one log in this process, over real HTTP. */
export async function startWitness(
  t: Test,
  log: Pick<Log, "origin" | "verifierKey">,
  more: { readonly folder?: string; readonly key?: LogKey; readonly port?: number } = {},
): Promise<ServedWitness> {
  const served = await serveWitness({
    folder: more.folder ?? makeFolder(t),
    key: more.key ?? makeKey("witness.example/w1"),
    logs: [{ origin: log.origin, verifierKey: log.verifierKey }],
    listen: { host: "127.0.0.1", port: more.port ?? 0, patience: 400 },
    now: () => new Date(),
    report: silentReporter,
  });
  t.after(() => served.close());
  return served;
}
