import { readFileSync } from "node:fs";
import { unlessGone } from "./open-inside.ts";

export type ListeningPort = {
  readonly port: number;
  /** On 127.0.0.0/8 or ::1 only: nobody outside of the instance reaches it. */
  readonly isLocal: boolean;
};

/** TCP_LISTEN of the kernel's net/tcp_states.h. */
const listening = "0A";

/** The TCP ports that a process's network namespace listens on, sorted; a port that is open in any way counts as open (proc_net(5)). */
export function listListening(pid: number): readonly ListeningPort[] {
  const found = new Map<number, boolean>();
  for (const { port, isLocal } of ["tcp", "tcp6"].flatMap((file) => readTable(`/proc/${pid}/net/${file}`))) {
    found.set(port, (found.get(port) ?? true) && isLocal);
  }
  return [...found].map(([port, isLocal]) => ({ port, isLocal })).toSorted((a, b) => a.port - b.port);
}

function readTable(path: string): ListeningPort[] {
  const table = unlessGone(() => readFileSync(path, "utf8")) ?? "";
  return table.trimEnd().split("\n").slice(1).flatMap(parseSocket);
}

/** `0: 0100007F:1F90 00000000:0000 0A …`: address in the machine's words, port in hexadecimal. */
export function parseSocket(line: string): ListeningPort[] {
  const [, local = "", , state] = line.trim().split(/\s+/);
  const [address = "", port = ""] = local.split(":");
  if (state !== listening) return [];
  return [{ port: Number.parseInt(port, 16), isLocal: isLoopback(address) }];
}

function isLoopback(address: string): boolean {
  // Little-endian words: the first byte of an IPv4 address is the last one of the text.
  if (address.length === 8) return address.endsWith("7F");
  const mapped = address.startsWith("0000000000000000FFFF0000") && address.endsWith("7F");
  return mapped || address === "00000000000000000000000001000000";
}
